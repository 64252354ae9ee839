/*
 * segment.c
 *		Events of Segment's libraries, and of those that speak alike: RudderStack's and Jitsu's.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "compat.h"
#include "decode/base64.h"
#include "decode/parameters.h"
#include "decode/protocol.h"

/* Where requests go to, and the type of an event that does not name its own. */
static const struct
{
	const char *path;
	const char *type;
} paths[] = {
	{"t", "track"}, {"track", "track"}, {"i", "identify"}, {"identify", "identify"},
	{"p", "page"},  {"page", "page"},   {"s", "screen"},   {"screen", "screen"},
	{"g", "group"}, {"group", "group"}, {"a", "alias"},    {"alias", "alias"},
};

/*
 * segment_holds_no_event tells whether a request is about a library's own state.
 */
static bool
segment_holds_no_event(const Request *request)
{
	static const char *const words[] = {"m", "metrics", "settings", "sourceConfig"};
	TextView last = request_last_part(request);

	for (size_t i = 0; i < lengthof(words); i++)
		if (text_view_is(last, words[i]))
			return true;
	return false;
}

/*
 * segment_parameters returns the event of a pixel.
 */
static bool
segment_parameters(const Request *request, TextView parameters, Notes *notes, JsonbValue *event)
{
	if (!request_has_part(request, "pixel"))
		return false;
	*event = parameters_nested(parameters, notes);
	return true;
}

/*
 * event_type returns the type of an event; its data are NULL if it has none.
 */
static TextView
event_type(EventDraft *draft)
{
	const JsonbValue *type = tree_get(draft->members.object, "type");
	TextView last = request_last_part(draft->envelope->request);

	if (type != NULL && type->type == jbvString && type->val.string.len > 0)
		return tree_string_view(type);
	if (type != NULL)
		notes_add_key(&draft->notes, "type", "not a text", NULL);
	for (size_t i = 0; i < lengthof(paths); i++)
		if (text_view_is(last, paths[i].path))
			return (TextView){paths[i].type, (uint32) strlen(paths[i].type)};
	if (tree_get(draft->members.object, "event") != NULL)
		return (TextView) TEXT_VIEW("track");
	return (TextView){NULL, 0};
}

/*
 * set_name sets the event's name.
 */
static void
set_name(EventDraft *draft, TextView type)
{
	if (text_view_is(type, "track"))
		draft_take_text(draft, RAW_EVENT_NAME, "event");
	else if (text_view_is(type, "page"))
		draft_view(draft, RAW_EVENT_NAME, "type", (TextView) TEXT_VIEW("page_view"));
	else if (text_view_is(type, "screen"))
		draft_view(draft, RAW_EVENT_NAME, "type", (TextView) TEXT_VIEW("screen_view"));
	else
		draft_view(draft, RAW_EVENT_NAME, "type", type);
}

/*
 * is_plain tells whether bytes are a text without control characters.
 */
static bool
is_plain(TextView bytes)
{
	for (uint32 i = 0; i < bytes.len; i++)
		if ((unsigned char) bytes.data[i] < ' ' || IS_HIGHBIT_SET(bytes.data[i]))
			return false;
	return bytes.len > 0;
}

/*
 * set_anonymous_id sets who sent an event as a cookie: by the event, or by the header AnonymousId,
 * which is base64.
 */
static void
set_anonymous_id(EventDraft *draft)
{
	TextView header;
	TextView decoded;

	draft_take_text(draft, RAW_ANONYMOUS_ID, "anonymousId");
	header = request_header(draft->envelope->request, "anonymousid");
	if (!draft->row.isnull[RAW_ANONYMOUS_ID] || header.data == NULL)
		return;
	decoded = base64_decode(header);
	draft_view(draft, RAW_ANONYMOUS_ID, "anonymousid", is_plain(decoded) ? decoded : header);
}

/*
 * set_times sets when an event happened and when it was sent.
 */
static void
set_times(EventDraft *draft)
{
	const JsonbValue *sent = tree_get(&draft->envelope->members, "sentAt");
	JsonbValue header = tree_string(request_header(draft->envelope->request, "sentat"));

	draft_take_time(draft, RAW_OCCURRED_AT, "originalTimestamp");
	draft_take_time(draft, RAW_OCCURRED_AT, "timestamp");
	draft_shared_time(draft, RAW_SENT_AT, "sentAt", sent);
	/* the event's own is the same most of the time */
	if (draft->row.isnull[RAW_SENT_AT] ||
		tree_equal_texts(sent, tree_get(draft->members.object, "sentAt")))
		draft_time(draft, RAW_SENT_AT, "sentAt", tree_members_take(&draft->members, "sentAt"));
	if (draft->row.isnull[RAW_SENT_AT] && header.val.string.val != NULL)
		draft_time(draft, RAW_SENT_AT, "sentat", &header);
}

