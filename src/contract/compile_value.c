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

/* So many values of different types are searched one by one, in the order of the schema. */
#define FEW_VALUES 16

/*
 * value_rank tells where values of a type are in an enumeration that is searched by halves.
 */
static int
value_rank(JsonKind kind)
{
	return kind == JSON_STRING ? 0 : kind == JSON_NUMBER ? 1 : 2;
}

/*
 * compare_values orders strings as jsonb orders keys, numbers behind them, and all others last, as
 * they lie in the schema.
 */
static int
compare_values(const void *a, const void *b)
{
	const JsonView *left = a;
	const JsonView *right = b;
	int rank = value_rank(left->kind);

	if (rank != value_rank(right->kind))
		return rank - value_rank(right->kind);
	if (rank == 0)
		return json_key_compare(json_text(*left), json_text(*right));
	if (rank == 1)
		return number_compare(number_view(*left), number_view(*right));
	return (left->data > right->data) - (left->data < right->data);
}

/*
 * sort_values prepares an enumeration for a search by halves.
 */
static void
sort_values(ValueRules *rules)
{
	qsort(rules->values, rules->count, sizeof(JsonView), compare_values);
	for (uint32 i = 0; i < rules->count; i++)
	{
		rules->nstrings += rules->values[i].kind == JSON_STRING;
		rules->nnumbers += rules->values[i].kind == JSON_NUMBER;
	}
}

/*
 * make_values returns the values of an enumeration.
 */
static ValueRules *
make_values(KeywordId keyword, uint32 count, JsonCursor cursor)
{
	ValueRules *rules = palloc0(sizeof(ValueRules));
	bool all_strings = true;

	rules->keyword = keyword;
	rules->count = count;
	rules->values = palloc(Max(count, 1) * sizeof(JsonView));
	for (uint32 i = 0; i < count; i++)
	{
		rules->values[i] = json_next(&cursor);
		all_strings &= rules->values[i].kind == JSON_STRING;
	}
	if (all_strings || count > FEW_VALUES)
		sort_values(rules);
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
	rules->nstrings = rules->values[0].kind == JSON_STRING;
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
