/*
 * walk_limit.h
 *		Checking documents some of which are beyond the limits of what can be checked.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WALK_LIMIT_H
#define SESSIONIZE_WALK_LIMIT_H

#include "contract/walk.h"

/*
 * Whether a document is valid.  If not, and list is not NULL, *list is set to at most so many
 * violations, in CurrentMemoryContext.  Of a document that is nested too deeply, takes too many
 * steps, or that a regular expression fails on, it is one violation of the keyword "limit", and not
 * an error.  Its message does not depend on the session's language.
 */
extern bool check_violations(const SchemaProgram *program, const Jsonb *document, uint32 limit,
							 ViolationList *list);

#endif /* SESSIONIZE_WALK_LIMIT_H */
