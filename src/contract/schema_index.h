/*
 * schema_index.h
 *		Where the schemas of a document are, and what they are called: URIs and anchors.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SCHEMA_INDEX_H
#define SESSIONIZE_SCHEMA_INDEX_H

#include "postgres.h"

#include "contract/schema_place.h"
#include "contract/schema_resource.h"
#include "contract/schema_source.h"

/* A schema may be nested so deeply. */
#define SCHEMA_MAX_DEPTH 1000

/* The documents that a schema consists of. */
typedef struct SchemaIndex
{
	const SchemaSource *source;
	bool strict; /* no keyword may be unknown */
	SchemaPlaces places;
	SchemaResources resources;
	SchemaPlace *own_schemas; /* if it is strict: all of the schema itself, linked by next_schema */
	uint32 nreferences;
	int meta_depth; /* meta-schemas that are being read */
} SchemaIndex;

/*
 * Begin an index.  All that it has lies in the current memory context, which must be the same while
 * it is used; only a hash table goes with schema_index_end.
 */
extern SchemaIndex *schema_index_begin(const SchemaSource *source, bool strict);
extern void schema_index_end(SchemaIndex *index);

/*
 * Add a document that is known by a URI (it may be empty), and check all its keywords.  Where it
 * does not say its draft it has the one of referrer, or the newest one.
 */
extern SchemaPlace *schema_index_add(SchemaIndex *index, JsonView document, const char *uri,
									 const SchemaResource *referrer);

/*
 * Check the schema at a place, and find those inside it; depth says how deep it lies.  Where the
 * place is a document, uri and referrer are those of schema_index_add.
 */
extern void schema_index_place(SchemaIndex *index, SchemaPlace *place, const char *uri,
							   const SchemaResource *referrer, int depth);

#endif /* SESSIONIZE_SCHEMA_INDEX_H */
