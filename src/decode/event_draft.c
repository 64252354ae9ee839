/*
 * event_draft.c
 *		An event as it is made of what a tracker has sent.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "decode/clean_text.h"
#include "decode/event_draft.h"
#include "web/parse_time.h"
#include "web/url.h"

#define UNIX_EPOCH_USECS ((TimestampTz) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

/* Milliseconds since 1970 have no more digits up to the end of the year 9999. */
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
		notes_add_key(&draft->notes, key, "not a text", value);
	else if (text.len > MAX_COLUMN_TEXT)
		notes_add_key(&draft->notes, key, "text too long", value);
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
 * say_no_time notes a time that can't be read.
 */
static void
say_no_time(EventDraft *draft, RawEventColumn column, const char *key, const JsonbValue *value)
{
	notes_add_key(&draft->notes, key, "not a time", value);
	if (column == RAW_OCCURRED_AT)
		draft->has_unread_time = true;
}

/*
 * draft_time sets a column to the time that a value is.
 */
void
draft_time(EventDraft *draft, RawEventColumn column, const char *key, const JsonbValue *value)
{
	TextView text;
	TimestampTz time;

	if (value == NULL)
		return;
	text = scalar_text(value);
	if (text.data != NULL && parse_time(text, &time))
		draft_set_time(draft, column, time);
	else
		say_no_time(draft, column, key, value);
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
		say_no_time(draft, column, key, value);
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
 * draft_page_of adds the path of a URL to the properties.
 */
void
draft_page_of(EventDraft *draft, const JsonbValue *url)
{
	UrlParts parts;
	TextView path;

	if (url == NULL || url->type != jbvString)
		return;
	parts = url_split(tree_string_view(url));
	path = url_written_path(&parts);
	if (path.len > 0)
		tree_object_add_text(&draft->properties, "page", path);
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
 * draft_write_key adds a write key to the context.
 */
void
draft_write_key(EventDraft *draft, const JsonbValue *key)
{
	if (request_header(draft->envelope->request, ":source").data == NULL)
		tree_object_add_key(&draft->context, "writeKey", key);
}

/*
 * fill_times sets when an event was received, and when it happened if nobody says so: when it was
 * sent, or else when it was received.
 */
static void
fill_times(EventDraft *draft)
{
	const RawRequest *raw = draft->envelope->request->raw;

	if (raw->has_received_at)
		draft_set_time(draft, RAW_RECEIVED_AT, raw->received_at);
	if (draft->has_unread_time)
		return;
	if (!draft->row.isnull[RAW_SENT_AT])
		draft_set_time(draft, RAW_OCCURRED_AT, DatumGetTimestampTz(draft->row.values[RAW_SENT_AT]));
	else if (raw->has_received_at)
		draft_set_time(draft, RAW_OCCURRED_AT, raw->received_at);
}

/*
 * set_object sets a column to an object.
 */
static void
set_object(EventDraft *draft, RawEventColumn column, TreeObject *object)
{
	JsonbValue value = tree_object_end(object);

	draft->row.values[column] = JsonbPGetDatum(JsonbValueToJsonb(&value));
	draft->row.isnull[column] = false;
}

/*
 * draft_end ends an event.
 */
void
draft_end(EventDraft *draft, const char *protocol)
{
	fill_times(draft);
	tree_members_add_rest(&draft->members, &draft->context);
	tree_object_add_text(&draft->context, "ip",
						 request_header(draft->envelope->request, ":address"));
	tree_object_add_text(&draft->context, "userAgent",
						 request_header(draft->envelope->request, "user-agent"));
	tree_object_add_text(&draft->context, "protocol",
						 (TextView){protocol, (uint32) strlen(protocol)});
	notes_end(&draft->notes, &draft->context);
	set_object(draft, RAW_PROPERTIES, &draft->properties);
	set_object(draft, RAW_CONTEXT, &draft->context);
}
