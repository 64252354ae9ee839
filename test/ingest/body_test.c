/*
 * body_test.c
 *		Bodies, the check of JSON, routes, keys and addresses, against known answers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zlib.h>

#include "address.h"
#include "body.h"
#include "json_check.h"
#include "routes.h"
#include "text.h"
#include "unit.h"

static const BodyLimits limits = {.max_bytes = 1 << 20, .max_ratio = 100};

/*
 * is_json returns whether a text is JSON; it lies in memory of its own size, for the sanitizers.
 */
static bool
is_json(const char *text, size_t length, bool many)
{
	char *copy = malloc(length + 1);
	size_t at;
	bool good;

	memcpy(copy + 1, text, length);
	good = json_check(copy + 1, length, many, NULL, 0, &at) == NULL;
	free(copy);
	return good;
}

/*
 * test_json checks texts that are JSON and that are none.
 */
static void
test_json(void)
{
	static const char *const good[] = {"{}",
									   "[]",
									   " [ ] ",
									   "{\"a\":{\"b\":[1,2,{\"c\":null}]},\"d\":true}",
									   "0",
									   "-0.5e+10",
									   "1e400",
									   "\"\\u0000\\ud800\\n\"",
									   "\"\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\"",
									   "{\"a\":1,\"a\":2}",
									   "[[],[],{}]",
									   "\"\x7F\""};
	static const char *const bad[] = {"",
									  " ",
									  "{",
									  "}",
									  "[",
									  "]",
									  "[1,]",
									  "[,1]",
									  "{,}",
									  "{\"a\"}",
									  "{\"a\":}",
									  "{\"a\":1,}",
									  "{a:1}",
									  "{'a':1}",
									  "01",
									  "-",
									  "1.",
									  ".5",
									  "1e",
									  "+1",
									  "tru",
									  "nul",
									  "NaN",
									  "\"",
									  "\"\\",
									  "\"\\x\"",
									  "\"\\u12\"",
									  "\"\\u12g4\"",
									  "\"\x01\"",
									  "[1 2]",
									  "[}",
									  "{]",
									  "1 2",
									  "{} x",
									  "\"\xC3\"",
									  "\"\xC0\x80\"",
									  "\"\xED\xA0\x80\"",
									  "\"\xF4\x90\x80\x80\"",
									  "\"\x80\"",
									  "\xEF\xBB\xBF{}",
									  "[\"a\":1]",
									  "{\"a\",1}",
									  "truee",
									  "/**/1"};
	bool passed = true;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!is_json(good[i], strlen(good[i]), false))
		{
			diag("good: %s", good[i]);
			passed = false;
		}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (is_json(bad[i], strlen(bad[i]), false))
		{
			diag("bad: %s", bad[i]);
			passed = false;
		}
	ok(passed, "JSON is JSON, and nothing else is");
	ok(is_json("{}\n{} \n[1]\n", 11, true) && is_json("{}", 2, true) && !is_json("", 0, true) &&
		   !is_json("{}\n{", 4, true) && !is_json("{},{}", 5, true),
	   "lines of JSON");
	ok(is_json("{}{}[1]2 3", 10, true) && is_json("1 2\n\"a\"\tnull", 12, true) &&
		   !is_json("00", 2, true) && !is_json("1\"a\"", 4, true) && !is_json("true{}", 6, true),
	   "several values, as the database separates them");
	ok(!is_json("\"a\0b\"", 5, false) && !is_json("\"\\\0\"", 4, false), "a zero byte is no JSON");
}

/*
 * test_depth nests arrays.
 */
static void
test_depth(void)
{
	size_t size = 200000;
	char *text = malloc(size);
	bool passed;

	memset(text, '[', size / 2);
	memset(text + size / 2, ']', size / 2);
	passed = !is_json(text, size, false) &&
			 is_json(text + size / 2 - JSON_MAX_DEPTH, 2 * JSON_MAX_DEPTH, false) &&
			 !is_json(text + size / 2 - JSON_MAX_DEPTH - 1, 2 * JSON_MAX_DEPTH + 2, false);
	ok(passed, "values nested too deep are refused");
	free(text);
}

