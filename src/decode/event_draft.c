/*
 * event_draft.c
 *		An event as it is made of what a tracker has sent.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "decode/base64.h"
#include "decode/event_draft.h"
#include "decode/json_read.h"
#include "decode/json_scan.h"
#include "web/parse_time.h"
#include "web/url.h"

/* The context gets so many members at the end. */
#define DEFAULT_MEMBERS 4

#define UNIX_EPOCH_USECS ((TimestampTz) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* Milliseconds since 1970 have no more digits up to the year 33658. */
#define MILLISECOND_DIGITS 15

/*
 * draft_begin begins an event.
 */
void
draft_begin(EventDraft *draft, const Envelope *envelope, const JsonbValue *event)
{
	memset(draft, 0, sizeof(*draft));
	draft->envelope = envelope;
	for (int i = 0; i < RAW_EVENT_COLUMNS; i++)
		draft->row.isnull[i] = true;
	if (envelope->is_first)
		notes_append(&draft->notes, &envelope->notes);
	tree_members_open(&draft->members, event);
	if (!tree_is_object(event))
		notes_add_key(&draft->notes, "", "not an object", event);
	tree_object_begin(&draft->properties, 32);
	tree_object_begin(&draft->context, 32);
}

/*
 * scalar_text returns the text of a value; its data are NULL if it is an array or object.
 */
static TextView
scalar_text(const JsonbValue *value)
{
	char *text;

	switch (value->type)
	{
		case jbvString:
			return tree_string_view(value);
		case jbvNumeric:
			text = DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
			return (TextView){text, (uint32) strlen(text)};
		case jbvBool:
			return value->val.boolean ? (TextView) TEXT_VIEW("true")
									  : (TextView) TEXT_VIEW("false");
		default:
			return (TextView){NULL, 0};
	}
}

/*
 * draft_text sets a column to the text of a value.
 */
void
draft_text(EventDraft *draft, RawEventColumn column, const char *key, const JsonbValue *value)
{
	TextView text;

	if (value == NULL)
		return;
	text = scalar_text(value);
	if (text.data == NULL)
		notes_add_once(&draft->notes, key, "not a text", value);
	else if (text.len > MAX_COLUMN_TEXT)
		notes_add_once(&draft->notes, key, "text too long", value);
	else if (text.len > 0 && draft->row.isnull[column])
	{
		draft->row.values[column] =
			PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.len));
		draft->row.isnull[column] = false;
	}
}

/*
 * draft_view sets a column to a text.
 */
void
draft_view(EventDraft *draft, RawEventColumn column, const char *key, TextView text)
{
	JsonbValue value = tree_string(text);

	if (text.data != NULL)
		draft_text(draft, column, key, &value);
}

/*
 * draft_set_time sets a column to a time.
 */
void
draft_set_time(EventDraft *draft, RawEventColumn column, TimestampTz time)
{
	if (!draft->row.isnull[column])
		return;
	draft->row.values[column] = TimestampTzGetDatum(time);
	draft->row.isnull[column] = false;
}

/*
 * draft_number tells whether a value is a number.
 */
bool
draft_number(const JsonbValue *value, double *number)
{
	TextView text = scalar_text(value);
	JsonScan scan;
	TextView json;

	if (text.len == 0 || text.len > MAX_COLUMN_TEXT ||
		(text.data[0] != '-' && !isdigit((unsigned char) text.data[0])))
		return false;
	json_scan_begin(&scan, text);
	if (!json_scan_value(&scan, &json) || !json_scan_at_end(&scan))
		return false;
	*number = strtod(pnstrdup(json.data, json.len), NULL);
	return isfinite(*number);
}

/*
 * read_time tells whether a value is a time, and which one.
 */
static bool
read_time(const JsonbValue *value, TimestampTz *time)
{
	TextView text = scalar_text(value);

	return text.data != NULL && parse_time(text, time);
}

/*
 * draft_time sets a column to the time that a value is.
 */
