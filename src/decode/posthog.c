/*
 * posthog.c
 *		Events of PostHog's libraries.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <math.h>

#include "utils/timestamp.h"

#include "compat.h"
#include "decode/protocol.h"

/* The time of an event lies no further back than this many milliseconds, or it is nonsense. */
#define MAX_OFFSET 1e14

/*
 * posthog_holds_no_event tells whether a request is about flags, settings or recordings.
 */
static bool
posthog_holds_no_event(const Request *request)
{
	static const char *const words[] = {"flags", "decide", "s", "config", "config.js", "surveys"};
	TextView last = request_last_part(request);

	for (size_t i = 0; i < lengthof(words); i++)
		if (text_view_is(last, words[i]))
			return true;
	return request_has_part(request, "array") || request_has_part(request, "static");
}

/*
 * first_of returns the first of two values that is there.
 */
static const JsonbValue *
first_of(const JsonbValue *a, const JsonbValue *b)
{
	return a != NULL ? a : b;
}

/*
 * set_name sets the event's name.
 */
static void
set_name(EventDraft *draft)
{
	const JsonbValue *event = tree_members_take(&draft->members, "event");
	TextView name =
		event != NULL && event->type == jbvString ? tree_string_view(event) : (TextView){NULL, 0};

	if (text_view_is(name, "$pageview"))
		draft_view(draft, RAW_EVENT_NAME, "event", (TextView) TEXT_VIEW("page_view"));
	else if (text_view_is(name, "$screen"))
		draft_view(draft, RAW_EVENT_NAME, "event", (TextView) TEXT_VIEW("screen_view"));
	else
		draft_text(draft, RAW_EVENT_NAME, "event", event);
	/* requests that only say who somebody is name no event */
	if (event == NULL && text_view_is(request_last_part(draft->envelope->request), "engage"))
		draft_view(draft, RAW_EVENT_NAME, "event", (TextView) TEXT_VIEW("$identify"));
}

/*
 * is_user tells whether the distinct id of an event is that of a user who is known.
 */
static bool
is_user(const JsonbValue *properties, const JsonbValue *distinct, const JsonbValue *device)
{
	const JsonbValue *identified = tree_get(properties, "$is_identified");

	if (identified != NULL && identified->type == jbvBool)
		return identified->val.boolean;
	return distinct != NULL && !tree_equal_texts(distinct, device);
}

/*
 * set_ids sets who sent an event, and on which device.
 */
static void
set_ids(EventDraft *draft, TreeMembers *properties)
{
	const JsonbValue *event = tree_get(draft->members.object, "event");
	const JsonbValue *distinct = tree_members_take(&draft->members, "distinct_id");
	const JsonbValue *device = tree_get(properties->object, "$device_id");

	distinct = first_of(distinct, tree_members_take(properties, "distinct_id"));
	distinct = first_of(distinct, tree_members_take(&draft->members, "$distinct_id"));
	tree_object_add_key(&draft->context, "distinct_id", distinct);
	draft_text(draft, RAW_DEVICE_ID, "$device_id", device);
	draft_text(draft, RAW_USER_ID, "$user_id", tree_get(properties->object, "$user_id"));
	if (is_user(properties->object, distinct, device))
		draft_text(draft, RAW_USER_ID, "distinct_id", distinct);
	if (event != NULL && event->type == jbvString &&
		text_view_is(tree_string_view(event), "$identify"))
		draft_text(draft, RAW_ANONYMOUS_ID, "$anon_distinct_id",
				   tree_get(properties->object, "$anon_distinct_id"));
	draft_text(draft, RAW_ANONYMOUS_ID, "$device_id", device);
	if (draft->row.isnull[RAW_USER_ID])
		draft_text(draft, RAW_ANONYMOUS_ID, "distinct_id", distinct);
}

/*
 * set_sent sets when a request was sent.
 */
