/*
 * base64.c
 *		Base64 as trackers write it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "compat.h"
#include "core/base64_digit.h"
#include "decode/base64.h"

/*
 * without_padding returns the length of a text without padding and line breaks at its end.
 */
static uint32
without_padding(TextView text)
{
	uint32 length = text.len;

	while (length > 0 && (text.data[length - 1] == '=' || text.data[length - 1] == '\n' ||
						  text.data[length - 1] == '\r'))
		length--;
	return length;
}

/*
 * base64_decode decodes a text.
 */
TextView
base64_decode(TextView text)
{
	uint32 length = without_padding(text);
	char *bytes = palloc((Size) length / 4 * 3 + 4);
	uint32 bits = 0;
	uint32 digits = 0;
	char *out = bytes;

	for (uint32 i = 0; i < length; i++)
	{
		int value = base64_digit(text.data[i]);

		if (text.data[i] == '\n' || text.data[i] == '\r')
			continue;
		if (value < 0)
			return (TextView){NULL, 0};
		bits = bits << 6 | (uint32) value;
		if (digits++ % 4 != 0)
			*out++ = (char) (bits >> (6 - 2 * ((digits - 1) % 4)));
	}
	/* one digit alone is no byte */
	if (digits % 4 == 1)
		return (TextView){NULL, 0};
	return (TextView){bytes, (uint32) (out - bytes)};
}

/*
 * base64_encode encodes bytes.
 */
TextView
base64_encode(TextView bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = (const unsigned char *) bytes.data;
	char *text = palloc(((Size) bytes.len + 2) / 3 * 4 + 1);
	char *out = text;

	for (uint32 i = 0; i < bytes.len; i += 3)
	{
		uint32 left = bytes.len - i;
		uint32 bits = (uint32) in[i] << 16 | (left > 1 ? (uint32) in[i + 1] << 8 : 0) |
					  (left > 2 ? (uint32) in[i + 2] : 0);

		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[bits & 63] : '=';
	}
	return (TextView){text, (uint32) (out - text)};
}
