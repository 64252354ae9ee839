/*
 * body.c
 *		Decompression and forms.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "body.h"
#include "core/base64_digit.h"

#define RATIO_FROM     ((size_t) 64 * 1024)
#define AUTOMATIC_BITS (15 + 32) /* zlib finds out whether it is gzip or zlib */

/*
 * take replaces a body's bytes by new ones.
 */
static void
take(Body *body, char *bytes, size_t length)
{
	if (body->owned)
		free(body->bytes);
	body->bytes = bytes;
	body->length = length;
	body->owned = true;
}

/*
 * bad notes why a body can't be read.
 */
static BodyStatus
bad(Body *body, BodyStatus status, const char *error)
{
	body->error = error;
	return status;
}

/*
 * is_gzip returns whether bytes begin as gzip does.
 */
static bool
is_gzip(const char *bytes, size_t length)
{
	return length >= 2 && (unsigned char) bytes[0] == 0x1F && (unsigned char) bytes[1] == 0x8B;
}

/*
 * is_json_begin returns whether bytes begin as an object or array does.
 */
static bool
is_json_begin(const char *bytes, size_t length)
{
	while (length > 0 && strchr(" \t\r\n", *bytes) != NULL && *bytes != '\0')
	{
		bytes++;
		length--;
	}
	return length > 0 && (*bytes == '{' || *bytes == '[');
}

/*
 * allowed_size returns how large a compressed body may get.
 */
static size_t
allowed_size(size_t length, const BodyLimits *limits)
{
	size_t by_ratio = length > limits->max_bytes / limits->max_ratio ? limits->max_bytes
																	 : length * limits->max_ratio;

	if (by_ratio < RATIO_FROM)
		by_ratio = RATIO_FROM;
	return by_ratio < limits->max_bytes ? by_ratio : limits->max_bytes;
}

/*
 * Output of a decompression, which grows up to a limit.
 */
typedef struct Output
{
	char *bytes;
	size_t length;
	size_t capacity;
	size_t limit;
} Output;

/*
 * make_room gives zlib room for more output.
 */
static BodyStatus
make_room(Output *output, z_stream *stream)
{
	size_t capacity = output->capacity * 2;
	char *grown;

	if (output->length == output->limit + 1)
		return BODY_TOO_LARGE;
	if (capacity > output->limit + 1)
		capacity = output->limit + 1;
	grown = realloc(output->bytes, capacity);
	if (grown == NULL)
		return BODY_NO_MEMORY;
	output->bytes = grown;
	output->capacity = capacity;
	stream->next_out = (Bytef *) output->bytes + output->length;
	stream->avail_out = (uInt) (capacity - output->length);
	return BODY_OK;
}

/*
 * inflate_all decompresses all members of a stream.
 */
static BodyStatus
inflate_all(z_stream *stream, Output *output)
{
	BodyStatus status;
	int result = Z_OK;

	for (;;)
	{
		if (stream->avail_out == 0 && (status = make_room(output, stream)) != BODY_OK)
			return status;
		result = inflate(stream, Z_NO_FLUSH);
		output->length = output->capacity - stream->avail_out;
		if (output->length > output->limit)
			return BODY_TOO_LARGE;
		if (result == Z_STREAM_END)
		{
			if (stream->avail_in == 0)
				return BODY_OK;
			if (inflateReset(stream) != Z_OK)
				return BODY_BAD;
		}
		else if (result == Z_MEM_ERROR)
			return BODY_NO_MEMORY;
		else if (result != Z_OK && !(result == Z_BUF_ERROR && stream->avail_out == 0))
			return BODY_BAD;
		else if (stream->avail_in == 0 && stream->avail_out > 0)
			return BODY_BAD;
	}
}

/*
 * decompress replaces a compressed body.
 */
static BodyStatus
decompress(Body *body, const BodyLimits *limits)
{
	z_stream stream = {.next_in = (Bytef *) body->bytes, .avail_in = (uInt) body->length};
	Output output = {.capacity = 1024, .limit = allowed_size(body->length, limits)};
	BodyStatus status;

	if (inflateInit2(&stream, AUTOMATIC_BITS) != Z_OK)
		return BODY_NO_MEMORY;
	status = inflate_all(&stream, &output);
	inflateEnd(&stream);
	if (status == BODY_OK)
		take(body, output.bytes, output.length);
	else
		free(output.bytes);
	if (status == BODY_TOO_LARGE)
		return bad(body, status, "the body is too large once it is decompressed");
	if (status == BODY_BAD)
		return bad(body, status, "the compressed body is damaged or incomplete");
	return status;
}

