/*
 * schema_resolve.c
 *		References to schemas: by URI, by anchor, by path.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "contract/json_path.h"
#include "contract/schema_resolve.h"
#include "contract/uri.h"

/* There may be so many references in a schema, with all documents that it refers to. */
#define SCHEMA_MAX_REFERENCES 20000

/*
 * require_target raises an error if a reference has found no schema.
 */
static void
require_target(const SchemaPlace *from, KeywordId keyword, TextView reference, const void *target,
			   const char *reason)
{
	if (target != NULL)
		return;
	schema_keyword_error(
		from, keyword_text(keyword),
		psprintf("refers to \"%.*s\", %s", (int) reference.len, reference.data, reason),
		"Refer to a path or an anchor of this schema, to the \"$id\" of a schema "
		"in it, to one of the documents that are given, or to a meta-schema.");
}

/*
 * find_document returns the resource of a URI, which may have to be looked up.
 */
static SchemaResource *
find_document(SchemaIndex *index, const SchemaPlace *from, const char *uri)
{
	SchemaResource *resource = schema_resource_find(&index->resources, uri);
	const Jsonb *document;

	if (resource != NULL)
		return resource;
	document = schema_source_find(index->source, uri);
	if (document == NULL)
		return NULL;
	return schema_index_add(index, json_root(document), uri, from->resource)->resource;
}

/*
 * follow_path returns the place at a path that begins at a resource; NULL if there is none.
 */
static SchemaPlace *
follow_path(SchemaIndex *index, SchemaPlace *place, TextView path)
{
	while (place != NULL && path.len > 0)
	{
		TextView step = json_path_take(&path);
		uint32 element;

		if (place->value.kind == JSON_OBJECT)
			place = schema_place_member(&index->places, place, step);
		else if (place->value.kind == JSON_ARRAY && json_path_element(step, &element))
			place = schema_place_element(&index->places, place, element);
		else
			place = NULL;
	}
	return place;
}

/*
 * find_fragment returns the schema that a fragment names in a resource; NULL if there is none.
 */
static SchemaPlace *
find_fragment(SchemaIndex *index, SchemaResource *resource, TextView fragment, TextView *dynamic)
{
	const char *decoded;
	SchemaAnchor *anchor;
	TextView name;

	if (fragment.len == 0)
		return resource->root;
	decoded = uri_decode(fragment);
	if (decoded == NULL)
		return NULL;
	name = (TextView){decoded, (uint32) strlen(decoded)};
	if (decoded[0] == '/')
		return follow_path(index, resource->root, name);
	anchor = schema_anchor_find(resource, name);
	if (anchor != NULL && anchor->dynamic && dynamic != NULL)
		*dynamic = anchor->name;
	return anchor == NULL ? NULL : anchor->place;
}

/*
 * nesting returns how deep a place lies in its document.
 */
static int
nesting(const SchemaPlace *place)
{
	int depth = 0;

	while ((place = place->parent) != NULL)
		depth++;
	return depth;
}

/*
 * schema_resolve returns the schema that a reference at a place means.
 */
SchemaPlace *
schema_resolve(SchemaIndex *index, const SchemaPlace *from, KeywordId keyword, TextView reference,
			   TextView *dynamic)
{
	TextView fragment;
	char *uri = uri_resolve(from->resource->uri, reference, &fragment);
	SchemaResource *resource;
	SchemaPlace *target;

	require_uri_length(from, keyword_text(keyword), uri);
	if (++index->nreferences > SCHEMA_MAX_REFERENCES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the JSON schema has more than %d references", SCHEMA_MAX_REFERENCES),
				 errhint("Divide it into several schemas.")));
	if (dynamic != NULL)
		*dynamic = (TextView){NULL, 0};
	resource = find_document(index, from, uri);
	require_target(from, keyword, reference, resource,
				   psprintf("and no document \"%s\" is known", uri));
	target = find_fragment(index, resource, fragment, dynamic);
	require_target(from, keyword, reference, target, "which is not there");
	schema_index_place(index, target, NULL, NULL, nesting(target));
	return target;
}
