/*
 * subset_others.h
 *		The documents that two versions of a JSON Schema refer to, as they are compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_OTHERS_H
#define SESSIONIZE_SUBSET_OTHERS_H

#include "postgres.h"

#include "contract/subset_schema.h"

/* Those of a source.  What is found lies in the current memory context. */
extern SubsetOthers subset_others(const SchemaSource *source);

#endif /* SESSIONIZE_SUBSET_OTHERS_H */
