/*
 * text.c
 *		Growing texts.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/*
 * reserve makes room for so many bytes more, and a final zero.
 */
static bool
reserve(Text *text, size_t more)
{
	size_t capacity = text->capacity == 0 ? 256 : text->capacity;
	char *grown;

	if (text->failed)
		return false;
	while (capacity - text->length <= more)
		capacity *= 2;
	if (capacity == text->capacity)
		return true;
	grown = realloc(text->data, capacity);
	if (grown == NULL)
	{
		text->failed = true;
		return false;
	}
	text->data = grown;
	text->capacity = capacity;
	return true;
}

/*
 * text_add adds bytes.
 */
void
text_add(Text *text, const char *bytes, size_t length)
{
	if (!reserve(text, length))
		return;
	if (length > 0)
		memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

/*
 * text_put adds a string.
 */
void
text_put(Text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

/*
 * text_printf adds what printf() would write.
 */
void
text_printf(Text *text, const char *format, ...)
{
	char buffer[1024];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(buffer, sizeof(buffer), format, args);
	va_end(args);
	if (length < (int) sizeof(buffer))
	{
		text_add(text, buffer, (size_t) length);
		return;
	}
	if (!reserve(text, (size_t) length))
		return;
	va_start(args, format);
	vsnprintf(text->data + text->length, (size_t) length + 1, format, args);
	va_end(args);
	text->length += (size_t) length;
}

/*
 * is_continuation returns whether a byte is the second, third or fourth of a UTF-8 character.
 */
static bool
is_continuation(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

/*
 * utf8_length measures a character.  Overlong forms, surrogates and what is beyond U+10FFFF are
 * none.
 */
size_t
utf8_length(const unsigned char *bytes, size_t length)
{
	unsigned char first;

	if (length == 0)
		return 0;
	first = bytes[0];
	if (first < 0x80)
		return 1;
	if (first < 0xC2 || length < 2 || !is_continuation(bytes[1]))
		return 0;
	if (first < 0xE0)
		return 2;
	if (length < 3 || !is_continuation(bytes[2]))
		return 0;
	if (first < 0xF0)
		return (first == 0xE0 && bytes[1] < 0xA0) || (first == 0xED && bytes[1] >= 0xA0) ? 0 : 3;
	if (length < 4 || !is_continuation(bytes[3]) || first > 0xF4)
		return 0;
	return (first == 0xF0 && bytes[1] < 0x90) || (first == 0xF4 && bytes[1] >= 0x90) ? 0 : 4;
}

/*
 * text_put_json adds a JSON string.
 */
void
text_put_json(Text *text, const char *bytes, size_t length)
{
	const unsigned char *at = (const unsigned char *) bytes;
	const unsigned char *end = at + length;

	text_add(text, "\"", 1);
	while (at < end)
	{
		size_t n = utf8_length(at, (size_t) (end - at));

		if (n == 0 || *at < 0x20 || *at == 0x7F)
		{
			text_printf(text, "\\u%04x", *at);
			n = 1;
		}
		else
		{
			if (*at == '"' || *at == '\\')
				text_add(text, "\\", 1);
			text_add(text, (const char *) at, n);
		}
		at += n;
	}
	text_add(text, "\"", 1);
}

/*
 * text_free empties a text.
 */
void
text_free(Text *text)
{
	free(text->data);
	*text = (Text){NULL, 0, 0, false};
}
