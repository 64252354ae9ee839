/*
 * schema_place.c
 *		Values in documents of schemas, and the paths by which they are named.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "contract/json_path.h"
#include "contract/schema_place.h"

typedef struct PlaceEntry
{
	const void *address; /* of the value: of its JEntry, or of the container of a document */
	SchemaPlace *place;
} PlaceEntry;

/*
 * schema_places_begin begins a table of places.
 */
void
schema_places_begin(SchemaPlaces *places)
{
	HASHCTL control = {0};

	control.keysize = sizeof(const void *);
	control.entrysize = sizeof(PlaceEntry);
	control.hcxt = CurrentMemoryContext;
	places->count = 0;
	places->table = hash_create("sessionize schema places", 256, &control,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * schema_places_end frees the table; the places stay.
 */
void
schema_places_end(SchemaPlaces *places)
{
	hash_destroy(places->table);
	places->table = NULL;
}

/*
 * schema_place_at returns the place of the value at an address, which is new (of no resource) if it
 * was not known.
 */
SchemaPlace *
schema_place_at(SchemaPlaces *places, const void *address, JsonView value)
{
	bool found;
	PlaceEntry *entry = hash_search(places->table, &address, HASH_ENTER, &found);

	if (found)
		return entry->place;
	if (++places->count > SCHEMA_MAX_PLACES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the JSON schema has more than %d subschemas", SCHEMA_MAX_PLACES),
						errhint("Refer to one subschema with \"$ref\" where it is repeated.")));
	entry->place = palloc0(sizeof(SchemaPlace));
	entry->place->value = value;
	return entry->place;
}

/*
 * place_inside returns the place at a cursor in a parent's value.
 */
static SchemaPlace *
place_inside(SchemaPlaces *places, SchemaPlace *parent, JsonCursor cursor)
{
	const void *address = cursor.entry;
	SchemaPlace *place = schema_place_at(places, address, json_next(&cursor));

	if (place->resource == NULL)
		place->resource = parent->resource;
	place->parent = parent;
	return place;
}

/*
 * schema_place_member returns the place of a member's value; NULL if there is no such member.
 */
SchemaPlace *
schema_place_member(SchemaPlaces *places, SchemaPlace *parent, TextView key)
{
	JsonCursor cursor;
	SchemaPlace *place;

	if (parent->value.kind != JSON_OBJECT || !json_find(parent->value, key, &cursor))
		return NULL;
	place = place_inside(places, parent, cursor);
	place->key = key;
	return place;
}

/*
 * schema_place_element returns the place of an element; NULL if there is no such element.
 */
SchemaPlace *
schema_place_element(SchemaPlaces *places, SchemaPlace *parent, uint32 element)
{
	SchemaPlace *place;

	if (parent->value.kind != JSON_ARRAY || element >= json_count(parent->value))
		return NULL;
	place = place_inside(places, parent, json_element(parent->value, element));
	place->element = element;
	return place;
}

/*
 * append_steps appends the steps from a document to a place in it.
 */
static void
append_steps(StringInfo path, const SchemaPlace *place)
{
	if (place->parent == NULL)
		return;
	check_stack_depth();
	append_steps(path, place->parent);
	if (place->key.data != NULL)
		json_path_append_key(path, place->key);
	else
		json_path_append_element(path, place->element);
}

/*
 * schema_place_path returns the path of a schema in its document.
 */
char *
schema_place_path(const SchemaPlace *place)
{
	StringInfoData path;
	const SchemaPlace *root = place;

	while (root->parent != NULL)
		root = root->parent;
	initStringInfo(&path);
	if (root->document != NULL)
		appendStringInfoString(&path, root->document);
	appendStringInfoChar(&path, '#');
	append_steps(&path, place);
	return path.data;
}

/*
 * schema_place_keyword returns the keyword that a schema is the value of, or in the value of.
 */
const char *
schema_place_keyword(const SchemaPlace *place)
{
	while (place->parent != NULL && !place->parent->is_schema)
		place = place->parent;
	if (place->parent == NULL || place->key.data == NULL)
		return "";
	return pnstrdup(place->key.data, place->key.len);
}

/*
 * schema_keyword_error raises an error for a keyword of the schema at a place.
 */
void
schema_keyword_error(const SchemaPlace *place, TextView keyword, const char *fault,
					 const char *hint)
{
	StringInfoData path;

	initStringInfo(&path);
	appendStringInfoString(&path, schema_place_path(place));
	if (keyword.data != NULL)
		json_path_append_key(&path, keyword);
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("invalid JSON schema at %s", path.data),
					keyword.data == NULL
						? errdetail("It %s.", fault)
						: errdetail("\"%.*s\" %s.", (int) keyword.len, keyword.data, fault),
					hint == NULL ? 0 : errhint("%s", hint)));
}
