/*
 * schema_index.h
 *		Where the schemas of a document are, and what they are called: URIs and anchors.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SCHEMA_INDEX_H
#define SESSIONIZE_SCHEMA_INDEX_H

#include "postgres.h"

#include "utils/hsearch.h"

#include "compat.h"
#include "contract/keyword.h"
#include "contract/program.h"
#include "contract/schema_source.h"

/* What a schema may have at most. */
#define SCHEMA_MAX_BYTES	  (8 * 1024 * 1024)
#define SCHEMA_MAX_DEPTH	  1000
#define SCHEMA_MAX_PLACES	  500000
#define SCHEMA_MAX_RESOURCES  4000
#define SCHEMA_MAX_REFERENCES 20000

typedef struct SchemaResource SchemaResource;

/* A value in a document of schemas. */
struct SchemaPlace
{
	JsonView value;
	const SchemaPlace *parent; /* NULL: it is a whole document */
	TextView key;			   /* of the value in its parent; no data: it is an element */
	uint32 element;
	bool is_schema;
	bool is_foreign; /* a document that the schema refers to */
	SchemaResource *resource;
	SchemaNode *node; /* if it has been compiled */
};

/* A name of a schema in its resource. */
typedef struct SchemaAnchor
{
	TextView name;
	SchemaPlace *place;
	bool dynamic;
	struct SchemaAnchor *next;
} SchemaAnchor;

/* A schema with a URI of its own. */
struct SchemaResource
{
	uint16 id;
	SchemaDraft draft;
	uint8 vocabularies;
	const char *uri;
	SchemaPlace *root;
	SchemaAnchor *anchors;
};

/* A URI by which a resource is known. */
typedef struct ResourceUri
{
	uint64 hash;
	const char *uri;
	SchemaResource *resource;
} ResourceUri;

/* The documents that a schema consists of. */
typedef struct SchemaIndex
{
	const SchemaSource *source;
	bool strict; /* no keyword may be unknown */
	HTAB *places;
	uint32 nplaces;
	uint32 nreferences;
	int meta_depth; /* meta-schemas that are being read */
	SchemaResource **resources;
	uint32 nresources;
	uint32 max_resources;
	ResourceUri *uris;
	uint32 nuris;
	uint32 max_uris;
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
 * The schema that a reference at a place means.  If the reference ends with the name of an anchor
 * for dynamic references, dynamic (unless it is NULL) gets its name, else no data.
 */
extern SchemaPlace *schema_index_resolve(SchemaIndex *index, const SchemaPlace *from, KeywordId keyword,
										 TextView reference, TextView *dynamic);

/* The place of the value at an address; it is new, and of no resource, if it was not known. */
extern SchemaPlace *schema_place_at(SchemaIndex *index, const void *address, JsonView value);

/* A place inside a place: the value of a member, or an element. */
extern SchemaPlace *schema_place_member(SchemaIndex *index, SchemaPlace *parent, TextView key);
extern SchemaPlace *schema_place_element(SchemaIndex *index, SchemaPlace *parent, uint32 element);

/* Check the schema at a place, and find those inside it; depth says how deep it lies. */
extern void schema_index_place(SchemaIndex *index, SchemaPlace *place, const char *uri,
							   const SchemaResource *referrer, int depth);

/*
 * The resource that the schema at a place is or belongs to.  Where the place is a document, uri is
 * where it was found, and referrer has referred to it.
 */
extern SchemaResource *schema_resource_of(SchemaIndex *index, SchemaPlace *place, const char *uri,
										  const SchemaResource *referrer);

/* The resource that is known by a URI; NULL if there is none. */
extern SchemaResource *schema_resource_find(const SchemaIndex *index, const char *uri);

/* An anchor of a resource; NULL if it has none of the name. */
extern SchemaAnchor *schema_anchor_find(const SchemaResource *resource, TextView name);

/* Raise an error for the value of a keyword of the schema at a place; fault says what it must be. */
pg_noreturn extern void schema_keyword_error(const SchemaPlace *place, TextView keyword, const char *fault,
								 const char *hint);

#endif /* SESSIONIZE_SCHEMA_INDEX_H */
