/*
 * compile_value.c
 *		Compiling the keywords about single values: types, numbers, strings, enumerations.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/compile_value.h"

/*
 * compile_type compiles "type".
 */
static void
compile_type(SchemaCompiler *compiler, const KeywordSite *site)
{
	(void) compiler;
	(void) type_set_read(site->place->value, &site->node->types);
}

/*
 * compare_texts orders strings as jsonb orders keys.
 */
static int
compare_texts(const void *a, const void *b)
{
	return json_key_compare(json_text(*(const JsonView *) a), json_text(*(const JsonView *) b));
}

/*
 * make_values returns the values of an enumeration.
 */
static ValueRules *
make_values(KeywordId keyword, uint32 count, JsonCursor cursor)
{
	ValueRules *rules = palloc0(sizeof(ValueRules));

	rules->keyword = keyword;
	rules->count = count;
	rules->values = palloc(Max(count, 1) * sizeof(JsonView));
	rules->sorted = true;
	for (uint32 i = 0; i < count; i++)
	{
		rules->values[i] = json_next(&cursor);
		rules->sorted &= rules->values[i].kind == JSON_STRING;
	}
	if (rules->sorted)
		qsort(rules->values, count, sizeof(JsonView), compare_texts);
	return rules;
}

/*
 * compile_enum compiles "enum".
 */
static void
compile_enum(SchemaCompiler *compiler, const KeywordSite *site)
{
	JsonView values = site->place->value;

	(void) compiler;
	site->node->values = make_values(site->id, json_count(values), json_elements(values));
}

/*
 * compile_const compiles "const".
 */
static void
compile_const(SchemaCompiler *compiler, const KeywordSite *site)
{
	ValueRules *rules = palloc0(sizeof(ValueRules));

	(void) compiler;
	rules->keyword = site->id;
	rules->count = 1;
	rules->values = palloc(sizeof(JsonView));
	rules->values[0] = site->place->value;
	rules->sorted = rules->values[0].kind == JSON_STRING;
	site->node->constant = rules;
}

/*
 * number_rules returns the rules of a node for numbers.
 */
static NumberRules *
number_rules(SchemaNode *node)
{
	if (node->number == NULL)
		node->number = palloc0(sizeof(NumberRules));
	return node->number;
}

/*
 * compile_bound compiles "minimum", "maximum" and their exclusive variants.
 */
static void
compile_bound(SchemaCompiler *compiler, const KeywordSite *site)
{
	NumberRules *rules = number_rules(site->node);
	NumberBound *bound = &rules->bounds[rules->nbounds++];

	(void) compiler;
	bound->keyword = site->id;
	bound->numeric = site->place->value.data;
	bound->value = number_view(site->place->value);
	bound->is_small = number_small(bound->value, &bound->small);
	bound->below = site->id == KEYWORD_MAXIMUM || site->id == KEYWORD_EXCLUSIVE_MAXIMUM;
	bound->exclusive =
		site->id == KEYWORD_EXCLUSIVE_MINIMUM || site->id == KEYWORD_EXCLUSIVE_MAXIMUM;
}

/*
 * compile_multiple_of compiles "multipleOf".
 */
static void
compile_multiple_of(SchemaCompiler *compiler, const KeywordSite *site)
{
	NumberRules *rules = number_rules(site->node);

	(void) compiler;
	rules->has_divisor = true;
	rules->divisor = number_divisor(site->place->value);
}

/*
 * string_rules returns the rules of a node for strings.
 */
static StringRules *
string_rules(SchemaNode *node)
{
	if (node->string == NULL)
	{
		node->string = palloc0(sizeof(StringRules));
		node->string->max = PG_UINT32_MAX;
	}
	return node->string;
}

/*
 * compile_min_length compiles "minLength".
 */
static void
compile_min_length(SchemaCompiler *compiler, const KeywordSite *site)
{
	(void) compiler;
	string_rules(site->node)->min = site_count(site);
}

/*
 * compile_max_length compiles "maxLength".
 */
static void
compile_max_length(SchemaCompiler *compiler, const KeywordSite *site)
{
	(void) compiler;
	string_rules(site->node)->max = site_count(site);
}

/*
 * compile_pattern compiles "pattern".
 */
static void
compile_pattern(SchemaCompiler *compiler, const KeywordSite *site)
{
	string_rules(site->node)->pattern = compile_regex(compiler, json_text(site->place->value),
													  site->schema, keyword_text(site->id));
}

/*
 * compile_format compiles "format", which is an annotation unless it is to be asserted.
 */
static void
compile_format(SchemaCompiler *compiler, const KeywordSite *site)
{
	SchemaResource *resource = site->schema->resource;
	const Format *format;

	if (!compiler->options.assert_format && !(resource->vocabularies & VOCABULARY_FORMAT_ASSERTION))
		return;
	format = format_find(json_text(site->place->value));
	if (format != NULL)
		string_rules(site->node)->format = format;
}

const KeywordCompiler value_keywords[KEYWORDS] = {
	[KEYWORD_TYPE] = compile_type,
	[KEYWORD_ENUM] = compile_enum,
	[KEYWORD_CONST] = compile_const,
	[KEYWORD_MINIMUM] = compile_bound,
	[KEYWORD_EXCLUSIVE_MINIMUM] = compile_bound,
	[KEYWORD_MAXIMUM] = compile_bound,
	[KEYWORD_EXCLUSIVE_MAXIMUM] = compile_bound,
	[KEYWORD_MULTIPLE_OF] = compile_multiple_of,
	[KEYWORD_MIN_LENGTH] = compile_min_length,
	[KEYWORD_MAX_LENGTH] = compile_max_length,
	[KEYWORD_PATTERN] = compile_pattern,
	[KEYWORD_FORMAT] = compile_format,
};