/*
 * hex_value returns the value of a hexadecimal digit, or -1.
 */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char) (c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * decode_percent copies a field's value without percent signs.
 */
static char *
decode_percent(const char *bytes, size_t length, size_t *decoded)
{
	char *copy = malloc(length + 1);
	size_t n = 0;

	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < length; i++)
	{
		if (bytes[i] == '%' && i + 2 < length && hex_value(bytes[i + 1]) >= 0 &&
			hex_value(bytes[i + 2]) >= 0)
		{
			copy[n++] = (char) (hex_value(bytes[i + 1]) * 16 + hex_value(bytes[i + 2]));
			i += 2;
		}
		else
			copy[n++] = bytes[i] == '+' ? ' ' : bytes[i];
	}
	copy[n] = '\0';
	*decoded = n;
	return copy;
}

/*
 * form_value finds a field.
 */
char *
form_value(const char *form, size_t length, const char *name, size_t *value_length)
{
	size_t name_length = strlen(name);
	const char *end = form + length;

	while (form < end)
	{
		const char *next = memchr(form, '&', (size_t) (end - form));
		size_t field = (size_t) ((next != NULL ? next : end) - form);

		if (field > name_length && form[name_length] == '=' && memcmp(form, name, name_length) == 0)
			return decode_percent(form + name_length + 1, field - name_length - 1, value_length);
		form += field + 1;
	}
	return NULL;
}

/*
 * base64_decode decodes in place.
 */
bool
base64_decode(char *bytes, size_t *length)
{
	size_t digits = *length;
	size_t n = 0;
	uint32_t bits = 0;

	while (digits > 0 && bytes[digits - 1] == '=')
		digits--;
	if (digits == 0 || digits % 4 == 1 || *length - digits > 3)
		return false;
	for (size_t i = 0; i < digits; i++)
	{
		int value = base64_digit(bytes[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t) value;
		if (i % 4 > 0)
			bytes[n++] = (char) (bits >> (6 - 2 * (i % 4)));
	}
	*length = n;
	return true;
}

/*
 * unwrap_field makes the value of the field data the body.
 */
static BodyStatus
unwrap_field(Body *body, char *value, size_t length, const BodyLimits *limits)
{
	if (!is_json_begin(value, length) && !is_gzip(value, length) && !base64_decode(value, &length))
	{
		free(value);
		return bad(body, BODY_BAD, "the field data is neither JSON nor base64");
	}
	take(body, value, length);
	return is_gzip(value, length) ? decompress(body, limits) : BODY_OK;
}

/*
 * body_from_query takes the body from a query string.
 */
BodyStatus
body_from_query(Body *body, const char *query, const BodyLimits *limits)
{
	size_t length;
	char *value = form_value(query, strlen(query), "data", &length);

	return value == NULL ? BODY_OK : unwrap_field(body, value, length, limits);
}

/*
 * is_form returns whether a body is a form: it says so, or it begins as one that we know.  What says
 * so and is JSON all the same is JSON.
 */
static bool
is_form(const Body *body, const char *content_type)
{
	static const char form[] = "application/x-www-form-urlencoded";

	if (is_json_begin(body->bytes, body->length))
		return false;
	return (content_type != NULL && strncasecmp(content_type, form, sizeof(form) - 1) == 0) ||
		   (body->length > 5 && memcmp(body->bytes, "data=", 5) == 0);
}

/*
 * is_compression returns whether a Content-Encoding is one that zlib undoes.
 */
static bool
is_compression(const char *encoding)
{
	return strcasecmp(encoding, "gzip") == 0 || strcasecmp(encoding, "x-gzip") == 0 ||
		   strcasecmp(encoding, "deflate") == 0;
}

/*
 * body_unwrap unwraps a body.
 */
BodyStatus
body_unwrap(Body *body, const char *encoding, const char *content_type, const BodyLimits *limits)
{
	bool compressed = is_gzip(body->bytes, body->length);
	BodyStatus status;
	size_t length;
	char *value;

	/* a proxy may have decompressed it and left the header */
	if (!compressed && encoding != NULL && *encoding != '\0' &&
		strcasecmp(encoding, "identity") != 0 && !is_json_begin(body->bytes, body->length))
	{
		if (!is_compression(encoding))
			return bad(body, BODY_UNSUPPORTED,
					   "this Content-Encoding is not supported; gzip and deflate are");
		compressed = true;
	}
	if (compressed && (status = decompress(body, limits)) != BODY_OK)
		return status;
	if (!is_form(body, content_type))
		return BODY_OK;
	value = form_value(body->bytes, body->length, "data", &length);
	if (value == NULL)
		return bad(body, BODY_BAD, "the form has no field data");
	return unwrap_field(body, value, length, limits);
}