static void
set_sent(EventDraft *draft)
{
	TextView query = query_parameter(draft->envelope->request->query, "_");
	JsonbValue milliseconds = tree_string(query);

	draft_shared_time(draft, RAW_SENT_AT, "sent_at",
					  tree_get(&draft->envelope->members, "sent_at"));
	draft_take_time(draft, RAW_SENT_AT, "sent_at");
	if (draft->row.isnull[RAW_SENT_AT] && query.data != NULL)
		draft_milliseconds(draft, RAW_SENT_AT, "_", &milliseconds);
}

/*
 * set_offset sets when an event happened by how many milliseconds before it was sent that was.
 */
static void
set_offset(EventDraft *draft, const JsonbValue *offset)
{
	const RawRequest *raw = draft->envelope->request->raw;
	bool is_sent = !draft->row.isnull[RAW_SENT_AT];
	double milliseconds;

	if (offset == NULL)
		return;
	if (!draft_number(offset, &milliseconds) || fabs(milliseconds) > MAX_OFFSET)
		draft_unread_time(draft, "offset", offset);
	else if (is_sent || raw->has_received_at)
		draft_set_time(
			draft, RAW_OCCURRED_AT,
			(is_sent ? DatumGetTimestampTz(draft->row.values[RAW_SENT_AT]) : raw->received_at) -
				(int64) (milliseconds * 1000));
}

/*
 * set_times sets when an event happened and when it was sent.
 */
static void
set_times(EventDraft *draft)
{
	set_sent(draft);
	draft_take_time(draft, RAW_OCCURRED_AT, "timestamp");
	if (draft->row.isnull[RAW_OCCURRED_AT])
		set_offset(draft, tree_members_take(&draft->members, "offset"));
}

/*
 * add_properties adds the properties to the properties, and what the library adds to them, whose
 * keys begin with a dollar sign, to the context.
 */
static void
add_properties(EventDraft *draft, TreeMembers *properties)
{
	draft_page(draft, tree_get(properties->object, "$screen_name"));
	draft_page(draft, tree_get(properties->object, "$pathname"));
	draft_page_of(draft, tree_get(properties->object, "$current_url"));
	tree_object_add_key(&draft->context, "ip", tree_get(properties->object, "$ip"));
	tree_members_move(properties, "$", &draft->context);
	tree_members_add_rest(properties, &draft->properties);
}

/*
 * take_token takes the project's key out of the properties, where it is a second time.
 */
static void
take_token(EventDraft *draft, TreeMembers *properties)
{
	const JsonbValue *token = tree_members_take(properties, "token");

	if (request_header(draft->envelope->request, ":source").data == NULL &&
		!tree_equal_texts(token, tree_get(&draft->envelope->members, "api_key")) &&
		!tree_equal_texts(token, tree_get(draft->members.object, "api_key")))
		tree_object_add_key(&draft->context, "token", token);
}

/*
 * posthog_map makes an event.
 */
static void
posthog_map(EventDraft *draft)
{
	const JsonbValue *sent = tree_members_take(&draft->members, "properties");
	TreeMembers properties;

	tree_members_open(&properties, sent);
	if (sent != NULL && sent->type != jbvObject)
		notes_add_key(&draft->notes, "properties", "not an object", sent);
	draft_take_text(draft, RAW_EVENT_ID, "uuid");
	draft_text(draft, RAW_EVENT_ID, "$insert_id", tree_get(sent, "$insert_id"));
	set_ids(draft, &properties);
	set_name(draft);
	set_times(draft);
	draft_view(draft, RAW_SOURCE, ":source", request_header(draft->envelope->request, ":source"));
	draft_text(draft, RAW_SOURCE, "$lib", tree_get(sent, "$lib"));
	take_token(draft, &properties);
	add_properties(draft, &properties);
}

static const char *const envelope_keys[] = {"sent_at", NULL};
static const char *const write_keys[] = {"api_key", "token", NULL};

const Protocol posthog_protocol = {
	.name = "posthog",
	.holds_no_event = posthog_holds_no_event,
	.events = "batch",
	.envelope_keys = envelope_keys,
	.write_keys = write_keys,
	.map = posthog_map,
};
