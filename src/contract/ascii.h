/*
 * ascii.h
 *		Reading texts made of ASCII's characters.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ASCII_H
#define SESSIONIZE_ASCII_H

#include "postgres.h"

#include "utils/text_view.h"

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
ascii_is_alnum(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c);
}

/*
 * ascii_hex returns the value of a hexadecimal digit, or -1.
 */
static inline int
ascii_hex(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * ascii_take takes a character off the front of a text if it comes next.
 */
static inline bool
ascii_take(TextView *text, char c)
{
	if (text->len == 0 || text->data[0] != c)
		return false;
	text->data++;
	text->len--;
	return true;
}

/*
 * ascii_take_digits takes between min and max digits off the front of a text; what follows is no
 * digit, unless it was max digits.
 */
static inline bool
ascii_take_digits(TextView *text, uint32 min, uint32 max, int32 *value)
{
	uint32 len = 0;

	*value = 0;
	while (len < max && len < text->len && ascii_is_digit(text->data[len]))
		*value = (*value * 10 + (text->data[len++] - '0')) % 1000000;
	text->data += len;
	text->len -= len;
	return len >= min;
}

/*
 * ascii_take_until takes what stands before the first of a character, and the character; all of the
 * text if it does not have the character.
 */
static inline TextView
ascii_take_until(TextView *text, char c)
{
	const char *found = text->len == 0 ? NULL : memchr(text->data, c, text->len);
	uint32 len = found == NULL ? text->len : (uint32) (found - text->data);
	TextView taken = {text->data, len};
	uint32 skip = len + (found == NULL ? 0 : 1);

	text->data += skip;
	text->len -= skip;
	return taken;
}

#endif /* SESSIONIZE_ASCII_H */
