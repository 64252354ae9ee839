/*
 * json_read.c
 *		The second pass over a body: one value after the other as a tree.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "compat.h"
#include "decode/clean_text.h"
#include "decode/json_read.h"
#include "decode/json_scan.h"

/* Integers, and digits of decimals, of up to so many digits fit an int64. */
#define INT64_DIGITS 18

/* A text that is being read, which is known to be JSON. */
typedef struct JsonReader
{
	const char *at;
	const char *end;
	Notes *notes;
	JsonbValue *values; /* of the arrays and objects that are not complete; keys as well */
	uint32 count;
	uint32 room;
	uint32 depth;
} JsonReader;

static void read_value(JsonReader *reader, const JsonPlace *place, JsonbValue *value);

/*
 * skip_space skips white space.
 */
static inline void
skip_space(JsonReader *reader)
{
	while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
										*reader->at == '\r' || *reader->at == '\t'))
		reader->at++;
}

/*
 * hex_value returns the number that four hexadecimal digits are.
 */
static unsigned
hex_value(const char *digits)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++)
	{
		char c = digits[i];

		value = value * 16 + (unsigned) (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

/*
 * append_unicode appends a code point in UTF-8.
 */
static void
append_unicode(StringInfo out, pg_wchar c)
{
	unsigned char bytes[MAX_MULTIBYTE_CHAR_LEN + 1];

	unicode_to_utf8(c, bytes);
	appendBinaryStringInfo(out, (const char *) bytes, pg_utf_mblen(bytes));
}

/*
 * take_code reads the four digits after \u, and a second escape if it is the other half of a
 * surrogate pair.
 */
static void
take_code(const char **at, const char *end, StringInfo out, unsigned *problems)
{
	pg_wchar code = hex_value(*at);

	*at += 4;
	if (code == 0)
	{
		*problems |= TEXT_ZERO_CHARACTER;
		code = 0xFFFD;
	}
	else if (is_utf16_surrogate_first(code) && end - *at >= 6 && (*at)[0] == '\\' &&
			 (*at)[1] == 'u' && is_utf16_surrogate_second(hex_value(*at + 2)))
	{
		code = surrogate_pair_to_codepoint(code, hex_value(*at + 2));
		*at += 6;
	}
	else if (is_utf16_surrogate_first(code) || is_utf16_surrogate_second(code))
	{
		*problems |= TEXT_LONE_SURROGATE;
		code = 0xFFFD;
	}
	append_unicode(out, code);
}

/*
 * take_escape reads what follows a backslash.
 */
static void
take_escape(const char **at, const char *end, StringInfo out, unsigned *problems)
{
	static const char letters[] = "bfnrt";
	static const char meanings[] = "\b\f\n\r\t";
	char c = *(*at)++;
	const char *letter = strchr(letters, c);

	if (c == 'u')
		take_code(at, end, out, problems);
	else
		appendStringInfoChar(out, letter == NULL ? c : meanings[letter - letters]);
}

/*
 * unescaped returns a string without its escapes, in UTF-8.
 */
static TextView
unescaped(TextView written, unsigned *problems)
{
	const char *at = written.data;
	const char *end = at + written.len;
	StringInfoData out;

	initStringInfo(&out);
	enlargeStringInfo(&out, (int) written.len);
	while (at < end)
	{
		const char *backslash = memchr(at, '\\', (Size) (end - at));
		const char *plain = backslash == NULL ? end : backslash;

		appendBinaryStringInfo(&out, at, (int) (plain - at));
		at = plain;
		if (at < end)
		{
			at++;
			take_escape(&at, end, &out, problems);
		}
	}
	return (TextView){out.data, (uint32) out.len};
}

/*
 * json_read_string reads the text of a string.
 */
TextView
json_read_string(TextView written, unsigned *problems)
{
	*problems = 0;
	if (memchr(written.data, '\\', written.len) != NULL)
		written = unescaped(written, problems);
	return clean_text(written, problems);
}

/*
 * string_end returns where a string ends, and whether it has to be changed to become a text.
 */
static const char *
string_end(const char *at, bool *plain)
{
	unsigned char high = 0;

	*plain = true;
	for (;; at++)
	{
		unsigned char c = (unsigned char) *at;

		high |= c;
		if (c == '"')
			break;
		if (c == '\\')
		{
			*plain = false;
			at++;
		}
	}
	if (IS_HIGHBIT_SET(high))
		*plain = false;
	return at;
}

/*
 * read_string reads a string.
 */
static void
read_string(JsonReader *reader, const JsonPlace *place, JsonbValue *value)
{
	const char *from = ++reader->at;
	bool plain;
	const char *end = string_end(from, &plain);
	TextView text = {from, (uint32) (end - from)};

	reader->at = end + 1;
	if (!plain)
	{
		unsigned problems;

		text = json_read_string(text, &problems);
		if (problems != 0)
			notes_add_text(reader->notes, place, problems);
	}
	*value = tree_string(text);
}

/* A number as it is written. */
typedef struct WrittenNumber
{
	int64 digits;    /* all digits as one number, if there are few */
	uint32 whole;    /* digits before the point, without leading zeros */
	uint32 fraction; /* digits after the point */
	int64 exponent;
	bool negative;
} WrittenNumber;

/*
 * take_digits reads digits, and returns how many there are without leading zeros, if these don't
 * count.
 */
static uint32
take_digits(JsonReader *reader, bool zeros_count, int64 *digits)
{
	uint32 count = 0;

	for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++)
	{
		if (*reader->at == '0' && count == 0 && !zeros_count)
			continue;
		count++;
		if (*digits < PG_INT64_MAX / 10)
			*digits = *digits * 10 + (*reader->at - '0');
	}
	return count;
}

/*
 * take_exponent reads an exponent.
 */
static int64
take_exponent(JsonReader *reader)
{
	bool negative = *++reader->at == '-';
	int64 exponent = 0;

	if (negative || *reader->at == '+')
		reader->at++;
	(void) take_digits(reader, false, &exponent);
	return negative ? -exponent : exponent;
}

/*
 * take_number reads a number.
 */
static WrittenNumber
take_number(JsonReader *reader)
{
	WrittenNumber number = {0};

	if (*reader->at == '-')
	{
		number.negative = true;
		reader->at++;
	}
	number.whole = take_digits(reader, false, &number.digits);
	if (reader->at < reader->end && *reader->at == '.')
	{
		reader->at++;
		number.fraction = take_digits(reader, true, &number.digits);
	}
	if (reader->at < reader->end && (*reader->at == 'e' || *reader->at == 'E'))
		number.exponent = take_exponent(reader);
	return number;
}

/*
 * make_number returns a number as a numeric; NULL if it is too long.
 */
static Numeric
make_number(const WrittenNumber *number, const char *written, uint32 len)
{
	if (number->exponent == 0 && number->whole + number->fraction <= INT64_DIGITS)
	{
		int64 digits = number->negative ? -number->digits : number->digits;

		if (number->fraction == 0)
			return int64_to_numeric(digits);
		return int64_div_fast_to_numeric(digits, (int) number->fraction);
	}
	if ((int64) number->whole + number->exponent > MAX_NUMBER_DIGITS ||
		(int64) number->fraction - number->exponent > MAX_NUMBER_DIGITS ||
		number->whole > MAX_NUMBER_DIGITS)
		return NULL;
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(pnstrdup(written, len)),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/*
 * read_number reads a number.
 */
static void
read_number(JsonReader *reader, const JsonPlace *place, JsonbValue *value)
{
	const char *from = reader->at;
	WrittenNumber number = take_number(reader);
	TextView written = {from, (uint32) (reader->at - from)};

	value->val.numeric = make_number(&number, written.data, written.len);
	value->type = jbvNumeric;
	if (value->val.numeric == NULL)
	{
		notes_add(reader->notes, place, "number too long", NULL);
		*value = tree_string(written);
	}
}

/*
 * next_value returns a place for one more value of an array or object that is not complete.
 */
static JsonbValue *
next_value(JsonReader *reader)
{
	if (reader->count == reader->room)
	{
		reader->room = reader->room == 0 ? 64 : reader->room * 2;
		if (reader->values == NULL)
			reader->values = palloc(reader->room * sizeof(JsonbValue));
		else
			reader->values = repalloc_huge(reader->values, reader->room * sizeof(JsonbValue));
	}
	return &reader->values[reader->count++];
}

/*
 * take_comma reads the comma before the next element or member, or the end of the array or object;
 * tells whether there is a next one.
 */
static bool
take_comma(JsonReader *reader, bool first)
{
	skip_space(reader);
	if (*reader->at == ']' || *reader->at == '}')
	{
		reader->at++;
		return false;
	}
	if (!first)
		reader->at++;
	return true;
}

/*
 * read_array reads an array.
 */
static void
read_array(JsonReader *reader, const JsonPlace *parent, JsonbValue *value)
{
	uint32 base = reader->count;
	JsonPlace place = {.parent = parent};
	uint32 count;
	JsonbValue *elements;

	reader->at++;
	for (; take_comma(reader, place.element == 0); place.element++)
	{
		JsonbValue element;

		read_value(reader, &place, &element);
		*next_value(reader) = element;
	}
	count = reader->count - base;
	elements = palloc_extended((Size) count * sizeof(JsonbValue), MCXT_ALLOC_HUGE);
	if (count > 0)
		memcpy(elements, reader->values + base, (Size) count * sizeof(JsonbValue));
	reader->count = base;
	*value = tree_array(elements, count);
}

/*
 * read_member reads a key and its value.
 */
static void
read_member(JsonReader *reader, JsonPlace *place)
{
	JsonbValue key;
	JsonbValue value;

	skip_space(reader);
	read_string(reader, place->parent, &key);
	skip_space(reader);
	reader->at++;
	place->key = tree_string_view(&key);
	read_value(reader, place, &value);
	*next_value(reader) = key;
	*next_value(reader) = value;
}

/*
 * read_object reads an object.
 */
static void
read_object(JsonReader *reader, const JsonPlace *parent, JsonbValue *value)
{
	uint32 base = reader->count;
	JsonPlace place = {.parent = parent};
	TreeDropped dropped = {0};
	uint32 count;
	JsonbPair *pairs;

	reader->at++;
	while (take_comma(reader, reader->count == base))
		read_member(reader, &place);
	count = (reader->count - base) / 2;
	pairs = palloc_extended((Size) count * sizeof(JsonbPair), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < count; i++)
	{
		pairs[i].key = reader->values[base + i * 2];
		pairs[i].value = reader->values[base + i * 2 + 1];
	}
	reader->count = base;
	*value = tree_object(pairs, count, true, &dropped);
	if (dropped.count > 0)
		notes_add_dropped(reader->notes, parent, "duplicate key", &dropped);
}

/*
 * read_as_text reads an array or object as the text of its JSON.
 */
static void
read_as_text(JsonReader *reader, const JsonPlace *place, JsonbValue *value)
{
	JsonScan scan;
	TextView text;
	unsigned problems = 0;

	json_scan_begin(&scan, (TextView){reader->at, (uint32) (reader->end - reader->at)});
	if (!json_scan_value(&scan, &text))
		elog(ERROR, "JSON that was in order is not any more");
	if (scan.objects != NULL)
		pfree(scan.objects);
	reader->at = scan.at;
	notes_add(reader->notes, place, "nested too deeply", NULL);
	*value = tree_string(clean_text(text, &problems));
	if (problems != 0)
		notes_add_text(reader->notes, place, problems);
}

/*
 * read_container reads an array or object.
 */
static void
read_container(JsonReader *reader, const JsonPlace *place, JsonbValue *value)
{
	CHECK_FOR_INTERRUPTS();
	if (reader->depth == MAX_JSON_DEPTH)
	{
		read_as_text(reader, place, value);
		return;
	}
	check_stack_depth();
	reader->depth++;
	if (*reader->at == '{')
		read_object(reader, place, value);
	else
		read_array(reader, place, value);
	reader->depth--;
}

/*
 * read_value reads a value.
 */
static void
read_value(JsonReader *reader, const JsonPlace *place, JsonbValue *value)
{
	skip_space(reader);
	switch (*reader->at)
	{
		case '{':
		case '[':
			read_container(reader, place, value);
			break;
		case '"':
			read_string(reader, place, value);
			break;
		case 't':
		case 'f':
			value->type = jbvBool;
			value->val.boolean = *reader->at == 't';
			reader->at += value->val.boolean ? 4 : 5;
			break;
		case 'n':
			value->type = jbvNull;
			reader->at += 4;
			break;
		default:
			read_number(reader, place, value);
			break;
	}
}

/*
 * json_read reads a value.
 */
void
json_read(TextView text, const JsonPlace *place, Notes *notes, JsonbValue *value)
{
	JsonReader reader = {.at = text.data, .end = text.data + text.len, .notes = notes};

	read_value(&reader, place, value);
	if (reader.values != NULL)
		pfree(reader.values);
}
