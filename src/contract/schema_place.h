/*
 * schema_place.h
 *		Values in documents of schemas, and the paths by which they are named.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SCHEMA_PLACE_H
#define SESSIONIZE_SCHEMA_PLACE_H

#include "postgres.h"

#include "utils/hsearch.h"

#include "compat.h"
#include "contract/json_view.h"

/* There may be so many places in a schema, with all documents that it refers to. */
#define SCHEMA_MAX_PLACES 500000

/* A value in a document of schemas. */
typedef struct SchemaPlace
{
	JsonView value;
	struct SchemaPlace *parent; /* NULL: it is a whole document */
	TextView key;               /* of the value in its parent; no data: it is an element */
	uint32 element;
	bool is_schema;
	const char *document; /* the URI of a document that the schema refers to; else NULL */
	struct SchemaResource *resource;
	struct SchemaNode *node;         /* if it has been compiled */
	struct SchemaPlace *next_schema; /* of the schema itself */
} SchemaPlace;

/* The places that are known, by the addresses of their values. */
typedef struct SchemaPlaces
{
	HTAB *table;
	uint32 count;
} SchemaPlaces;

/*
 * Begin and end a table.  The places lie in the memory context that is the current one when they
 * are added; only the table goes.
 */
extern void schema_places_begin(SchemaPlaces *places);
extern void schema_places_end(SchemaPlaces *places);

/* The place of the value at an address; it is new, and of no resource, if it was not known. */
extern SchemaPlace *schema_place_at(SchemaPlaces *places, const void *address, JsonView value);

/* A place inside a place: the value of a member, or an element; NULL if there is none. */
extern SchemaPlace *schema_place_member(SchemaPlaces *places, SchemaPlace *parent, TextView key);
extern SchemaPlace *schema_place_element(SchemaPlaces *places, SchemaPlace *parent, uint32 element);

/* The path of a schema in its document, as a URI reference such as "#/properties/age". */
extern char *schema_place_path(const SchemaPlace *place);

/* The keyword that a schema is the value of, or in the value of; "" for a whole document. */
extern const char *schema_place_keyword(const SchemaPlace *place);

/*
 * Raise an error for a keyword of the schema at a place, or for the schema if keyword has no data;
 * fault says what is wrong, and hint (unless it is NULL) what to do.
 */
pg_noreturn extern void schema_keyword_error(const SchemaPlace *place, TextView keyword,
											 const char *fault, const char *hint);

#endif /* SESSIONIZE_SCHEMA_PLACE_H */
