/*
 * schema_source.c
 *		Where documents come from that a schema refers to by URI.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "contract/json_view.h"
#include "contract/schema_source.h"

typedef struct MetaSchema
{
	const char *uri;
	const char *json;
} MetaSchema;

static const MetaSchema meta_schemas[] = {
#include "contract/meta_schema_list.h"
};

/*
 * find_meta_schema returns the meta-schema of a URI; NULL if there is none.
 */
static const Jsonb *
find_meta_schema(const char *uri)
{
	for (Size i = 0; i < lengthof(meta_schemas); i++)
	{
		if (strcmp(meta_schemas[i].uri, uri) == 0)
			return DatumGetJsonbP(
				DirectFunctionCall1(jsonb_in, CStringGetDatum(meta_schemas[i].json)));
	}
	return NULL;
}

/*
 * schema_source_find returns the document of a URI.
 */
const Jsonb *
schema_source_find(const SchemaSource *source, const char *uri)
{
	const Jsonb *document = NULL;

	if (source->lookup != NULL)
		document = source->lookup(source->arg, uri);
	return document != NULL ? document : find_meta_schema(uri);
}

/*
 * lookup_in_object looks a document up in an object of schemas by URI.  Of type SchemaLookup.
 */
static const Jsonb *
lookup_in_object(void *arg, const char *uri)
{
	const JsonView *documents = arg;
	JsonView document;

	if (documents->kind != JSON_OBJECT ||
		!json_get(*documents, (TextView){uri, (uint32) strlen(uri)}, &document))
		return NULL;
	return json_copy(document);
}

/*
 * schema_source_in_object returns a source that is an object.
 */
SchemaSource
schema_source_in_object(const Jsonb *documents)
{
	JsonView *root = palloc(sizeof(JsonView));

	*root = json_root(documents);
	if (root->kind != JSON_OBJECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("documents must be an object"),
				 errhint("Give an object of schemas by URI, such as "
						 "'{\"https://shop.example/item.json\": {\"type\": \"string\"}}'.")));
	return (SchemaSource){lookup_in_object, root};
}
