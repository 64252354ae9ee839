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
 * schema_lookup_in_object looks a document up in an object of schemas by URI.
 */
const Jsonb *
schema_lookup_in_object(void *arg, const char *uri)
{
	const JsonView *documents = arg;
	JsonView document;

	if (documents->kind != JSON_OBJECT ||
		!json_get(*documents, (TextView){uri, (uint32) strlen(uri)}, &document))
		return NULL;
	return json_copy(document);
}
