/*
 * walk_value.c
 *		The walk over a document: numbers, strings, enumerations.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "contract/json_compare.h"
#include "contract/walk_value.h"

/* A character has at most so many bytes, in every encoding of a database. */
#define MAX_CHARACTER_BYTES MAX_MULTIBYTE_CHAR_LEN

/* So many bytes of a text, and so many digits of a number to the base 10000, are read in a step. */
#define TEXT_PER_STEP   64
#define DIGITS_PER_STEP 16

/* So many bytes of an array or object are compared with a value of an enumeration in a step. */
#define BYTES_PER_STEP 256

/* A message lists so many values of an enumeration. */
#define MAX_LISTED 10

/*
 * number_text returns a number as numeric writes it, cut if it is long.
 */
static char *
number_text(const char *numeric)
{
	char *text = DatumGetCString(DirectFunctionCall1(numeric_out, PointerGetDatum(numeric)));

	if (strlen(text) > 40)
		strcpy(text + 37, "...");
	return text;
}

/*
 * keeps_bound tells whether a number keeps a bound.
 */
static inline bool
keeps_bound(const NumberBound *bound, NumberView number, bool is_small, int64 small)
{
	int order;

	if (is_small && bound->is_small)
		order = (small > bound->small) - (small < bound->small);
	else
		order = number_compare(number, bound->value);
	if (order == 0)
		return !bound->exclusive;
	return bound->below ? order < 0 : order > 0;
}

/*
 * fail_bound reports a number that does not keep a bound.
 */
static bool
fail_bound(Walk *walk, const SchemaNode *node, const NumberBound *bound)
{
	if (walk->violations == NULL)
		return false;
	return walk_fail(walk, node, bound->keyword, "must be %s %s",
					 bound->exclusive ? (bound->below ? "less than" : "greater than")
									  : (bound->below ? "at most" : "at least"),
					 number_text(bound->numeric));
}

/*
 * spend_number counts the steps for a number that has many digits, where they are many.
 */
static inline void
spend_number(Walk *walk, const NumberRules *rules, NumberView number)
{
	int64 digits = Max(number.ndigits, number.weight);
	int64 passes = rules->nbounds;

	if (digits < DIGITS_PER_STEP)
		return;
	/* a divisor that is long itself divides digit by digit */
	if (rules->has_divisor)
		passes += rules->divisor.scaled != 0 ? 1 : 1 + rules->divisor.digits;
	walk_spend(walk, (uint64) (digits * passes / DIGITS_PER_STEP));
}

/*
 * walk_number_rules checks what a schema says about numbers.
 */
static bool
walk_number_rules(Walk *walk, const SchemaNode *node, JsonView value)
{
	const NumberRules *rules = node->number;
	NumberView number = number_view(value);
	int64 small = 0;
	bool is_small = number_small(number, &small);
	bool valid = true;

	spend_number(walk, rules, number);
	for (uint32 i = 0; i < rules->nbounds; i++)
	{
		if (!keeps_bound(&rules->bounds[i], number, is_small, small) &&
			!fail_bound(walk, node, &rules->bounds[i]) && walk_stop(walk, &valid))
			return false;
	}
	if (rules->has_divisor && !number_is_multiple(value, &rules->divisor))
	{
		valid = false;
		if (walk->violations != NULL)
			walk_fail(walk, node, KEYWORD_MULTIPLE_OF, "must be a multiple of %s",
					  number_text(rules->divisor.numeric));
	}
	return valid;
}

/*
 * walk_number checks a number, which may have to be an integer.
 */
bool
walk_number(Walk *walk, const SchemaNode *node, JsonView value)
{
	if (!(node->types & TYPE_BIT(JSON_NUMBER)) && !number_is_integer(number_view(value)))
	{
		if (walk->violations == NULL)
			return false;
		return walk_fail(walk, node, KEYWORD_TYPE,
						 "must be of type %s, is a number with a fraction",
						 type_set_text(node->types));
	}
	return node->number == NULL || walk_number_rules(walk, node, value);
}

/*
 * walk_length checks the length of a string.  Most of the time the number of bytes is enough.
 */
static bool
walk_length(Walk *walk, const SchemaNode *node, TextView text)
{
	const StringRules *rules = node->string;
	uint32 length;

	if (text.len <= rules->max && text.len / MAX_CHARACTER_BYTES >= rules->min)
		return true;
	length = json_text_length(text);
	if (length > rules->max)
		return walk_fail(walk, node, KEYWORD_MAX_LENGTH, "must have at most %u characters, has %u",
						 rules->max, length);
	if (length < rules->min)
		return walk_fail(walk, node, KEYWORD_MIN_LENGTH, "must have at least %u characters, has %u",
						 rules->min, length);
	return true;
}