void
draft_time(EventDraft *draft, RawEventColumn column, const char *key, const JsonbValue *value)
{
	TimestampTz time;

	if (value == NULL)
		return;
	if (read_time(value, &time))
		draft_set_time(draft, column, time);
	else
		notes_add_key(&draft->notes, key, "not a time", value);
}

/*
 * draft_shared_time sets a column to a time of the envelope.  The first event alone says what it is
 * if it can't be read: it may be long, and the events many.
 */
void
draft_shared_time(EventDraft *draft, RawEventColumn column, const char *key,
				  const JsonbValue *value)
{
	TimestampTz time;

	if (value == NULL)
		return;
	if (read_time(value, &time))
		draft_set_time(draft, column, time);
	else
		notes_add_key(&draft->notes, key, "not a time", draft->envelope->is_first ? value : NULL);
}

/*
 * draft_milliseconds sets a column to the time that a number of milliseconds is.
 */
void
draft_milliseconds(EventDraft *draft, RawEventColumn column, const char *key,
				   const JsonbValue *value)
{
	TextView text;
	int64 number = 0;
	uint32 digits = 0;

	if (value == NULL)
		return;
	text = scalar_text(value);
	for (; text.data != NULL && digits < text.len && digits < MILLISECOND_DIGITS; digits++)
	{
		if (text.data[digits] < '0' || text.data[digits] > '9')
			break;
		number = number * 10 + (text.data[digits] - '0');
	}
	if (digits > 0 && digits == text.len)
		draft_set_time(draft, column, number * 1000 - UNIX_EPOCH_USECS);
	else
		notes_add_key(&draft->notes, key, "not a time", value);
}

/*
 * draft_take_text sets a column to the text of a member.
 */
void
draft_take_text(EventDraft *draft, RawEventColumn column, const char *key)
{
	if (draft->row.isnull[column])
		draft_text(draft, column, key, tree_members_take(&draft->members, key));
}

/*
 * draft_take_time sets a column to the time of a member.
 */
void
draft_take_time(EventDraft *draft, RawEventColumn column, const char *key)
{
	if (draft->row.isnull[column])
		draft_time(draft, column, key, tree_members_take(&draft->members, key));
}

/*
 * draft_take_milliseconds sets a column to the time of a member.
 */
void
draft_take_milliseconds(EventDraft *draft, RawEventColumn column, const char *key)
{
	if (draft->row.isnull[column])
		draft_milliseconds(draft, column, key, tree_members_take(&draft->members, key));
}

/*
 * draft_page sets the page.
 */
void
draft_page(EventDraft *draft, const JsonbValue *page)
{
	if (draft->page.len == 0 && page != NULL && page->type == jbvString)
		draft->page = tree_string_view(page);
}

/*
 * draft_page_of sets the page to the path of a URL.
 */
void
draft_page_of(EventDraft *draft, const JsonbValue *url)
{
	UrlParts parts;

	if (draft->page.len > 0 || url == NULL || url->type != jbvString)
		return;
	parts = url_split(tree_string_view(url));
	draft->page = url_written_path(&parts);
}

/*
 * json_bytes returns the JSON that a text should be in UTF-8; its data are NULL if it is none.
 */
static TextView
json_bytes(TextView text, bool base64)
{
	TextView bytes = base64 ? base64_decode(text) : text;
	JsonScan scan;
	TextView value;

	if (bytes.data == NULL)
		return bytes;
	if (!base64)
	{
		char *utf8 = pg_server_to_any(text.data, (int) text.len, PG_UTF8);

		if (utf8 != text.data)
			bytes = (TextView){utf8, (uint32) strlen(utf8)};
	}
	json_scan_begin(&scan, bytes);
	if (!json_scan_value(&scan, &value) || !json_scan_at_end(&scan))
		return (TextView){NULL, 0};
	return value;
}

/*
 * draft_json returns the JSON that a text is.
 */
