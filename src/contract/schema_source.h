/*
 * schema_source.h
 *		Where documents come from that a schema refers to by URI.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SCHEMA_SOURCE_H
#define SESSIONIZE_SCHEMA_SOURCE_H

#include "postgres.h"

#include "utils/jsonb.h"

/*
 * Looks up the document of an absolute URI without a fragment; returns NULL if there is none.  The
 * result must stay as it is for as long as the current memory context lives, in which it may be
 * allocated.
 */
typedef const Jsonb *(*SchemaLookup)(void *arg, const char *uri);

/*
 * Documents that schemas may refer to.  The meta-schemas are known besides, and come last.
 */
typedef struct SchemaSource
{
	SchemaLookup lookup; /* NULL: there are no others */
	void *arg;
} SchemaSource;

/* The document of a URI; NULL if there is none. */
extern const Jsonb *schema_source_find(const SchemaSource *source, const char *uri);

/*
 * A source that is an object of schemas by URI; error if the value is no object.  In
 * CurrentMemoryContext.
 */
extern SchemaSource schema_source_in_object(const Jsonb *documents);

#endif /* SESSIONIZE_SCHEMA_SOURCE_H */
