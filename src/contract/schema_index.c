/*
 * schema_index.c
 *		Where the schemas of a document are: a walk over it by the shapes of its keywords.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "contract/schema_index.h"

/* A chain of meta-schemas that is longer has no end. */
#define MAX_META_DEPTH 8

/*
 * schema_index_begin begins an index.
 */
SchemaIndex *
schema_index_begin(const SchemaSource *source, bool strict)
{
	SchemaIndex *index = palloc0(sizeof(SchemaIndex));

	index->source = source;
	index->strict = strict;
	schema_places_begin(&index->places);
	return index;
}

/*
 * schema_index_end frees what of an index is needed no longer once its schemas are compiled.
 */
void
schema_index_end(SchemaIndex *index)
{
	schema_places_end(&index->places);
}

/*
 * index_inner indexes a schema inside the value of a keyword.
 */
static void
index_inner(SchemaIndex *index, SchemaPlace *place, int depth)
{
	schema_index_place(index, place, NULL, NULL, depth + 1);
}

/*
 * index_list indexes the schemas that are the elements of a keyword's value.
 */
static void
index_list(SchemaIndex *index, SchemaPlace *list, int depth)
{
	for (uint32 i = 0; i < json_count(list->value); i++)
		index_inner(index, schema_place_element(&index->places, list, i), depth);
}

/*
 * index_by_name indexes the schemas that are members of a keyword's value.
 */
static void
index_by_name(SchemaIndex *index, SchemaPlace *names, int depth)
{
	JsonMembers members = json_members(names->value);

	for (uint32 i = 0; i < members.count; i++)
	{
		SchemaPlace *place =
			schema_place_member(&index->places, names, json_next_key(&members.keys));

		if (place->value.kind != JSON_ARRAY)
			index_inner(index, place, depth);
	}
}

/*
 * index_keyword indexes the schemas in the value of a keyword, which has been checked.
 */
static void
index_keyword(SchemaIndex *index, SchemaPlace *schema, const Keyword *keyword, int depth)
{
	SchemaPlace *place;

	if (keyword->shape < SHAPE_SCHEMA)
		return;
	place = schema_place_member(&index->places, schema, keyword->name);
	if (keyword->shape == SHAPE_SCHEMAS_BY_NAME || keyword->shape == SHAPE_SCHEMAS_OR_NAMES_BY_NAME)
		index_by_name(index, place, depth);
	else if (place->value.kind == JSON_ARRAY)
		index_list(index, place, depth);
	else
		index_inner(index, place, depth);
}

/*
 * require_known raises an error for a keyword that does not exist, unless it is one that users may
 * add.
 */
static void
require_known(const SchemaPlace *place, TextView name, SchemaDraft draft)
{
	static const char *const own = "Begin the name of an annotation of your own with \"x-\".";
	const Keyword *nearest;
	const char *hint = own;

	if (name.len >= 2 && name.data[0] == 'x' && name.data[1] == '-')
		return;
	nearest = keyword_nearest(name, draft);
	if (keyword_find(name, DRAFT_BOTH) != NULL)
		hint = psprintf("It is one of draft %s. Name that draft by \"$schema\".",
						draft == DRAFT_7 ? "2020-12" : "07");
	else if (nearest != NULL)
		hint = psprintf("Did you mean \"%s\"? %s", nearest->name.data, own);
	schema_keyword_error(place, name,
						 psprintf("is no keyword of draft %s", draft == DRAFT_7 ? "07" : "2020-12"),
						 hint);
}

/*
 * is_foreign tells whether a place is in a document that the schema refers to.
 */
static bool
is_foreign(const SchemaPlace *place)
{
	while (place->parent != NULL)
		place = place->parent;
	return place->document != NULL;
}

/*
 * note_schema adds a subschema of the schema itself to a list.
 */
static void
note_schema(SchemaIndex *index, SchemaPlace *place)
{
	if (!index->strict || is_foreign(place))
		return;
	place->next_schema = index->own_schemas;
	index->own_schemas = place;
}

/*
 * index_object indexes the schemas in a schema that is an object.
 */
