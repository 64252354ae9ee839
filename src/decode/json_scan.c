/*
 * json_scan.c
 *		The first pass over a body: whether it is JSON, and where its values are.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "compat.h"
#include "decode/json_scan.h"

/* For so many levels is there room at first. */
#define FIRST_LEVELS 1024

/*
 * json_scan_begin begins at the start of a text.
 */
void
json_scan_begin(JsonScan *scan, TextView text)
{
	*scan = (JsonScan){.start = text.data, .at = text.data, .end = text.data + text.len};
}

/*
 * json_scan_fail notes what should have been next.
 */
bool
json_scan_fail(JsonScan *scan, const char *expected)
{
	scan->expected = expected;
	return false;
}

/*
 * skip_space skips white space.
 */
static inline void
skip_space(JsonScan *scan)
{
	while (scan->at < scan->end &&
		   (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
		scan->at++;
}

/*
 * json_scan_at_end tells whether only white space is left.
 */
bool
json_scan_at_end(JsonScan *scan)
{
	skip_space(scan);
	return scan->at == scan->end;
}

/*
 * json_scan_take takes a character if it is next.
 */
bool
json_scan_take(JsonScan *scan, char c)
{
	skip_space(scan);
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

/*
 * is_digit tells whether a digit is next.
 */
static inline bool
is_digit(const JsonScan *scan)
{
	return scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
}

/*
 * scan_digits reads one digit or more.
 */
static bool
scan_digits(JsonScan *scan)
{
	if (!is_digit(scan))
		return json_scan_fail(scan, "a digit");
	while (is_digit(scan))
		scan->at++;
	return true;
}

/*
 * scan_number reads a number.
 */
static bool
scan_number(JsonScan *scan)
{
	if (*scan->at == '-')
		scan->at++;
	if (scan->at < scan->end && *scan->at == '0')
		scan->at++;
	else if (!scan_digits(scan))
		return false;
	if (scan->at < scan->end && *scan->at == '.')
	{
		scan->at++;
		if (!scan_digits(scan))
			return false;
	}
	if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E'))
	{
		scan->at++;
		if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
			scan->at++;
		return scan_digits(scan);
	}
	return true;
}

/*
 * scan_escape reads what follows a backslash.
 */
static bool
scan_escape(JsonScan *scan)
{
	if (scan->at == scan->end || *scan->at == '\0' || strchr("\"\\/bfnrtu", *scan->at) == NULL)
		return json_scan_fail(scan, "one of \" \\ / b f n r t u after a backslash");
	if (*scan->at++ != 'u')
		return true;
	for (int i = 0; i < 4; i++, scan->at++)
		if (scan->at == scan->end || !isxdigit((unsigned char) *scan->at))
			return json_scan_fail(scan, "four hexadecimal digits after \\u");
	return true;
}

/*
 * scan_string reads a string, whose first quotation mark is read already.
 */
static bool
scan_string(JsonScan *scan)
{
	while (scan->at < scan->end)
	{
		unsigned char c = (unsigned char) *scan->at;

		if (c < 0x20)
			return json_scan_fail(scan, "an escape instead of a control character in a string");
		scan->at++;
		if (c == '"')
			return true;
		if (c == '\\' && !scan_escape(scan))
			return false;
	}
	return json_scan_fail(scan, "the end of a string");
}

/*
 * scan_word reads one of the words of JSON.
 */
static bool
scan_word(JsonScan *scan, const char *word)
{
	Size length = strlen(word);

	if ((Size) (scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
		return json_scan_fail(scan, "a value");
	scan->at += length;
	return true;
}

/*
 * scan_scalar reads a value that is no array and no object.
 */
static bool
scan_scalar(JsonScan *scan)
{
	if (scan->at == scan->end)
		return json_scan_fail(scan, "a value");
	switch (*scan->at)
	{
		case '"':
			scan->at++;
			return scan_string(scan);
		case 't':
			return scan_word(scan, "true");
		case 'f':
			return scan_word(scan, "false");
		case 'n':
			return scan_word(scan, "null");
		default:
			if (*scan->at != '-' && !is_digit(scan))
				return json_scan_fail(scan, "a value");
			return scan_number(scan);
	}
}

/*
 * json_scan_key reads a key and its colon.
 */
bool
json_scan_key(JsonScan *scan, TextView *key)
{
	const char *from;

	if (!json_scan_take(scan, '"'))
		return json_scan_fail(scan, "a key in quotation marks");
	from = scan->at;
	if (!scan_string(scan))
		return false;
	*key = (TextView){from, (uint32) (scan->at - 1 - from)};
	return json_scan_take(scan, ':') || json_scan_fail(scan, "a colon after a key");
}

/*
 * open_level notes whether the array or object that begins at a level is an object.
 */
static void
open_level(JsonScan *scan, uint32 level, bool object)
{
	CHECK_FOR_INTERRUPTS();
	if (level >= scan->levels)
	{
		uint32 levels = scan->levels == 0 ? FIRST_LEVELS : scan->levels * 2;

		if (scan->objects == NULL)
			scan->objects = palloc(levels / 8);
		else
			scan->objects = repalloc(scan->objects, levels / 8);
		scan->levels = levels;
	}
	if (object)
		scan->objects[level / 8] |= (uint8) (1 << level % 8);
	else
		scan->objects[level / 8] &= (uint8) ~(1 << level % 8);
}

/*
 * is_object tells whether an object is open at a level.
 */
static inline bool
is_object(const JsonScan *scan, uint32 level)
{
	return (scan->objects[level / 8] & (1 << level % 8)) != 0;
}

/*
 * scan_down reads up to the first value that is complete: a scalar, or an empty array or object.
 */
static bool
scan_down(JsonScan *scan, uint32 *level)
{
	for (;;)
	{
		TextView key;
		bool object;

		skip_space(scan);
		if (scan->at == scan->end || (*scan->at != '{' && *scan->at != '['))
			return scan_scalar(scan);
		object = *scan->at++ == '{';
		if (json_scan_take(scan, object ? '}' : ']'))
			return true;
		open_level(scan, (*level)++, object);
		if (object && !json_scan_key(scan, &key))
			return false;
	}
}

/*
 * scan_up reads what comes after a complete value: the ends of arrays and objects, then, if *level
 * is not 0, up to where the next value begins.
 */
static bool
scan_up(JsonScan *scan, uint32 *level)
{
	while (*level > 0)
	{
		TextView key;
		bool object = is_object(scan, *level - 1);

		if (json_scan_take(scan, ','))
			return !object || json_scan_key(scan, &key);
		if (!json_scan_take(scan, object ? '}' : ']'))
			return json_scan_fail(scan, object ? "a comma or the end of an object"
											   : "a comma or the end of an array");
		(*level)--;
	}
	return true;
}

/*
 * json_scan_value reads one value.
 */
bool
json_scan_value(JsonScan *scan, TextView *value)
{
	uint32 level = 0;
	const char *from;

	skip_space(scan);
	from = scan->at;
	do
	{
		if (!scan_down(scan, &level) || !scan_up(scan, &level))
			return false;
	} while (level > 0);
	*value = (TextView){from, (uint32) (scan->at - from)};
	return true;
}
