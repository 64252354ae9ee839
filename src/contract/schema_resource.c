/*
 * schema_resource.c
 *		Schemas with a URI of their own: their drafts, vocabularies and anchors.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "contract/schema_index.h"
#include "contract/uri.h"
#include "utils/array_reserve.h"

/* A chain of meta-schemas that is longer has no end. */
#define MAX_META_DEPTH 8

static const TextView id_name = TEXT_VIEW("$id");
static const TextView schema_name = TEXT_VIEW("$schema");
static const TextView ref_name = TEXT_VIEW("$ref");

/*
 * hash_uri returns a hash of a URI.
 */
static uint64
hash_uri(const char *uri)
{
	return hash_bytes_extended((const unsigned char *) uri, (int) strlen(uri), 0);
}

/*
 * schema_resource_find returns the resource that is known by a URI.
 */
SchemaResource *
schema_resource_find(const SchemaIndex *index, const char *uri)
{
	uint64 hash = hash_uri(uri);

	for (uint32 i = 0; i < index->nuris; i++)
	{
		if (index->uris[i].hash == hash && strcmp(index->uris[i].uri, uri) == 0)
			return index->uris[i].resource;
	}
	return NULL;
}

/*
 * add_uri makes a resource known by a URI.
 */
static void
add_uri(SchemaIndex *index, SchemaResource *resource, const char *uri)
{
	SchemaResource *other = schema_resource_find(index, uri);

	if (other == resource)
		return;
	if (other != NULL)
		schema_keyword_error(resource->root, id_name,
							 psprintf("is \"%s\", as that of the schema at %s", uri,
									  schema_place_path(other->root)),
							 "Give each schema a URI of its own.");
	array_reserve(index->uris, index->nuris, index->max_uris, 16);
	index->uris[index->nuris++] = (ResourceUri){hash_uri(uri), uri, resource};
}

/*
 * schema_anchor_find returns an anchor of a resource.
 */
SchemaAnchor *
schema_anchor_find(const SchemaResource *resource, TextView name)
{
	SchemaAnchor *anchor = resource->anchors;

	while (anchor != NULL && !text_view_equal(anchor->name, name))
		anchor = anchor->next;
	return anchor;
}

/*
 * add_anchor adds an anchor to a resource.
 */
static void
add_anchor(SchemaResource *resource, SchemaPlace *place, TextView name,
		   bool dynamic)
{
	SchemaAnchor *anchor = schema_anchor_find(resource, name);

	if (anchor != NULL && anchor->place != place)
		schema_keyword_error(place, (TextView){NULL, 0},
							 psprintf("has the anchor \"%.*s\", as has the schema at %s",
									  (int) name.len, name.data, schema_place_path(anchor->place)),
							 "Give each schema an anchor of its own.");
	if (anchor == NULL)
	{
		anchor = palloc0(sizeof(SchemaAnchor));
		*anchor = (SchemaAnchor){name, place, false, resource->anchors};
		resource->anchors = anchor;
	}
	anchor->dynamic |= dynamic;
}

/*
 * get_text returns the value of a member that is a string; no data if there is none.
 */
static TextView
get_text(const SchemaPlace *place, TextView name)
{
	JsonView value;

	if (place->value.kind == JSON_OBJECT && json_get(place->value, name, &value) &&
		value.kind == JSON_STRING)
		return json_text(value);
	return (TextView){NULL, 0};
}

/*
 * drop_empty_fragment removes a "#" at the end of a URI.
 */
static TextView
drop_empty_fragment(TextView uri)
{
	if (uri.len > 0 && uri.data[uri.len - 1] == '#')
		uri.len--;
	return uri;
}

/*
 * known_draft returns the draft whose meta-schema has a URI; 0 if there is none.
 */