static void
index_object(SchemaIndex *index, SchemaPlace *place, int depth)
{
	SchemaResource *resource = place->resource;
	JsonMembers members = json_members(place->value);

	for (uint32 i = 0; i < members.count; i++)
	{
		TextView name = json_next_key(&members.keys);
		JsonView value = json_next(&members.values);
		const Keyword *keyword = keyword_find(name, resource->draft);
		const char *fault;

		if (keyword == NULL && index->strict && !is_foreign(place))
			require_known(place, name, resource->draft);
		if (keyword == NULL || !(keyword->vocabulary & resource->vocabularies))
			continue;
		fault = keyword_value_fault(keyword, value);
		if (fault != NULL)
			schema_keyword_error(place, name, fault,
								 psprintf("Write, for example, {\"%s\": %s}.", keyword->name.data,
										  keyword_example(keyword)));
		index_keyword(index, place, keyword, depth);
	}
}

/*
 * read_vocabularies sets the vocabularies of a resource to those that its meta-schema names.
 */
static void
read_vocabularies(SchemaResource *resource, const SchemaPlace *meta)
{
	JsonView value;
	JsonMembers members;

	resource->vocabularies = USUAL_VOCABULARIES;
	if (meta->value.kind != JSON_OBJECT ||
		!json_get(meta->value, keyword_text(KEYWORD_VOCABULARY), &value) ||
		/* a meta-schema that refers to itself has not been checked yet */
		value.kind != JSON_OBJECT)
		return;
	resource->vocabularies = VOCABULARY_CORE;
	members = json_members(value);
	for (uint32 i = 0; i < members.count; i++)
	{
		TextView uri = json_next_key(&members.keys);
		SchemaVocabulary vocabulary = vocabulary_find(uri);
		bool required = json_next(&members.values).truth;

		if (vocabulary == 0 && required)
			schema_keyword_error(resource->root, keyword_text(KEYWORD_SCHEMA),
								 psprintf("names a meta-schema that requires the vocabulary "
										  "\"%.*s\", which is not known",
										  (int) uri.len, uri.data),
								 "Use https://json-schema.org/draft/2020-12/schema.");
		resource->vocabularies |= vocabulary;
	}
	if (resource->vocabularies & VOCABULARY_FORMAT_ASSERTION)
		resource->vocabularies |= VOCABULARY_FORMAT;
}

/*
 * read_meta_schema sets the draft and the vocabularies of a resource by its own meta-schema.
 */
static void
read_meta_schema(SchemaIndex *index, SchemaResource *resource)
{
	const char *name = pnstrdup(resource->meta.data, resource->meta.len);
	const SchemaResource *meta = schema_resource_find(&index->resources, name);
	const Jsonb *document = NULL;

	if (meta == NULL && index->meta_depth < MAX_META_DEPTH)
	{
		document = schema_source_find(index->source, name);
		index->meta_depth++;
		if (document != NULL)
			meta = schema_index_add(index, json_root(document), name, resource)->resource;
		index->meta_depth--;
	}
	if (meta == NULL)
		schema_keyword_error(resource->root, keyword_text(KEYWORD_SCHEMA),
							 psprintf("names the meta-schema \"%s\", which is not known", name),
							 "Use https://json-schema.org/draft/2020-12/schema or "
							 "http://json-schema.org/draft-07/schema#.");
	resource->draft = meta->draft;
	read_vocabularies(resource, meta->root);
}

/*
 * schema_index_place checks the schema at a place, and finds those inside it.
 */
void
schema_index_place(SchemaIndex *index, SchemaPlace *place, const char *uri,
				   const SchemaResource *referrer, int depth)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (place->is_schema)
		return;
	if (depth > SCHEMA_MAX_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the JSON schema is nested more than %d levels deep", SCHEMA_MAX_DEPTH),
				 errhint("Put inner schemas into \"$defs\", and refer to them.")));
	if (place->value.kind != JSON_OBJECT && place->value.kind != JSON_BOOL)
		schema_keyword_error(place, (TextView){NULL, 0}, "must be an object, true or false",
							 "Write, for example, {\"type\": \"string\"}.");
	place->is_schema = true;
	place->resource = schema_resource_of(&index->resources, place, uri, referrer);
	if (place->resource->root == place && place->resource->meta.data != NULL)
		read_meta_schema(index, place->resource);
	note_schema(index, place);
	if (place->value.kind == JSON_OBJECT)
		index_object(index, place, depth);
}

/*
 * schema_index_add adds a document.
 */
SchemaPlace *
schema_index_add(SchemaIndex *index, JsonView document, const char *uri,
				 const SchemaResource *referrer)
{
	const void *address = document.data;
	SchemaPlace *place = schema_place_at(&index->places, address, document);

	if (referrer != NULL)
		place->document = uri;
	schema_index_place(index, place, uri, referrer, 0);
	return place;
}
