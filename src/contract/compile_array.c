/*
 * compile_array.c
 *		Compiling the keywords about arrays.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/compile_array.h"

/*
 * array_rules returns the rules of a node for arrays.
 */
static ArrayRules *
array_rules(SchemaNode *node)
{
	if (node->array == NULL)
	{
		node->array = palloc0(sizeof(ArrayRules));
		node->array->max = PG_UINT32_MAX;
	}
	return node->array;
}

/*
 * compile_prefix_items compiles "prefixItems".
 */
static void
compile_prefix_items(SchemaCompiler *compiler, const KeywordSite *site)
{
	array_rules(site->node)->prefix = compile_schema_list(compiler, site->place);
}

/*
 * compile_items compiles "items", which is an array of schemas in draft-07 only.
 */
static void
compile_items(SchemaCompiler *compiler, const KeywordSite *site)
{
	if (site->place->value.kind == JSON_ARRAY)
		compile_prefix_items(compiler, site);
	else
		array_rules(site->node)->rest = compile_schema(compiler, site->place);
}

/*
 * compile_additional_items compiles "additionalItems", which counts beside an array of "items"
 * only.
 */
static void
compile_additional_items(SchemaCompiler *compiler, const KeywordSite *site)
{
	JsonView items;

	if (site_sibling(site, KEYWORD_ITEMS, &items) && items.kind == JSON_ARRAY)
		array_rules(site->node)->rest = compile_schema(compiler, site->place);
}

/*
 * sibling_count returns the value of another keyword that is a number, or what it is by default.
 */
static uint32
sibling_count(const KeywordSite *site, KeywordId id, uint32 usual)
{
	JsonView value;

	if (!(site->schema->resource->vocabularies & VOCABULARY_VALIDATION) ||
		site->schema->resource->draft == DRAFT_7 || !site_sibling(site, id, &value))
		return usual;
	(void) number_count(number_view(value), &usual);
	return usual;
}

/*
 * compile_contains compiles "contains", with "minContains" and "maxContains".
 */
static void
compile_contains(SchemaCompiler *compiler, const KeywordSite *site)
{
	ArrayRules *rules = array_rules(site->node);

	rules->contains = compile_schema(compiler, site->place);
	rules->min_contains = sibling_count(site, KEYWORD_MIN_CONTAINS, 1);
	rules->max_contains = sibling_count(site, KEYWORD_MAX_CONTAINS, PG_UINT32_MAX);
}

/*
 * compile_min_items compiles "minItems".
 */
static void
compile_min_items(SchemaCompiler *compiler, const KeywordSite *site)
{
	(void) compiler;
	array_rules(site->node)->min = site_count(site);
}

/*
 * compile_max_items compiles "maxItems".
 */
static void
compile_max_items(SchemaCompiler *compiler, const KeywordSite *site)
{
	(void) compiler;
	array_rules(site->node)->max = site_count(site);
}

/*
 * compile_unique_items compiles "uniqueItems".
 */
static void
compile_unique_items(SchemaCompiler *compiler, const KeywordSite *site)
{
	(void) compiler;
	if (site->place->value.truth)
		array_rules(site->node)->unique = true;
}

/*
 * compile_unevaluated_items compiles "unevaluatedItems".
 */
static void
compile_unevaluated_items(SchemaCompiler *compiler, const KeywordSite *site)
{
	compiler->program->tracks_evaluated = true;
	site->node->unevaluated_items = compile_schema(compiler, site->place);
}

const KeywordCompiler array_keywords[KEYWORDS] = {
	[KEYWORD_PREFIX_ITEMS] = compile_prefix_items,
	[KEYWORD_ITEMS] = compile_items,
	[KEYWORD_ITEMS_OR_LIST] = compile_items,
	[KEYWORD_ADDITIONAL_ITEMS] = compile_additional_items,
	[KEYWORD_CONTAINS] = compile_contains,
	[KEYWORD_MIN_ITEMS] = compile_min_items,
	[KEYWORD_MAX_ITEMS] = compile_max_items,
	[KEYWORD_UNIQUE_ITEMS] = compile_unique_items,
	[KEYWORD_UNEVALUATED_ITEMS] = compile_unevaluated_items,
};