/*
 * set_source sets which write key, or else which library sent an event.
 */
static void
set_source(EventDraft *draft)
{
	static const char *const library_name[] = {"context", "library", "name", NULL};
	static const char *const library[] = {"context", "library", NULL};
	const JsonbValue *name = tree_path(draft->members.object, library_name);

	draft_view(draft, RAW_SOURCE, ":source", request_header(draft->envelope->request, ":source"));
	if (name == NULL)
		name = tree_path(draft->members.object, library);
	if (draft->row.isnull[RAW_SOURCE])
		draft_text(draft, RAW_SOURCE, "context.library", name);
}

/*
 * set_page sets where an event is about.
 */
static void
set_page(EventDraft *draft, TextView type, const JsonbValue *properties)
{
	const JsonbValue *page = tree_get(tree_get(draft->members.object, "context"), "page");

	if (text_view_is(type, "screen"))
		draft_page(draft, tree_get(draft->members.object, "name"));
	if (text_view_is(type, "page"))
	{
		draft_page(draft, tree_get(properties, "path"));
		draft_page_of(draft, tree_get(properties, "url"));
	}
	draft_page(draft, tree_get(page, "path"));
	draft_page_of(draft, tree_get(page, "url"));
	draft_page_of(draft, tree_get(properties, "url"));
}

/*
 * move_to_properties makes a member of the event one of its properties, unless they have it.
 */
static void
move_to_properties(EventDraft *draft, const char *key, const JsonbValue *properties)
{
	const JsonbValue *value = tree_get(draft->members.object, key);

	if (value == NULL ||
		(tree_get(properties, key) != NULL && !tree_equal_texts(value, tree_get(properties, key))))
		return;
	(void) tree_members_take(&draft->members, key);
	if (tree_get(properties, key) == NULL)
		tree_object_add_key(&draft->properties, key, value);
}

/*
 * add_traits adds what an event says of a user or a group.
 */
static void
add_traits(EventDraft *draft, TextView type)
{
	static const char *const in_context[] = {"context", "traits", NULL};
	const JsonbValue *traits = tree_members_take(&draft->members, "traits");

	if (traits != NULL)
		draft_add_object(draft, &draft->properties, "traits", traits);
	else if (text_view_is(type, "identify"))
		tree_object_add_all(&draft->properties, tree_path(draft->members.object, in_context));
}

/*
 * add_properties adds the properties.
 */
static void
add_properties(EventDraft *draft, TextView type)
{
	const JsonbValue *properties = tree_members_take(&draft->members, "properties");

	set_page(draft, type, properties);
	draft_add_object(draft, &draft->properties, "properties", properties);
	if (text_view_is(type, "identify") || text_view_is(type, "group"))
		add_traits(draft, type);
	if (text_view_is(type, "group"))
		move_to_properties(draft, "groupId", properties);
	if (text_view_is(type, "alias"))
		move_to_properties(draft, "previousId", properties);
	if (text_view_is(type, "page") || text_view_is(type, "screen"))
	{
		move_to_properties(draft, "name", properties);
		move_to_properties(draft, "category", properties);
	}
}

/*
 * segment_map makes an event.
 */
static void
segment_map(EventDraft *draft)
{
	static const char *const device[] = {"context", "device", "id", NULL};
	TextView type = event_type(draft);

	set_name(draft, type);
	set_times(draft);
	draft_take_text(draft, RAW_EVENT_ID, "messageId");
	draft_take_text(draft, RAW_USER_ID, "userId");
	set_anonymous_id(draft);
	draft_text(draft, RAW_DEVICE_ID, "context.device.id", tree_path(draft->members.object, device));
	set_source(draft);
	add_properties(draft, type);
	draft_add_object(draft, &draft->context, "context",
					 tree_members_take(&draft->members, "context"));
}

static const char *const envelope_keys[] = {"sentAt", NULL};
static const char *const write_keys[] = {"writeKey", NULL};

const Protocol segment_protocol = {
	.name = "segment",
	.envelope_keys = envelope_keys,
	.write_keys = write_keys,
	.holds_no_event = segment_holds_no_event,
	.events = "batch",
	.parameters_event = segment_parameters,
	.map = segment_map,
};
