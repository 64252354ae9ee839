/*
 * subset_others.c
 *		The documents that two versions of a JSON Schema refer to, as they are compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/json_view.h"
#include "contract/subset_others.h"
#include "contract/uri.h"

/*
 * has_draft tells whether a document says in which draft it is written.
 */
static bool
has_draft(const Jsonb *schema)
{
	JsonView root = json_root(schema);
	JsonView value;

	return root.kind == JSON_OBJECT && json_get(root, (TextView) TEXT_VIEW("$schema"), &value);
}

/*
 * find_other returns the document of a URI, of those that were found for one of the versions.
 */
static SubsetDocument *
find_other(const SubsetDocument *from, const char *uri)
{
	ListCell *cell;

	foreach (cell, from->others->found)
	{
		SubsetDocument *other = lfirst(cell);

		if (strcmp(other->id, uri) == 0 && strcmp(other->called, from->called) == 0)
			return other;
	}
	return NULL;
}

/*
 * add_other looks for the document of a URI, which has the draft of the one that refers to it
 * unless it says another one.
 */
static SubsetDocument *
add_other(const SubsetDocument *from, const char *uri)
{
	SubsetOthers *others = from->others;
	const Jsonb *schema = others->source->lookup(others->source->arg, uri);
	SubsetDocument *other;

	if (schema == NULL)
		return NULL;
	other = subset_document(schema, from->called);
	other->id = pstrdup(uri);
	other->others = others;
	other->is_other = true;
	other->takes_draft = !has_draft(schema);
	if (other->takes_draft)
		other->is_draft_7 = from->is_draft_7;
	others->found = lappend(others->found, other);
	return other;
}

/*
 * find returns the document that a reference means.
 */
static const SubsetDocument *
find(const SubsetDocument *from, const char *reference)
{
	TextView fragment;
	MemoryContext caller;
	SubsetDocument *other;
	char *uri;

	/* what is found stays for the whole comparison */
	caller = MemoryContextSwitchTo(from->others->memory);
	uri = uri_resolve(from->id == NULL ? "" : from->id,
					  (TextView){reference, (uint32) strlen(reference)}, &fragment);
	if (from->id != NULL && strcmp(uri, from->id) == 0)
	{
		MemoryContextSwitchTo(caller);
		return from;
	}
	other = find_other(from, uri);
	if (other == NULL)
		other = add_other(from, uri);
	MemoryContextSwitchTo(caller);
	/* one that says no draft may be read in two ways */
	if (other != NULL && other->takes_draft && other->is_draft_7 != from->is_draft_7)
		return NULL;
	return other;
}

/*
 * subset_others returns the documents of a source.
 */
SubsetOthers
subset_others(const SchemaSource *source)
{
	return (SubsetOthers){find, source, CurrentMemoryContext, NIL};
}
