/*
 * body_fuzz.c
 *		Bodies, forms, JSON and headers' texts, made of the bytes of an input.
 *
 * What is packed has to be unpacked as it was, and what breaks off has to be refused; what is JSON is
 * what jansson takes for JSON, where that library is at hand (WITH_JANSSON).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#ifdef WITH_JANSSON
#include <jansson.h>
#endif

#include "body.h"
#include "fuzz.h"
#include "json_check.h"
#include "keys.h"
#include "log.h"
#include "routes.h"
#include "text.h"

#define MAX_TEXT 16384

static const BodyLimits limits = {.max_bytes = 256 * 1024, .max_ratio = 20};
static Options options;

#ifdef WITH_JANSSON

/*
 * without_surrogates copies JSON with other characters in place of surrogates, which need not be in
 * pairs by the grammar, and which jansson refuses.
 */
static char *
without_surrogates(const char *bytes, size_t length)
{
	char *copy = malloc(length + 1);

	memcpy(copy, bytes, length);
	for (size_t i = 0; i + 1 < length; i++)
	{
		if (copy[i] != '\\')
			continue;
		if (copy[++i] == 'u' && i + 4 < length && (copy[i + 1] | 0x20) == 'd' &&
			strchr("89abcdefABCDEF", copy[i + 2]) != NULL && copy[i + 2] != '\0')
			copy[i + 1] = '0';
	}
	return copy;
}

/*
 * after_value goes past the white space after a value, and returns 1 if that was the last one, -2 if
 * one may follow, and 0 if none may.
 */
static int
after_value(const char *bytes, size_t *at, size_t length, bool many)
{
	bool is_separate = bytes[*at - 1] == '}' || bytes[*at - 1] == ']';

	while (many && *at < length && memchr(" \t\r\n", bytes[*at], 4) != NULL)
	{
		++*at;
		is_separate = true;
	}
	if (!many || *at == length)
		return 1;
	return is_separate ? -2 : 0;
}

/*
 * is_json_of_jansson returns whether bytes are a value of JSON, or with many several; -1 if jansson
 * has limits of its own.
 */
static int
is_json_of_jansson(const char *bytes, size_t length, bool many)
{
	size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL | (many ? JSON_DISABLE_EOF_CHECK : 0);
	char *copy = without_surrogates(bytes, length);
	size_t at = 0;
	int result = -2;

	while (result == -2)
	{
		json_error_t error;
		json_t *value = json_loadb(copy + at, length - at, flags, &error);
		enum json_error_code code = json_error_code(&error);

		json_decref(value);
		at += value != NULL ? (size_t) error.position : 0;
		if (value == NULL)
			result =
				code == json_error_numeric_overflow || code == json_error_stack_overflow ? -1 : 0;
		else
			result = after_value(copy, &at, length, many);
	}
	free(copy);
	return result;
}

/*
 * compare_with_jansson compares what is said of bytes.
 */
static void
compare_with_jansson(const char *bytes, size_t length, bool many, const char *error)
{
	/* jansson goes past zero bytes, which are never JSON */
	int expected = memchr(bytes, 0, length) != NULL ? 0 : is_json_of_jansson(bytes, length, many);

	if (expected < 0 || (error != NULL && strstr(error, "too deep") != NULL))
		return;
	expect((error == NULL) == (expected == 1), "JSON%s: we say %s, jansson %s: %.*s",
		   many ? " lines" : "", error != NULL ? error : "yes", expected == 1 ? "yes" : "no",
		   (int) length, bytes);
}

#else

static void
compare_with_jansson(const char *bytes, size_t length, bool many, const char *error)
{
	(void) bytes;
	(void) length;
	(void) many;
	(void) error;
}

#endif

/*
 * check_json_text checks JSON, one value and many; what is found of a key is in the bytes.
 */
static bool
check_json_text(const char *bytes, size_t length)
{
	JsonWanted wanted[] = {{.key = "writeKey"}, {.key = "a"}};
	size_t at;
	const char *many = json_check(bytes, length, true, NULL, 0, &at);
	const char *one = json_check(bytes, length, false, wanted, 2, &at);

	expect(at <= length, "an error behind the end");
	expect(one != NULL || many == NULL, "one value is not several: %s", many);
	for (int i = 0; one == NULL && i < 2; i++)
		expect(wanted[i].value == NULL ||
				   (wanted[i].value > bytes &&
					wanted[i].value + wanted[i].length < bytes + length &&
					wanted[i].value[-1] == '"' && wanted[i].value[wanted[i].length] == '"'),
			   "a value of a key is no string");
	compare_with_jansson(bytes, length, false, one);
	compare_with_jansson(bytes, length, true, many);
	return one == NULL;
}

