/*
 * walk.h
 *		Checking documents against a compiled JSON Schema.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WALK_H
#define SESSIONIZE_WALK_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "contract/program.h"
#include "contract/violation.h"

/* Whether a document is valid.  It is walked up to the first violation. */
extern bool validate_document(const SchemaProgram *program, const Jsonb *document);

/* What is wrong with a document, up to a number of violations, in the current memory context. */
extern ViolationList
find_violations(const SchemaProgram *program, const Jsonb *document, uint32 limit);

#endif /* SESSIONIZE_WALK_H */