static SchemaDraft
known_draft(TextView uri)
{
	if (text_view_is(uri, "https://json-schema.org/draft/2020-12/schema"))
		return DRAFT_2020;
	if (text_view_is(uri, "http://json-schema.org/draft-07/schema") ||
		text_view_is(uri, "https://json-schema.org/draft-07/schema"))
		return DRAFT_7;
	return 0;
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
		!json_get(meta->value, (TextView) TEXT_VIEW("$vocabulary"), &value))
		return;
	resource->vocabularies = VOCABULARY_CORE;
	members = json_members(value);
	for (uint32 i = 0; i < members.count; i++)
	{
		TextView uri = json_next_key(&members.keys);
		SchemaVocabulary vocabulary = vocabulary_find(uri);
		bool required = json_next(&members.values).truth;

		if (vocabulary == 0 && required)
			schema_keyword_error(resource->root, schema_name,
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
read_meta_schema(SchemaIndex *index, SchemaResource *resource, TextView uri)
{
	const char *name = pnstrdup(uri.data, uri.len);
	const SchemaResource *meta = schema_resource_find(index, name);
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
		schema_keyword_error(resource->root, schema_name,
							 psprintf("names the meta-schema \"%s\", which is not known", name),
							 "Use https://json-schema.org/draft/2020-12/schema or "
							 "http://json-schema.org/draft-07/schema#.");
	resource->draft = meta->draft;
	read_vocabularies(resource, meta->root);
}

/*
 * find_draft returns the draft that the schema at a place is written in, as far as it can be told
 * without reading other documents.
 */
static SchemaDraft
find_draft(const SchemaPlace *place, const SchemaResource *around)
{
	TextView uri = drop_empty_fragment(get_text(place, schema_name));
	SchemaDraft draft = known_draft(uri);

	if (draft != 0)
		return draft;
	return around != NULL && uri.data == NULL ? around->draft : DRAFT_2020;
}

/*
 * new_resource adds a resource.
 */
static SchemaResource *
new_resource(SchemaIndex *index, SchemaPlace *place, const SchemaResource *around, const char *uri)
{
	SchemaResource *resource;
	TextView meta = drop_empty_fragment(get_text(place, schema_name));

	if (index->nresources >= SCHEMA_MAX_RESOURCES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the JSON schema has more than %d schemas with a URI",
							   SCHEMA_MAX_RESOURCES),
						errhint("Leave \"$id\" out where nothing refers to it.")));
	resource = palloc0(sizeof(SchemaResource));
	resource->id = (uint16) index->nresources;
	resource->root = place;
	resource->uri = pstrdup(uri);
	resource->draft = find_draft(place, around);
	resource->vocabularies = around != NULL && meta.data == NULL ? around->vocabularies
																 : USUAL_VOCABULARIES;
	place->resource = resource;
	array_reserve(index->resources, index->nresources, index->max_resources, 16);
	index->resources[index->nresources++] = resource;
	add_uri(index, resource, resource->uri);
	if (meta.data != NULL && known_draft(meta) == 0)
		read_meta_schema(index, resource, meta);
	return resource;
}

/*
 * read_anchors adds the anchors of the schema at a place.
 */
static void
read_anchors(SchemaPlace *place, SchemaResource *resource, TextView id_fragment)
{
	TextView name;

	if (id_fragment.len > 0)
		add_anchor(resource, place, id_fragment, false);
	if (resource->draft == DRAFT_7)
		return;
	name = get_text(place, (TextView) TEXT_VIEW("$anchor"));
	if (name.data != NULL)
		add_anchor(resource, place, name, false);
	name = get_text(place, (TextView) TEXT_VIEW("$dynamicAnchor"));
	if (name.data != NULL)
		add_anchor(resource, place, name, true);
}

/*
 * own_id returns the "$id" of the schema at a place; no data if it has none that counts.
 */
static TextView
own_id(const SchemaPlace *place, SchemaDraft draft)
{
	if (draft == DRAFT_7 && get_text(place, ref_name).data != NULL)
		return (TextView){NULL, 0};
	return get_text(place, id_name);
}

/*
 * schema_resource_of returns the resource that the schema at a place is or belongs to.
 */
SchemaResource *
schema_resource_of(SchemaIndex *index, SchemaPlace *place, const char *uri,
				   const SchemaResource *referrer)
{
	bool is_document = place->parent == NULL;
	SchemaResource *resource = place->resource;
	const SchemaResource *around = is_document ? referrer : resource;
	const char *base = is_document ? uri : resource->uri;
	TextView id = own_id(place, find_draft(place, around));
	TextView fragment = {NULL, 0};
	bool only_fragment = id.len > 0 && id.data[0] == '#';

	if (is_document || (id.data != NULL && !only_fragment))
	{
		char *own = uri_resolve(base, id, &fragment);

		resource = new_resource(index, place, around, own);
		if (is_document)
			add_uri(index, resource, pstrdup(uri));
	}
	else if (only_fragment)
		fragment = (TextView){id.data + 1, id.len - 1};
	read_anchors(place, resource, fragment);
	return resource;
}