/*
 * test_wanted finds the values of keys.
 */
static void
test_wanted(void)
{
	static const char text[] =
		"{\"batch\":[{\"writeKey\":\"deep\",\"token\":\"t\"}],\"writeKey\":\"outer\","
		"\"writeKey\":\"again\",\"x\":[[[[{\"aid\":\"too deep\"}]]]],\"api_key\":7}";
	JsonWanted wanted[] = {
		{.key = "writeKey"}, {.key = "token"}, {.key = "aid"}, {.key = "api_key"}};
	size_t at;

	ok(json_check(text, sizeof(text) - 1, false, wanted, 4, &at) == NULL && wanted[0].length == 5 &&
		   memcmp(wanted[0].value, "outer", 5) == 0 && wanted[1].length == 1 &&
		   wanted[2].value == NULL && wanted[3].value == NULL,
	   "the outermost and first value of a key, if it is a string");
}

/*
 * compress compresses bytes, as gzip or zlib.
 */
static unsigned char *
compress_bytes(const void *bytes, size_t length, bool gzip, size_t *size)
{
	z_stream stream = {0};
	unsigned char *out = malloc(length + 1000);

	if (deflateInit2(&stream, 9, Z_DEFLATED, gzip ? 31 : 15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	stream.next_in = (Bytef *) (uintptr_t) bytes;
	stream.avail_in = (uInt) length;
	stream.next_out = out;
	stream.avail_out = (uInt) (length + 1000);
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	*size = stream.total_out;
	deflateEnd(&stream);
	return out;
}

/*
 * unwraps returns whether a body becomes what is expected; NULL for an error of this status.
 */
static bool
unwraps(const void *bytes, size_t length, const char *encoding, const char *type,
		const char *expected, BodyStatus status)
{
	char *copy = malloc(length + 1);
	Body body = {.bytes = copy, .length = length};
	BodyStatus result;
	bool good;

	memcpy(copy, bytes, length);
	result = body_unwrap(&body, encoding, type, &limits);
	good = result == status &&
		   (expected == NULL ||
			(body.length == strlen(expected) && memcmp(body.bytes, expected, body.length) == 0));
	if (body.owned)
		free(body.bytes);
	free(copy);
	return good;
}

/*
 * test_compressed decompresses, also what is cut at every byte.
 */
static void
test_compressed(void)
{
	static const char json[] = "{\"event\": \"x\", \"text\": \"some text, some text\"}";
	size_t size;
	size_t zlib_size;
	unsigned char *gzip = compress_bytes(json, sizeof(json) - 1, true, &size);
	unsigned char *zlib = compress_bytes(json, sizeof(json) - 1, false, &zlib_size);
	unsigned char *twice = malloc(2 * size + 1);
	bool cut = true;
	char both[200];

	ok(unwraps(gzip, size, "gzip", NULL, json, BODY_OK) &&
		   unwraps(gzip, size, NULL, "text/plain", json, BODY_OK) &&
		   unwraps(zlib, zlib_size, "deflate", NULL, json, BODY_OK) &&
		   unwraps(json, sizeof(json) - 1, "gzip", NULL, json, BODY_OK),
	   "gzip by its header and by its bytes, deflate, and what a proxy has decompressed");
	for (size_t length = 2; length < size; length++)
		cut = cut && unwraps(gzip, length, NULL, NULL, NULL, BODY_BAD);
	ok(cut, "gzip that is cut anywhere is damaged");
	memcpy(twice, gzip, size);
	memcpy(twice + size, gzip, size);
	twice[2 * size] = 'x';
	strcat(strcpy(both, json), json);
	ok(unwraps(twice, 2 * size, NULL, NULL, both, BODY_OK) &&
		   unwraps(twice, 2 * size + 1, NULL, NULL, NULL, BODY_BAD),
	   "several members are one body, and what follows them is none");
	ok(unwraps("abc", 3, "br", NULL, NULL, BODY_UNSUPPORTED) &&
		   unwraps("abc", 3, "gzip", NULL, NULL, BODY_BAD) &&
		   unwraps("abc", 3, "identity", NULL, "abc", BODY_OK),
	   "other encodings");
	free(gzip);
	free(zlib);
	free(twice);
}

/*
 * test_bomb decompresses to far too much.
 */
static void
test_bomb(void)
{
	size_t large = 64 << 20;
	char *zeros = calloc(1, large);
	size_t size;
	unsigned char *bomb = compress_bytes(zeros, large, true, &size);
	size_t small_size;
	unsigned char *small = compress_bytes(zeros, 60000, true, &small_size);

	ok(size < 100000 && unwraps(bomb, size, NULL, NULL, NULL, BODY_TOO_LARGE), "a bomb");
	ok(unwraps(small, small_size, NULL, NULL, NULL, BODY_OK), "a small body of zeros is none");
	free(bomb);
	free(small);
	small = compress_bytes(zeros, 200000, true, &small_size);
	ok(unwraps(small, small_size, NULL, NULL, NULL, BODY_TOO_LARGE), "the ratio counts");
	free(small);
	free(zeros);
}

/*
 * test_forms takes bodies out of forms.
 */
static void
test_forms(void)
{
	static const char form[] = "application/x-www-form-urlencoded; charset=utf-8";
	static const char json[] = "{\"a\":\"~~~\"}";

	ok(unwraps("data=eyJhIjoifn5%2BIn0%3D", 25, NULL, form, json, BODY_OK) &&
		   unwraps("data=eyJhIjoifn5-In0", 20, NULL, "text/plain", json, BODY_OK) &&
		   unwraps("ip=1&data=eyJhIjoifn5+In0=&x=", 29, NULL, form, json, BODY_OK) &&
		   unwraps("data=%7B%22a%22%3A%22~~~%22%7D", 30, NULL, form, json, BODY_OK) &&
		   unwraps(json, sizeof(json) - 1, NULL, form, json, BODY_OK),
	   "base64 of both alphabets, percent signs, and JSON that calls itself a form");
	ok(unwraps("data=%%%", 8, NULL, form, NULL, BODY_BAD) &&
		   unwraps("data=", 5, NULL, form, NULL, BODY_BAD) &&
		   unwraps("data=abcde", 10, NULL, form, NULL, BODY_BAD) &&
		   unwraps("x=1", 3, NULL, form, NULL, BODY_BAD) &&
		   unwraps("", 0, NULL, form, NULL, BODY_BAD),
	   "forms without data");
}

/*
 * test_texts writes JSON strings.
 */
static void
test_texts(void)
{
	Text text = {0};

	text_put_json(&text, "a\"\\\n\x01\xFF\xC3\xBC\xED\xA0\x80", 11);
	ok(!text.failed && strcmp(text.data, "\"a\\\"\\\\\\u000a\\u0001\\u00ff\xC3\xBC\\u00ed\\u00a0"
										 "\\u0080\"") == 0,
	   "bytes that are no UTF-8 are Latin-1");
	text_free(&text);
}

/*
 * test_addresses reads, cuts and compares addresses.
 */
static void
test_addresses(void)
{
	AddressRange range;
	Address a;
	Address b;
	char text[ADDRESS_TEXT_SIZE];

	ok(address_parse("192.0.2.77:4711", 15, &a) &&
		   (address_text(&a, text), strcmp(text, "192.0.2.77") == 0) &&
		   address_parse("[2001:db8:1:2::3]:80", 20, &b) && b.family == AF_INET6 &&
		   !address_parse("unknown", 7, &a) && !address_parse("1.2.3", 5, &a) &&
		   !address_parse("", 0, &a),
	   "addresses with and without ports");
	b = address_truncate(&b, 24, 48);
	address_text(&b, text);
	ok(strcmp(text, "2001:db8:1::") == 0, "IPv6 truncated");
	address_parse("10.1.2.3", 8, &a);
	b = address_truncate(&a, 24, 48);
	address_text(&b, text);
	ok(strcmp(text, "10.1.2.0") == 0, "IPv4 truncated");
	ok(address_range_parse("10.1.0.0/16", &range) && address_in(&a, &range, 1) &&
		   address_range_parse("10.2.0.0/16", &range) && !address_in(&a, &range, 1) &&
		   address_range_parse("::/0", &range) && !address_in(&a, &range, 1) &&
		   !address_range_parse("10.0.0.0/33", &range) && !address_range_parse("10.0.0.0/", &range),
	   "ranges");
	address_parse("::ffff:127.0.0.1", 16, &a);
	ok(a.family == AF_INET && address_is_loopback(&a), "IPv4 inside of IPv6 is IPv4");
}

/*
 * test_routes finds what paths are.
 */
static void
test_routes(void)
{
	Options options;
	RouteHints none = {0};
	RouteHints rudder = {.anonymous_id = "x"};
	RouteHints cloud = {.content_type = "application/cloudevents+json; charset=utf-8"};
	Route route;
	char *argument[] = {"--snowplow-path", "/my/own"};
	char error[OPTIONS_ERROR_SIZE];

	options_init(&options);
	options_read(&options, 2, argument, error);
#define IS(method, path, hints, k, p)                                                              \
	(route = route_find(method, path, &hints, &options), route.kind == k && route.protocol == p)
	ok(IS("POST", "/v1/t", none, ROUTE_EVENTS, PROTOCOL_SEGMENT) &&
		   IS("POST", "/v1/batch/", none, ROUTE_EVENTS, PROTOCOL_SEGMENT) &&
		   IS("POST", "/v1/page", rudder, ROUTE_EVENTS, PROTOCOL_RUDDERSTACK) &&
		   IS("POST", "/e/", none, ROUTE_EVENTS, PROTOCOL_POSTHOG) &&
		   IS("GET", "/i", none, ROUTE_PIXEL, PROTOCOL_SNOWPLOW) &&
		   IS("POST", "/com.acme/tp2", none, ROUTE_EVENTS, PROTOCOL_SNOWPLOW) &&
		   IS("POST", "/my/own", none, ROUTE_EVENTS, PROTOCOL_SNOWPLOW) &&
		   IS("POST", "/any", cloud, ROUTE_EVENTS, PROTOCOL_CLOUDEVENTS) &&
		   IS("POST", "/", none, ROUTE_EVENTS, PROTOCOL_GENERIC),
	   "events by their paths");
	ok(IS("GET", "/v1/t", none, ROUTE_WRONG_METHOD, PROTOCOL_SEGMENT) &&
		   IS("GET", "/v1/tt", none, ROUTE_NONE, PROTOCOL_NONE) &&
		   IS("GET", "/v1//settings", none, ROUTE_NONE, PROTOCOL_NONE) &&
		   IS("GET", "/v1/projects//settings", none, ROUTE_NONE, PROTOCOL_NONE) &&
		   IS("GET", "", none, ROUTE_NONE, PROTOCOL_NONE) &&
		   IS("DELETE", "/v1/t", none, ROUTE_WRONG_METHOD, PROTOCOL_SEGMENT),
	   "and what is none");
	options_free(&options);
}

/*
 * main runs the tests.
 */
int
main(void)
{
	test_json();
	test_depth();
	test_wanted();
	test_compressed();
	test_bomb();
	test_forms();
	test_texts();
	test_addresses();
	test_routes();
	return done_testing();
}
