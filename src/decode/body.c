/*
 * body.c
 *		The body of a request: JSON, whatever it is wrapped in, or parameters.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "compat.h"
#include "decode/base64.h"
#include "decode/body.h"
#include "decode/clean_text.h"
#include "decode/json_read.h"
#include "decode/json_scan.h"
#include "web/url_query.h"

/* So much of a body is shown where it is not JSON. */
#define SHOWN_BYTES 40

/*
 * trim returns a text without a byte order mark, and without white space at its ends.
 */
static TextView
trim(TextView text)
{
	if (text.len >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
		text = (TextView){text.data + 3, text.len - 3};
	while (text.len > 0 && strchr(" \t\r\n", text.data[0]) != NULL && text.data[0] != '\0')
		text = (TextView){text.data + 1, text.len - 1};
	while (text.len > 0 && strchr(" \t\r\n", text.data[text.len - 1]) != NULL &&
		   text.data[text.len - 1] != '\0')
		text.len--;
	return text;
}

/*
 * starts_json tells whether a text can only be JSON.
 */
static bool
starts_json(TextView text)
{
	return text.len > 0 && (text.data[0] == '{' || text.data[0] == '[');
}

/*
 * say_fault sets a fault, and returns false.
 */
static bool
say_fault(DecodeFault *fault, int sqlstate, const char *message, const char *detail,
		  const char *hint)
{
	*fault = (DecodeFault){sqlstate, message, detail, hint};
	return false;
}

/*
 * say_not_json sets the fault of a body that a scan has failed at.
 */
static bool
say_not_json(DecodeFault *fault, const JsonScan *scan)
{
	unsigned problems = 0;
	TextView rest = {scan->at, (uint32) Min(scan->end - scan->at, SHOWN_BYTES)};
	TextView shown = clean_text(rest, &problems);
	uint64 place = (uint64) (scan->at - scan->start) + 1;
	char *detail = scan->at == scan->end
					   ? psprintf("It ends where %s should be.", scan->expected)
					   : psprintf("Expected %s at byte " UINT64_FORMAT ": %.*s", scan->expected,
								  place, (int) shown.len, shown.data);

	return say_fault(fault, ERRCODE_INVALID_TEXT_REPRESENTATION,
					 "the body of the request is not JSON", detail, NULL);
}

/*
 * decode_data returns what the parameter "data" has: JSON, or base64 of it.
 */
static TextView
decode_data(TextView encoded)
{
	TextView bytes;
	char *out = palloc(encoded.len + 1);

	bytes.data = out;
	(void) url_query_decode_bytes(encoded, out, &bytes.len);
	bytes = trim(bytes);
	return starts_json(bytes) ? bytes : base64_decode(bytes);
}

/*
 * open_data takes the JSON out of a parameter.
 */
static bool
open_data(Body *body, TextView data, DecodeFault *fault)
{
	body->text = decode_data(data);
	if (body->text.data == NULL)
		return say_fault(fault, ERRCODE_INVALID_TEXT_REPRESENTATION,
						 "the parameter \"data\" of the request is neither JSON nor base64", NULL,
						 NULL);
	body->text = trim(body->text);
	body->kind = BODY_VALUES;
	return true;
}

/*
 * open_parameters takes parameters, or the JSON that one of them is.
 */
static bool
open_parameters(Body *body, TextView query, DecodeFault *fault)
{
	TextView data = query_parameter(query, "data");

	if (data.data != NULL)
		return open_data(body, data, fault);
	body->text = query;
	body->kind = query.len == 0 ? BODY_EMPTY : BODY_PARAMETERS;
	return true;
}

/*
 * open_base64 takes the JSON out of a body that is base64.
 */
static bool
open_base64(Body *body, TextView text, DecodeFault *fault)
{
	TextView bytes = base64_decode(text);

	if (bytes.data == NULL)
		return say_fault(fault, ERRCODE_INVALID_TEXT_REPRESENTATION,
						 "the body of the request is not base64",
						 "Its query says compression=base64.", NULL);
	body->text = trim(bytes);
	body->kind = BODY_VALUES;
	return true;
}

/*
 * check_compression reports a compression that can't be undone.
 */
static bool
check_compression(const Request *request, TextView text, DecodeFault *fault)
{
	TextView compression = query_parameter(request->query, "compression");

	if (text.len >= 2 && memcmp(text.data, "\x1f\x8b", 2) == 0)
		return say_fault(fault, ERRCODE_INVALID_TEXT_REPRESENTATION,
						 "the body of the request is compressed", "It begins as gzip does.",
						 "Decompress the body before it is decoded.");
	if (text_view_is(compression, "lz64"))
		return say_fault(fault, ERRCODE_FEATURE_NOT_SUPPORTED,
						 "the body of the request is compressed in a way that is not supported",
						 "Its query says compression=lz64.",
						 "Let the tracker send without compression, or with gzip.");
	return true;
}

/*
 * unwrap finds out what a body is, and takes JSON out of what it is wrapped in.
 */
static bool
unwrap(Body *body, const Request *request, DecodeFault *fault)
{
	TextView text = trim(request->raw->body);

	if (text.len == 0)
		return open_parameters(body, request->query, fault);
	body->kind = BODY_VALUES;
	body->text = text;
	if (starts_json(text))
		return true;
	if (!check_compression(request, text, fault))
		return false;
	if ((text.len >= 5 && memcmp(text.data, "data=", 5) == 0) ||
		request_has_type(request, "application/x-www-form-urlencoded"))
		return open_parameters(body, text, fault);
	if (text_view_is(query_parameter(request->query, "compression"), "base64"))
		return open_base64(body, text, fault);
	return true;
}

/*
 * add_member appends a member.
 */
static void
add_member(Body *body, TextView key, TextView value)
{
	unsigned problems;

	if (body->count == body->room)
	{
		body->room = Max(body->room * 2, 16);
		body->members = body->members == NULL
							? palloc(body->room * sizeof(BodyMember))
							: repalloc_huge(body->members, body->room * sizeof(BodyMember));
	}
	body->members[body->count++] = (BodyMember){json_read_string(key, &problems), value};
}

/*
 * scan_members reads the members of an object, whose brace is read already.
 */
static bool
scan_members(JsonScan *scan, Body *body)
{
	if (json_scan_take(scan, '}'))
		return true;
	for (;;)
	{
		TextView key;
		TextView value;

		if (!json_scan_key(scan, &key) || !json_scan_value(scan, &value))
			return false;
		add_member(body, key, value);
		if (json_scan_take(scan, '}'))
			return true;
		if (!json_scan_take(scan, ','))
			return json_scan_fail(scan, "a comma or the end of an object");
	}
}

/*
 * is_separate tells whether a value ends where the scan is: a scalar needs white space behind it.
 */
static bool
is_separate(const JsonScan *scan)
{
	return strchr("}] \t\r\n", scan->at[-1]) != NULL && scan->at[-1] != '\0';
}

/*
 * scan_rest reads the values that come after the first one.
 */
static bool
scan_rest(JsonScan *scan, Body *body)
{
	if (!json_scan_at_end(scan))
		body->kind = BODY_VALUES;
	while (!json_scan_at_end(scan))
	{
		TextView value;

		if (!is_separate(scan))
			return json_scan_fail(scan, "white space after a value");
		if (!json_scan_value(scan, &value))
			return false;
	}
	return true;
}

/*
 * scan_body reads all JSON of a body.
 */
static bool
scan_body(JsonScan *scan, Body *body)
{
	TextView value;

	if (json_scan_take(scan, '{'))
	{
		body->kind = BODY_OBJECT;
		return scan_members(scan, body) && scan_rest(scan, body);
	}
	if (!json_scan_value(scan, &value))
		return false;
	body->kind = value.data[0] == '[' ? BODY_ARRAY : BODY_VALUES;
	return scan_rest(scan, body);
}

/*
 * body_open reads a body.
 */
bool
body_open(Body *body, const Request *request, DecodeFault *fault)
{
	JsonScan scan;

	memset(body, 0, sizeof(*body));
	if (!unwrap(body, request, fault))
		return false;
	if (body->kind != BODY_VALUES)
		return true;
	json_scan_begin(&scan, body->text);
	if (!scan_body(&scan, body))
		return say_not_json(fault, &scan);
	return true;
}

/*
 * body_member returns a member; of several the last one counts.
 */
TextView
body_member(const Body *body, const char *key)
{
	for (uint32 i = body->kind == BODY_OBJECT ? body->count : 0; i > 0; i--)
		if (text_view_is(body->members[i - 1].key, key))
			return body->members[i - 1].value;
	return (TextView){NULL, 0};
}

/*
 * body_array returns a member that is an array.
 */
TextView
body_array(const Body *body, const char *key)
{
	TextView value = body_member(body, key);

	return value.data != NULL && value.data[0] == '[' ? value : (TextView){NULL, 0};
}

/*
 * body_first returns the first event of a body.
 */
bool
body_first(const Body *body, const char *member, Body *first)
{
	TextView array = body->kind == BODY_OBJECT ? body_array(body, member) : body->text;
	JsonScan scan;

	memset(first, 0, sizeof(*first));
	if (array.data == NULL || body->kind == BODY_PARAMETERS || body->kind == BODY_EMPTY)
		return false;
	json_scan_begin(&scan, array);
	if (body->kind != BODY_VALUES && !json_scan_take(&scan, '['))
		return false;
	first->kind = BODY_OBJECT;
	return json_scan_take(&scan, '{') && scan_members(&scan, first);
}

/*
 * body_without returns a body without a member.
 */
JsonbValue
body_without(const Body *body, const char *key, Notes *notes)
{
	JsonbPair *pairs = palloc_extended((Size) body->count * sizeof(JsonbPair), MCXT_ALLOC_HUGE);
	uint32 count = 0;
	TreeDropped dropped = {0};
	JsonbValue object;

	for (uint32 i = 0; i < body->count; i++)
	{
		JsonPlace place;

		if (key != NULL && text_view_is(body->members[i].key, key))
			continue;
		place = (JsonPlace){NULL, body->members[i].key, 0};
		pairs[count].key = tree_string(body->members[i].key);
		json_read(body->members[i].value, &place, notes, &pairs[count].value);
		count++;
	}
	object = tree_object(pairs, count, true, &dropped);
	notes_add_dropped(notes, NULL, "duplicate key", &dropped);
	return object;
}
