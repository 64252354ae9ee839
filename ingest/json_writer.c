/*
 * json_writer.c
 *		Writing JSON text.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_writer.h"

#define FIRST_CAPACITY 4096
#define KEPT_CAPACITY  (1024 * 1024)

/*
 * json_reset empties a writer.
 */
void
json_reset(JsonWriter *writer, size_t limit)
{
	if (writer->capacity > KEPT_CAPACITY)
		json_free(writer);
	writer->length = 0;
	writer->limit = limit;
	writer->overflowed = false;
}

/*
 * json_free frees a writer's memory.
 */
void
json_free(JsonWriter *writer)
{
	free(writer->text);
	*writer = (JsonWriter){.limit = writer->limit};
}

/*
 * reserve makes room for more text.
 */
static bool
reserve(JsonWriter *writer, size_t length)
{
	size_t capacity = writer->capacity > 0 ? writer->capacity : FIRST_CAPACITY;
	char *grown;

	if (writer->overflowed || length > writer->limit - writer->length)
	{
		writer->overflowed = true;
		return false;
	}
	if (length <= writer->capacity - writer->length)
		return true;
	while (capacity - writer->length < length)
		capacity *= 2;
	grown = realloc(writer->text, capacity);
	if (grown == NULL)
	{
		writer->overflowed = true;
		return false;
	}
	writer->text = grown;
	writer->capacity = capacity;
	return true;
}

/*
 * json_put writes text as it is.
 */
void
json_put(JsonWriter *writer, const void *text, size_t length)
{
	if (length == 0 || !reserve(writer, length))
		return;
	memcpy(writer->text + writer->length, text, length);
	writer->length += length;
}

/*
 * json_put_text writes text up to its zero byte.
 */
void
json_put_text(JsonWriter *writer, const char *text)
{
	json_put(writer, text, strlen(text));
}

/*
 * put_escaped writes a character that can't stand in a string as it is.
 */
static void
put_escaped(JsonWriter *writer, unsigned char c)
{
	static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char escaped[8];

	for (const char *form = short_forms; *form != '\0'; form += 2)
		if ((unsigned char) *form == c)
		{
			escaped[0] = '\\';
			escaped[1] = form[1];
			json_put(writer, escaped, 2);
			return;
		}
	snprintf(escaped, sizeof(escaped), "\\u%04x", c);
	json_put(writer, escaped, 6);
}

/*
 * json_put_string writes a string.
 */
void
json_put_string(JsonWriter *writer, const void *bytes, size_t length)
{
	const unsigned char *text = bytes;
	size_t begin = 0;

	json_put(writer, "\"", 1);
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] == '"' || text[i] == '\\')
		{
			json_put(writer, text + begin, i - begin);
			put_escaped(writer, text[i]);
			begin = i + 1;
		}
	if (begin < length)
		json_put(writer, text + begin, length - begin);
	json_put(writer, "\"", 1);
}

/*
 * json_put_base64 writes a string of base64.
 */
void
json_put_base64(JsonWriter *writer, const unsigned char *bytes, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	json_put(writer, "\"", 1);
	for (size_t i = 0; i < length && !writer->overflowed; i += 3)
	{
		size_t count = length - i < 3 ? length - i : 3;
		uint32_t group = (uint32_t) bytes[i] << 16;
		char text[4];

		if (count > 1)
			group |= (uint32_t) bytes[i + 1] << 8;
		if (count > 2)
			group |= bytes[i + 2];
		for (size_t j = 0; j < 4; j++)
			text[j] = j <= count ? digits[group >> (18 - 6 * j) & 63] : '=';
		json_put(writer, text, 4);
	}
	json_put(writer, "\"", 1);
}

/*
 * json_put_integer writes an integer.
 */
void
json_put_integer(JsonWriter *writer, int64_t value)
{
	char text[24];

	json_put(writer, text, (size_t) snprintf(text, sizeof(text), "%" PRId64, value));
}

/*
 * json_put_float writes a number.
 */
void
json_put_float(JsonWriter *writer, double value, int bits)
{
	int digits = bits == 32 ? 6 : 15;
	int most = bits == 32 ? 9 : 17;
	char text[40];

	if (!isfinite(value))
	{
		json_put_text(writer, isnan(value) ? "\"NaN\""
							  : value > 0  ? "\"Infinity\""
										   : "\"-Infinity\"");
		return;
	}
	for (; digits <= most; digits++)
	{
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (bits == 32 ? strtof(text, NULL) == (float) value : strtod(text, NULL) == value)
			break;
	}
	json_put_text(writer, text);
}
