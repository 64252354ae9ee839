/*
 * schema_resource.c
 *		Schemas with a URI of their own: their drafts, vocabularies and anchors.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "contract/schema_resource.h"
#include "contract/uri.h"
#include "utils/array_reserve.h"

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
schema_resource_find(const SchemaResources *resources, const char *uri)
{
	uint64 hash = hash_uri(uri);

	for (uint32 i = 0; i < resources->nuris; i++)
	{
		if (resources->uris[i].hash == hash && strcmp(resources->uris[i].uri, uri) == 0)
			return resources->uris[i].resource;
	}
	return NULL;
}

/*
 * add_uri makes a resource known by a URI.
 */
static void
add_uri(SchemaResources *resources, SchemaResource *resource, const char *uri)
{
	SchemaResource *other = schema_resource_find(resources, uri);

	if (other == resource)
		return;
	if (other != NULL)
		schema_keyword_error(
			resource->root, id_name,
			psprintf("is \"%s\", as that of the schema at %s", uri, schema_place_path(other->root)),
			"Give each schema a URI of its own.");
	array_reserve(resources->uris, resources->nuris, resources->max_uris, 16);
	resources->uris[resources->nuris++] = (ResourceUri){hash_uri(uri), uri, resource};
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
add_anchor(SchemaResources *resources, SchemaResource *resource, SchemaPlace *place, TextView name,
		   bool dynamic)
{
	SchemaAnchor *anchor = schema_anchor_find(resource, name);

	if (anchor != NULL && anchor->place != place)
		schema_keyword_error(place, (TextView){NULL, 0},
							 psprintf("has the anchor \"%.*s\", as has the schema at %s",
									  (int) name.len, name.data, schema_place_path(anchor->place)),
							 "Give each schema an anchor of its own.");
	if (++resources->nanchors > SCHEMA_MAX_ANCHORS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the JSON schema has more than %d anchors", SCHEMA_MAX_ANCHORS),
						errhint("Leave \"$anchor\" out where nothing refers to it.")));
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
new_resource(SchemaResources *resources, SchemaPlace *place, const SchemaResource *around,
			 const char *uri)
{
	SchemaResource *resource;
	TextView meta = drop_empty_fragment(get_text(place, schema_name));

	if (resources->count >= SCHEMA_MAX_RESOURCES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the JSON schema has more than %d schemas with a URI",
							   SCHEMA_MAX_RESOURCES),
						errhint("Leave \"$id\" out where nothing refers to it.")));
	resource = palloc0(sizeof(SchemaResource));
	resource->id = (uint16) resources->count;
	resource->root = place;
	resource->uri = pstrdup(uri);
	resource->draft = find_draft(place, around);
	resource->vocabularies =
		around != NULL && meta.data == NULL ? around->vocabularies : USUAL_VOCABULARIES;
	place->resource = resource;
	array_reserve(resources->all, resources->count, resources->capacity, 16);
	resources->all[resources->count++] = resource;
	add_uri(resources, resource, resource->uri);
	if (known_draft(meta) == 0)
		resource->meta = meta;
	return resource;
}

/*
 * read_anchors adds the anchors of the schema at a place.
 */
static void
read_anchors(SchemaResources *resources, SchemaPlace *place, SchemaResource *resource,
			 TextView id_fragment)
{
	TextView name;

	if (id_fragment.len > 0)
		add_anchor(resources, resource, place, id_fragment, false);
	if (resource->draft == DRAFT_7)
		return;
	name = get_text(place, (TextView) TEXT_VIEW("$anchor"));
	if (name.data != NULL)
		add_anchor(resources, resource, place, name, false);
	name = get_text(place, (TextView) TEXT_VIEW("$dynamicAnchor"));
	if (name.data != NULL)
		add_anchor(resources, resource, place, name, true);
}

/*
 * require_uri_length raises an error if a URI is too long: each reference and each schema with a
 * URI has a copy of it.
 */
void
require_uri_length(const SchemaPlace *place, TextView keyword, const char *uri)
{
	if (strlen(uri) > SCHEMA_MAX_URI)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("a URI in the JSON schema has more than %d bytes", SCHEMA_MAX_URI),
						errdetail("It is that of \"%.*s\" at %s.", (int) keyword.len, keyword.data,
								  schema_place_path(place)),
						errhint("Use a shorter \"$id\".")));
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
schema_resource_of(SchemaResources *resources, SchemaPlace *place, const char *uri,
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

		require_uri_length(place, id_name, own);
		resource = new_resource(resources, place, around, own);
		if (is_document)
			add_uri(resources, resource, pstrdup(uri));
	}
	else if (only_fragment)
		fragment = (TextView){id.data + 1, id.len - 1};
	read_anchors(resources, place, resource, fragment);
	return resource;
}
