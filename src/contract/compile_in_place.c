/*
 * compile_in_place.c
 *		Compiling the keywords that apply other schemas to the same value.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/compile_in_place.h"
#include "contract/schema_resolve.h"
#include "utils/array_reserve.h"

/*
 * in_place_rules returns the rules of a node that apply other schemas to the same value.
 */
static InPlaceRules *
in_place_rules(SchemaNode *node)
{
	if (node->in_place == NULL)
		node->in_place = palloc0(sizeof(InPlaceRules));
	return node->in_place;
}

/*
 * compile_ref compiles "$ref".
 */
static void
compile_ref(SchemaCompiler *compiler, const KeywordSite *site)
{
	SchemaPlace *target = schema_resolve(compiler->index, site->schema, site->id,
										 json_text(site->place->value), NULL);

	in_place_rules(site->node)->ref = compile_schema(compiler, target);
}

/*
 * compile_dynamic_ref compiles "$dynamicRef".
 */
static void
compile_dynamic_ref(SchemaCompiler *compiler, const KeywordSite *site)
{
	DynamicRef *ref = palloc0(sizeof(DynamicRef));
	SchemaPlace *target = schema_resolve(compiler->index, site->schema, site->id,
										 json_text(site->place->value), &ref->name);

	ref->fallback = compile_schema(compiler, target);
	in_place_rules(site->node)->dynamic_ref = ref;
	if (ref->name.data == NULL)
		return;
	compiler->program->tracks_scope = true;
	array_reserve(compiler->dynamic_refs, compiler->ndynamic_refs, compiler->max_dynamic_refs, 4);
	compiler->dynamic_refs[compiler->ndynamic_refs++] = ref;
}

/*
 * compile_list compiles "allOf", "anyOf" and "oneOf".
 */
static void
compile_list(SchemaCompiler *compiler, const KeywordSite *site)
{
	InPlaceRules *rules = in_place_rules(site->node);
	NodeList list = compile_schema_list(compiler, site->place);

	if (site->id == KEYWORD_ALL_OF)
		rules->all_of = list;
	else if (site->id == KEYWORD_ANY_OF)
		rules->any_of = list;
	else
		rules->one_of = list;
}

/*
 * compile_not compiles "not".
 */
static void
compile_not(SchemaCompiler *compiler, const KeywordSite *site)
{
	in_place_rules(site->node)->not = compile_schema(compiler, site->place);
}

/*
 * compile_if compiles "if", with "then" and "else".
 */
static void
compile_if(SchemaCompiler *compiler, const KeywordSite *site)
{
	InPlaceRules *rules = in_place_rules(site->node);
	SchemaPlace *then_place = site_sibling_place(compiler, site, KEYWORD_THEN);
	SchemaPlace *else_place = site_sibling_place(compiler, site, KEYWORD_ELSE);

	rules->if_node = compile_schema(compiler, site->place);
	rules->then_node = then_place == NULL ? NULL : compile_schema(compiler, then_place);
	rules->else_node = else_place == NULL ? NULL : compile_schema(compiler, else_place);
}

const KeywordCompiler in_place_keywords[KEYWORDS] = {
	[KEYWORD_REF] = compile_ref,     [KEYWORD_DYNAMIC_REF] = compile_dynamic_ref,
	[KEYWORD_ALL_OF] = compile_list, [KEYWORD_ANY_OF] = compile_list,
	[KEYWORD_ONE_OF] = compile_list, [KEYWORD_NOT] = compile_not,
	[KEYWORD_IF] = compile_if,
};
