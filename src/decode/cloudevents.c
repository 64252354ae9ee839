/*
 * cloudevents.c
 *		CloudEvents 1.0: structured, in batches, and in binary mode, where the attributes are headers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "decode/base64.h"
#include "decode/clean_text.h"
#include "decode/json_read.h"
#include "decode/json_scan.h"
#include "decode/protocol.h"
#include "web/url_query.h"

/*
 * is_binary tells whether a request is an event in binary mode.
 */
static bool
is_binary(const Request *request)
{
	return request_header(request, "ce-specversion").data != NULL ||
		   request_header(request, "ce_specversion").data != NULL ||
		   request_header(request, "ce-id").data != NULL ||
		   request_header(request, "ce_id").data != NULL;
}

/*
 * is_json_type tells whether a content type is JSON; none is taken to be JSON.
 */
static bool
is_json_type(TextView type)
{
	const char *end = type.len == 0 ? NULL : memchr(type.data, ';', type.len);
	uint32 length = end == NULL ? type.len : (uint32) (end - type.data);
	const char *word;

	while (length > 0 && type.data[length - 1] == ' ')
		length--;
	if (length < 5)
		return length == 0;
	word = type.data + length - 5;
	return (*word == '/' || *word == '+') && pg_strncasecmp(word + 1, "json", 4) == 0;
}

/*
 * attribute_text returns the value of a header: text, some of whose characters are escaped.
 */
static TextView
attribute_text(const JsonbValue *header, Notes *notes, const JsonPlace *place)
{
	TextView written = tree_string_view(header);
	char *out = palloc(written.len + 1);
	TextView bytes = {out, 0};
	unsigned problems = 0;
	TextView text;

	if (memchr(written.data, '%', written.len) == NULL)
		return written;
	url_query_decode_escapes(written, out, &bytes.len);
	text = clean_text(bytes, &problems);
	notes_add_text(notes, place, problems);
	return text;
}

/*
 * add_attributes adds the headers that are attributes.
 */
static void
add_attributes(const Request *request, TreeObject *event, Notes *notes)
{
	JsonbIterator *iterator = JsonbIteratorInit((JsonbContainer *) &request->raw->headers->root);
	JsonbValue key;
	JsonbValue value;

	(void) JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		TextView name = tree_string_view(&key);
		JsonPlace place = {NULL, name, 0};

		(void) JsonbIteratorNext(&iterator, &value, true);
		if (name.len <= 3 || value.type != jbvString || memcmp(name.data, "ce", 2) != 0 ||
			(name.data[2] != '-' && name.data[2] != '_'))
			continue;
		value = tree_string(attribute_text(&value, notes, &place));
		tree_object_add(event, (TextView){name.data + 3, name.len - 3}, &value);
	}
}

/*
 * add_data adds the body: as JSON, as a text, or in base64.
 */
static void
add_data(const Request *request, TreeObject *event, Notes *notes)
{
	TextView body = request->raw->body;
	TextView type = request_header(request, "content-type");
	JsonScan scan;
	TextView json;
	JsonbValue data;
	unsigned problems = 0;

	tree_object_add_text(event, "datacontenttype", type);
	if (body.len == 0)
		return;
	json_scan_begin(&scan, body);
	if (is_json_type(type) && json_scan_value(&scan, &json) && json_scan_at_end(&scan))
	{
		json_read(json, &(JsonPlace){NULL, TEXT_VIEW("data"), 0}, notes, &data);
		tree_object_add_key(event, "data", &data);
	}
	else if (is_json_type(type) || (type.len >= 5 && pg_strncasecmp(type.data, "text/", 5) == 0))
	{
		if (is_json_type(type))
			notes_add_key(notes, "data", "not JSON", NULL);
		tree_object_add_text(event, "data", clean_text(body, &problems));
		notes_add_text(notes, &(JsonPlace){NULL, TEXT_VIEW("data"), 0}, problems);
	}
	else
		tree_object_add_text(event, "data_base64", base64_encode(body));
}

/*
 * binary_event returns the event that a request in binary mode is.
 */
static JsonbValue
binary_event(const Request *request, Notes *notes)
{
	TreeObject event;

	tree_object_begin(&event, 16);
	add_attributes(request, &event, notes);
	add_data(request, &event, notes);
	return tree_object_end(&event, NULL);
}

/*
 * event_data returns the data of an event; NULL if it has none.  Base64 that is JSON is what this
 * JSON is.
 */
static const JsonbValue *
event_data(EventDraft *draft)
{
	const JsonbValue *data = tree_members_take(&draft->members, "data");
	const JsonbValue *base64 = tree_get(draft->members.object, "data_base64");
	const JsonbValue *type = tree_get(draft->members.object, "datacontenttype");

	if (data != NULL || base64 == NULL)
		return data;
	if (type != NULL && type->type == jbvString && !is_json_type(tree_string_view(type)))
		return NULL;
	data = draft_json(draft, "data_base64", base64, true);
	if (data != NULL)
		(void) tree_members_take(&draft->members, "data_base64");
	return data;
}

/*
 * set_id sets the event's id: source and id together are unique, by the specification.
 */
static void
set_id(EventDraft *draft)
{
	const JsonbValue *source = tree_members_take(&draft->members, "source");
	const JsonbValue *id = tree_members_take(&draft->members, "id");

	draft_text(draft, RAW_SOURCE, "source", source);
	draft_view(draft, RAW_SOURCE, ":source", request_header(draft->envelope->request, ":source"));
	if (id == NULL || id->type != jbvString || source == NULL || source->type != jbvString)
		draft_text(draft, RAW_EVENT_ID, "id", id);
	else
	{
		char *both = psprintf("%.*s %.*s", source->val.string.len, source->val.string.val,
							  id->val.string.len, id->val.string.val);

		draft_view(draft, RAW_EVENT_ID, "id", (TextView){both, (uint32) strlen(both)});
	}
}

/*
 * add_fields adds the fields of data that are an object: columns by their names, properties
 * otherwise.
 */
static void
add_fields(EventDraft *draft, const JsonbValue *data)
{
	TreeMembers fields;

	tree_members_open(&fields, data);
	draft_text(draft, RAW_USER_ID, "data.user_id", tree_members_take(&fields, "user_id"));
	draft_text(draft, RAW_ANONYMOUS_ID, "data.anonymous_id",
			   tree_members_take(&fields, "anonymous_id"));
	draft_text(draft, RAW_DEVICE_ID, "data.device_id", tree_members_take(&fields, "device_id"));
	draft_time(draft, RAW_SENT_AT, "data.sent_at", tree_members_take(&fields, "sent_at"));
	draft_page_of(draft, tree_get(data, "url"));
	tree_members_add_rest(&fields, &draft->properties);
}

/*
 * cloudevents_map makes an event.
 */
static void
cloudevents_map(EventDraft *draft)
{
	const JsonbValue *data = event_data(draft);

	set_id(draft);
	draft_take_text(draft, RAW_EVENT_NAME, "type");
	draft_take_time(draft, RAW_OCCURRED_AT, "time");
	if (data != NULL && data->type == jbvObject)
		add_fields(draft, data);
	else
		tree_object_add_key(&draft->properties, "data", data);
	/* who an event is about, where its data don't say who sent it */
	if (draft->row.isnull[RAW_USER_ID])
		draft_text(draft, RAW_ANONYMOUS_ID, "subject", tree_get(draft->members.object, "subject"));
}

const Protocol cloudevents_protocol = {
	.name = "cloudevents",
	.is_one_event = is_binary,
	.one_event = binary_event,
	.map = cloudevents_map,
};
