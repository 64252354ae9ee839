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
 * is_listed tells whether a value is one of those of an enumeration.
 */
static bool
is_listed(const ValueRules *rules, JsonView value)
{
	uint32 low = 0;
	uint32 high = rules->count;

	if (!rules->sorted)
	{
		for (uint32 i = 0; i < rules->count; i++)
		{
			if (json_equal(rules->values[i], value))
				return true;
		}
		return false;
	}
	while (value.kind == JSON_STRING && low < high)
	{
		uint32 middle = low + (high - low) / 2;
		int order = json_key_compare(json_text(value), json_text(rules->values[middle]));

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
	return is_listed(rules, value) || fail_values(walk, node, rules);
}
