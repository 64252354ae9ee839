/*
 * schema_resolve.h
 *		References to schemas: by URI, by anchor, by path.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SCHEMA_RESOLVE_H
#define SESSIONIZE_SCHEMA_RESOLVE_H

#include "postgres.h"

#include "contract/schema_index.h"

/*
 * The schema that a reference at a place means.  If the reference ends with the name of an anchor
 * for dynamic references, dynamic (unless it is NULL) gets its name, else no data.
 */
extern SchemaPlace *schema_resolve(SchemaIndex *index, const SchemaPlace *from, KeywordId keyword,
								   TextView reference, TextView *dynamic);

#endif /* SESSIONIZE_SCHEMA_RESOLVE_H */
