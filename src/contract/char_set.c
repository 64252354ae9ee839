/*
 * char_set.c
 *		Sets of characters, as regular expressions have them in brackets.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/char_set.h"
#include "utils/array_reserve.h"

/*
 * char_set_add adds the characters of a range.
 */
void
char_set_add(CharSet *set, uint32 first, uint32 last)
{
	first = Max(first, CHAR_SET_FIRST);
	last = Min(last, CHAR_SET_LAST);
	if (first > last)
		return;
	array_reserve(set->ranges, set->count, set->capacity, 8);
	set->ranges[set->count++] = (CharRange){first, last};
}

/*
 * char_set_add_set adds the characters of another set.
 */
void
char_set_add_set(CharSet *set, const CharSet *other)
{
	for (uint32 i = 0; i < other->count; i++)
		char_set_add(set, other->ranges[i].first, other->ranges[i].last);
}

static int
compare_ranges(const void *a, const void *b)
{
	uint32 left = ((const CharRange *) a)->first;
	uint32 right = ((const CharRange *) b)->first;

	return (left > right) - (left < right);
}

/*
 * normalize brings the ranges of a set in order, and joins those that touch.
 */
static void
normalize(CharSet *set)
{
	uint32 kept = 0;

	if (set->count > 1)
		qsort(set->ranges, set->count, sizeof(CharRange), compare_ranges);
	for (uint32 i = 0; i < set->count; i++)
	{
		CharRange range = set->ranges[i];

		if (kept > 0 && range.first <= set->ranges[kept - 1].last + 1)
			set->ranges[kept - 1].last = Max(set->ranges[kept - 1].last, range.last);
		else
			set->ranges[kept++] = range;
	}
	set->count = kept;
}

/*
 * char_set_invert turns a set into that of all other characters.
 */
void
char_set_invert(CharSet *set)
{
	CharSet inverted = {NULL, 0, 0};
	uint32 next = CHAR_SET_FIRST;

	normalize(set);
	for (uint32 i = 0; i < set->count; i++)
	{
		if (set->ranges[i].first > next)
			char_set_add(&inverted, next, set->ranges[i].first - 1);
		next = set->ranges[i].last + 1;
	}
	if (next <= CHAR_SET_LAST)
		char_set_add(&inverted, next, CHAR_SET_LAST);
	*set = inverted;
}

/*
 * append_char appends one end of a range.
 */
static void
append_char(StringInfo out, uint32 c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		appendStringInfoChar(out, (char) c);
	else if (c <= 0xFFFF)
		appendStringInfo(out, "\\u%04X", c);
	else
		appendStringInfo(out, "\\U%08X", c);
}

/*
 * char_set_append appends a set as a bracket expression.
 */
void
char_set_append(StringInfo out, CharSet *set)
{
	normalize(set);
	if (set->count == 0)
	{
		/* the character 0 alone, which no text has */
		appendStringInfo(out, "[^\\u%04X-\\U%08X]", CHAR_SET_FIRST, CHAR_SET_LAST);
		return;
	}
	appendStringInfoChar(out, '[');
	for (uint32 i = 0; i < set->count; i++)
	{
		append_char(out, set->ranges[i].first);
		if (set->ranges[i].last == set->ranges[i].first)
			continue;
		appendStringInfoChar(out, '-');
		append_char(out, set->ranges[i].last);
	}
	appendStringInfoChar(out, ']');
}
