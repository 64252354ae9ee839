/*
 * compile_keyword.c
 *		What the functions share that compile one keyword each.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/compile_keyword.h"
#include "contract/regex_weight.h"

/*
 * compile_schema returns the node of a schema.
 */
SchemaNode *
compile_schema(SchemaCompiler *compiler, SchemaPlace *place)
{
	SchemaNode *node = place->node;

	if (node != NULL)
		return node;
	place->node = node = palloc0(sizeof(SchemaNode));
	node->types = ALL_TYPES;
	node->resource = place->resource->id;
	node->place = place;
	if (compiler->last == NULL)
		compiler->first = node;
	else
		compiler->last->next = node;
	compiler->last = node;
	compiler->program->nnodes++;
	return node;
}

/*
 * compile_schema_list returns the nodes of an array of schemas.
 */
NodeList
compile_schema_list(SchemaCompiler *compiler, SchemaPlace *list)
{
	NodeList nodes = {NULL, json_count(list->value)};

	nodes.nodes = palloc(nodes.count * sizeof(SchemaNode *));
	for (uint32 i = 0; i < nodes.count; i++)
		nodes.nodes[i] =
			compile_schema(compiler, schema_place_element(&compiler->index->places, list, i));
	return nodes;
}

/*
 * site_sibling returns the value of another keyword of the same schema.
 */
bool
site_sibling(const KeywordSite *site, KeywordId id, JsonView *value)
{
	return json_get(site->schema->value, keyword_text(id), value);
}

/*
 * site_sibling_place returns the place of the value of another keyword of the same schema.
 */
SchemaPlace *
site_sibling_place(SchemaCompiler *compiler, const KeywordSite *site, KeywordId id)
{
	return schema_place_member(&compiler->index->places, site->schema, keyword_text(id));
}

/*
 * site_count returns the value of a keyword that is a number, not negative.
 */
uint32
site_count(const KeywordSite *site)
{
	uint32 count = 0;

	(void) number_count(number_view(site->place->value), &count);
	return count;
}

/*
 * add_weight raises an error if a regular expression makes those of a schema too complex.
 */
static void
add_weight(SchemaCompiler *compiler, const Pattern *pattern)
{
	compiler->pattern_weight += pattern_weight(pattern);
	compiler->program->outside = compiler->pattern_weight * REGEX_WEIGHT_BYTES;
	if (compiler->pattern_weight > SCHEMA_MAX_PATTERN_WEIGHT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the regular expressions of the JSON schema are too complex together"),
				 errhint("Use smaller bounds, as in \"{0,20}\", where something is repeated that "
						 "may be missing.")));
}

/*
 * compile_regex compiles a regular expression.
 */
Pattern *
compile_regex(SchemaCompiler *compiler, TextView regex, const SchemaPlace *schema, TextView name)
{
	char *fault;
	Pattern *pattern;

	if (++compiler->npatterns > SCHEMA_MAX_PATTERNS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the JSON schema has more than %d regular expressions",
							   SCHEMA_MAX_PATTERNS),
						errhint("Put a subschema with \"pattern\" into \"$defs\", and refer to it "
								"by \"$ref\" where it is repeated.")));
	pattern = pattern_compile(regex, &fault);
	if (pattern == NULL)
		schema_keyword_error(schema, name, fault, PATTERN_HINT);
	add_weight(compiler, pattern);
	return pattern;
}