/*
 * exact_copy copies bytes to memory of exactly their size, so that a read beyond them is noticed.
 */
static char *
exact_copy(const void *bytes, size_t length)
{
	char *copy = malloc(length);

	if (length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

/*
 * unwrap_exactly unwraps a body that lies in memory of its size.
 */
static BodyStatus
unwrap_exactly(const void *bytes, size_t length, const char *encoding, const char *type, Body *body)
{
	char *copy = exact_copy(bytes, length);
	BodyStatus status;

	*body = (Body){.bytes = copy, .length = length};
	status = body_unwrap(body, encoding, type, &limits);
	expect(status == BODY_OK || status == BODY_NO_MEMORY || body->error != NULL,
		   "a body is refused without a reason");
	if (!body->owned)
	{
		body->bytes = exact_copy(copy, body->length);
		body->owned = true;
	}
	free(copy);
	return status;
}

/*
 * any_body unwraps bytes as they are.
 */
static void
any_body(Input *input)
{
	static const char *const encodings[] = {NULL,       "gzip", "deflate", "x-gzip",
											"identity", "",     "br",      "GZIP"};
	static const char *const types[] = {NULL, "application/json",
										"application/x-www-form-urlencoded", "text/plain"};
	const char *encoding = encodings[take_byte(input) % 8];
	const char *type = types[take_byte(input) % 4];
	Body body;

	if (unwrap_exactly(input->bytes, input->length, encoding, type, &body) == BODY_OK)
	{
		expect(body.length <= limits.max_bytes || body.length <= input->length,
			   "a body of %zu bytes became one of %zu", input->length, body.length);
		check_json_text(body.bytes, body.length);
	}
	free(body.bytes);
}

/*
 * compress_bytes adds bytes to a text as gzip or zlib.
 */
static void
compress_bytes(Text *text, const unsigned char *bytes, size_t length, bool gzip, int level)
{
	unsigned char out[2 * MAX_TEXT];
	z_stream stream = {.next_in = (Bytef *) bytes,
					   .avail_in = (uInt) length,
					   .next_out = out,
					   .avail_out = sizeof(out)};

	expect(length <= MAX_TEXT &&
			   deflateInit2(&stream, level, Z_DEFLATED, gzip ? 31 : 15, 8, 0) == Z_OK &&
			   deflate(&stream, Z_FINISH) == Z_STREAM_END,
		   "zlib does not compress");
	text_add(text, (char *) out, sizeof(out) - stream.avail_out);
	deflateEnd(&stream);
}

/*
 * compressed_body compresses bytes, as one or two members, and perhaps cuts the end off.
 */
static void
compressed_body(Input *input)
{
	unsigned how = take_byte(input);
	size_t cut = how & 4 ? take_byte(input) : 0;
	bool gzip = (how & 1) == 0;
	size_t first = gzip && how & 2 ? input->length / 2 : input->length;
	size_t before;
	Text text = {0};
	Body body;
	BodyStatus status;

	compress_bytes(&text, input->bytes, first, gzip, (int) (how >> 3) % 10);
	before = text.length;
	if (first < input->length)
		compress_bytes(&text, input->bytes + first, input->length - first, gzip, 9);
	cut %= text.length;
	/* where the second member begins, nothing is missing */
	if (cut == text.length - before)
		cut = 0;
	text.length -= cut;
	status = unwrap_exactly(text.data, text.length, gzip ? "gzip" : "deflate", "text/plain", &body);
	if (cut > 0)
		expect(status == BODY_BAD || status == BODY_TOO_LARGE, "what breaks off is taken");
	else if (input->length < 5 || memcmp(input->bytes, "data=", 5) != 0)
		expect(status == BODY_OK && body.length == input->length &&
				   memcmp(body.bytes, input->bytes, body.length) == 0,
			   "what was compressed is not what comes out");
	free(body.bytes);
	text_free(&text);
}

/*
 * put_base64 adds bytes as base64, of either alphabet, with and without padding, for a form.
 */
static void
put_base64(Text *text, const unsigned char *bytes, size_t length, unsigned how)
{
	const char *digits = how & 1
							 ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
							 : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < length; i += 3)
	{
		size_t rest = length - i < 3 ? length - i : 3;
		uint32_t bits = (uint32_t) bytes[i] << 16 | (rest > 1 ? (uint32_t) bytes[i + 1] << 8 : 0) |
						(rest > 2 ? bytes[i + 2] : 0);

		for (size_t digit = 0; digit < 4; digit++)
		{
			char c = digit > rest ? '=' : digits[bits >> (18 - 6 * digit) & 63];

			if (c == '=' && how & 2)
				continue;
			/* a plus sign may come as it is, which means a space in a form */
			if (how & 4 && c != '+')
				text_printf(text, "%%%02X", (unsigned) c);
			else
				text_add(text, &c, 1);
		}
	}
}

/*
 * form_body puts bytes into a form.
 */
static void
form_body(Input *input)
{
	unsigned how = take_byte(input);
	const unsigned char *bytes = input->bytes;
	bool is_gzip = input->length >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
	Text text = {0};
	Body body;
	BodyStatus status;

	if (input->length == 0 || is_gzip)
		return;
	text_put(&text, how & 8 ? "a=1&datas=2&data=" : "data=");
	put_base64(&text, bytes, input->length, how);
	text_put(&text, how & 16 ? "&b=%" : "");
	if (how & 32)
	{
		body = (Body){.bytes = NULL};
		status = body_from_query(&body, text.data, &limits);
	}
	else
		status = unwrap_exactly(text.data, text.length, NULL, "application/x-www-form-urlencoded",
								&body);
	expect(status == BODY_OK && body.length == input->length &&
			   memcmp(body.bytes, bytes, body.length) == 0,
		   "the form is not what comes out: %s", text.data);
	free(body.bytes);
	text_free(&text);
}

/*
 * base64_text decodes bytes as base64.
 */
static void
base64_text(Input *input)
{
	char *copy = exact_copy(input->bytes, input->length);
	size_t length = input->length;
	size_t digits = input->length;

	while (digits > 0 && input->bytes[digits - 1] == '=')
		digits--;
	if (base64_decode(copy, &length))
		expect(length == digits * 6 / 8, "%zu digits became %zu bytes", digits, length);
	free(copy);
}

/*
 * written_json writes bytes as a string of JSON.
 */
static void
written_json(Input *input)
{
	char *copy = exact_copy(input->bytes, input->length);
	Text text = {0};

	text_put_json(&text, copy, input->length);
	expect(check_json_text(text.data, text.length), "not written as JSON: %s", text.data);
	text_free(&text);
	free(copy);
}

/*
 * routed finds what a request is, and its key.
 */
static void
routed(Input *input)
{
	static const char *const methods[] = {"GET", "POST", "OPTIONS", "PUT", ""};
	const char *method = methods[take_byte(input) % 5];
	char text[512] = "";
	RouteHints hints = {.content_type = text, .user_agent = text, .ce_specversion = text};
	KeyPlaces places = {.authorization = text, .header = text, .query = text};
	const char *source = NULL;
	size_t length = 0;
	Body body = {.bytes = NULL};

	take_bytes(input, (unsigned char *) text, sizeof(text) - 1);
	(void) route_find(method, text, &hints, &options);
	if (keys_find(&options, &places, &source, &length))
		expect(length == 4 && memcmp(source, "shop", 4) == 0, "a source that is none");
	(void) body_from_query(&body, text, &limits);
	if (body.owned)
		free(body.bytes);
}

/*
 * fuzz_prepare reads the settings.
 */
void
fuzz_prepare(void)
{
	char *arguments[] = {"--write-key=shop:WK", "--snowplow-path=/own/path"};
	char error[OPTIONS_ERROR_SIZE];

	log_set_level(LOG_LEVEL_NONE);
	options_init(&options);
	expect(options_read(&options, 2, arguments, error), "%s", error);
}

/*
 * fuzz_one does what the first byte says with the rest.
 */
void
fuzz_one(const unsigned char *bytes, size_t length)
{
	static void (*const targets[])(Input *) = {any_body,    compressed_body, form_body,
											   base64_text, written_json,    routed};
	Input input = {bytes, length < MAX_TEXT ? length : MAX_TEXT};
	unsigned target = take_byte(&input) % 7;
	char *copy;

	if (target < 6)
	{
		targets[target](&input);
		return;
	}
	copy = exact_copy(input.bytes, input.length);
	check_json_text(copy, input.length);
	free(copy);
}