JsonbValue *
draft_json(EventDraft *draft, const char *key, const JsonbValue *text, bool base64)
{
	JsonPlace place = {NULL, {key, (uint32) strlen(key)}, 0};
	TextView bytes = {NULL, 0};
	JsonbValue *value;

	if (text->type == jbvString)
		bytes = json_bytes(tree_string_view(text), base64);
	if (bytes.data == NULL)
	{
		notes_add_key(&draft->notes, key, "not JSON", text);
		return NULL;
	}
	value = palloc(sizeof(JsonbValue));
	json_read(bytes, &place, &draft->notes, value);
	return value;
}

/*
 * draft_add_object adds the members of an object.
 */
void
draft_add_object(EventDraft *draft, TreeObject *to, const char *key, const JsonbValue *value)
{
	if (tree_is_object(value))
		tree_object_add_all(to, value);
	else if (value != NULL)
		notes_add_key(&draft->notes, key, "not an object", value);
}

/*
 * end_object returns an object that has room for some more members; what is there twice is noted.
 */
static JsonbValue
end_object(EventDraft *draft, TreeObject *object)
{
	const JsonbValue *shared = &draft->envelope->shared;
	TreeDropped dropped = {0};
	JsonbValue value;

	tree_object_reserve(object,
						DEFAULT_MEMBERS + (tree_is_object(shared) ? shared->val.object.nPairs : 0));
	value = tree_object_end(object, &dropped);
	notes_add_dropped(&draft->notes, NULL, "duplicate key", &dropped);
	return value;
}

/*
 * put_default adds a text to an object that has none of its key.
 */
static void
put_default(JsonbValue *object, const char *key, TextView text)
{
	JsonbPair pair = {tree_string((TextView){key, (uint32) strlen(key)}), tree_string(text), 0};

	if (text.data != NULL && text.len > 0)
		tree_put(object, &pair, false);
}

/*
 * header_text returns a header, cut where it would be too long for a column.
 */
static TextView
header_text(const Request *request, const char *name)
{
	TextView header = request_header(request, name);

	if (header.len > MAX_COLUMN_TEXT)
		header.len = (uint32) pg_mbcliplen(header.data, (int) header.len, MAX_COLUMN_TEXT);
	return header;
}

/*
 * with_shared returns a context with what the envelope says of all its events.
 */
static JsonbValue
with_shared(const JsonbValue *context, const Envelope *envelope)
{
	if (!tree_is_object(&envelope->shared) || (envelope->is_large && !envelope->is_first))
		return *context;
	return tree_merge(context, &envelope->shared);
}

/*
 * end_context returns the context.
 */
static JsonbValue
end_context(EventDraft *draft, const char *protocol)
{
	const Request *request = draft->envelope->request;
	JsonbValue context;

	tree_members_add_rest(&draft->members, &draft->context);
	context = end_object(draft, &draft->context);
	put_default(&context, "ip", header_text(request, ":address"));
	put_default(&context, "userAgent", header_text(request, "user-agent"));
	put_default(&context, "protocol", (TextView){protocol, (uint32) strlen(protocol)});
	notes_end(&draft->notes, &context);
	return with_shared(&context, draft->envelope);
}

/*
 * set_object sets a column to an object.
 */
static void
set_object(EventDraft *draft, RawEventColumn column, JsonbValue *object)
{
	draft->row.values[column] = JsonbPGetDatum(JsonbValueToJsonb(object));
	draft->row.isnull[column] = false;
}

/*
 * draft_end ends an event.
 */
void
draft_end(EventDraft *draft, const char *protocol)
{
	const RawRequest *raw = draft->envelope->request->raw;
	JsonbValue properties = end_object(draft, &draft->properties);
	JsonbValue context;

	if (raw->has_received_at)
		draft_set_time(draft, RAW_RECEIVED_AT, raw->received_at);
	put_default(&properties, "page", draft->page);
	context = end_context(draft, protocol);
	set_object(draft, RAW_PROPERTIES, &properties);
	set_object(draft, RAW_CONTEXT, &context);
}