/*
 * walk_string checks a string.
 */
bool
walk_string(Walk *walk, const SchemaNode *node, JsonView value)
{
	const StringRules *rules = node->string;
	TextView text = json_text(value);
	bool valid = true;

	if (text.len >= TEXT_PER_STEP)
		walk_spend(walk, text.len / TEXT_PER_STEP);
	if (!walk_length(walk, node, text) && walk_stop(walk, &valid))
		return false;
	if (rules->pattern != NULL && !pattern_matches(rules->pattern, text))
	{
		TextView source = pattern_source(rules->pattern);

		walk_fail(walk, node, KEYWORD_PATTERN, "must match the regular expression %.*s",
				  (int) source.len, source.data);
		if (walk_stop(walk, &valid))
			return false;
	}
	if (rules->format != NULL && !rules->format->accepts(text))
		valid =
			walk_fail(walk, node, KEYWORD_FORMAT, "must be of the format %s", rules->format->name);
	return valid;
}

/*
 * is_string_listed tells whether a string is among those of an enumeration that are in order.
 */
static bool
is_string_listed(const ValueRules *rules, TextView text)
{
	uint32 low = 0;
	uint32 high = rules->nstrings;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;
		int order = json_key_compare(text, json_text(rules->values[middle]));

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/*
 * is_number_listed tells whether a number is among those of an enumeration that are in order.
 */
static bool
is_number_listed(const ValueRules *rules, NumberView number)
{
	uint32 low = rules->nstrings;
	uint32 high = low + rules->nnumbers;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;
		int order = number_compare(number, number_view(rules->values[middle]));

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/*
 * is_other_listed tells whether a value is among those of an enumeration that are in no order.
 */
static bool
is_other_listed(Walk *walk, const ValueRules *rules, JsonView value)
{
	uint32 first = rules->nstrings + rules->nnumbers;

	if (value.kind >= JSON_ARRAY)
		walk_spend(walk, (uint64) (rules->count - first) * (1 + json_size(value) / BYTES_PER_STEP));
	for (uint32 i = first; i < rules->count; i++)
	{
		if (json_equal(rules->values[i], value))
			return true;
	}
	return false;
}

/*
 * is_listed tells whether a value is one of those of an enumeration.
 */
static bool
is_listed(Walk *walk, const ValueRules *rules, JsonView value)
{
	if (value.kind == JSON_STRING && is_string_listed(rules, json_text(value)))
		return true;
	if (value.kind == JSON_NUMBER && rules->nnumbers > 0 &&
		is_number_listed(rules, number_view(value)))
		return true;
	return rules->count > rules->nstrings + rules->nnumbers && is_other_listed(walk, rules, value);
}

/*
 * value_text returns what a value of a schema is called in a message.
 */
static char *
value_text(JsonView value)
{
	switch (value.kind)
	{
		case JSON_STRING:
			return quoted_name(json_text(value));
		case JSON_NUMBER:
			return number_text(value.data);
		case JSON_BOOL:
			return pstrdup(value.truth ? "true" : "false");
		case JSON_NULL:
			return pstrdup("null");
		default:
			return psprintf("the %s of the schema", json_kind_name(value.kind));
	}
}

/*
 * fail_values reports a value that is not one of those of an enumeration.
 */
static bool
fail_values(Walk *walk, const SchemaNode *node, const ValueRules *rules)
{
	StringInfoData list;

	if (walk->violations == NULL)
		return false;
	initStringInfo(&list);
	for (uint32 i = 0; i < rules->count && i < MAX_LISTED; i++)
		appendStringInfo(&list, "%s%s", i == 0 ? "" : ", ", value_text(rules->values[i]));
	if (rules->count > MAX_LISTED)
		appendStringInfo(&list, " and %u others", rules->count - MAX_LISTED);
	return walk_fail(walk, node, rules->keyword, "must be %s%s", rules->count == 1 ? "" : "one of ",
					 list.data);
}

/*
 * walk_values checks a value against an enumeration, or a constant.
 */
bool
walk_values(Walk *walk, const SchemaNode *node, const ValueRules *rules, JsonView value)
{
	return is_listed(walk, rules, value) || fail_values(walk, node, rules);
}
