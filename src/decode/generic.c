/*
 * generic.c
 *		Events that any program may send: objects whose keys are the names of the columns.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "compat.h"
#include "decode/parameters.h"
#include "decode/protocol.h"

/*
 * generic_parameters returns the event that parameters are, if they name one.
 */
static bool
generic_parameters(const Request *request, TextView parameters, Notes *notes, JsonbValue *event)
{
	(void) request;
	*event = parameters_object(parameters, notes);
	return tree_get(event, "event_name") != NULL || tree_get(event, "event") != NULL;
}

/*
 * generic_columns sets the columns from the members of their names.
 */
static void
generic_columns(EventDraft *draft)
{
	draft_take_time(draft, RAW_OCCURRED_AT, "occurred_at");
	draft_take_time(draft, RAW_OCCURRED_AT, "timestamp");
	draft_take_time(draft, RAW_OCCURRED_AT, "time");
	draft_take_time(draft, RAW_SENT_AT, "sent_at");
	draft_take_text(draft, RAW_EVENT_ID, "event_id");
	draft_take_text(draft, RAW_EVENT_NAME, "event_name");
	draft_take_text(draft, RAW_EVENT_NAME, "event");
	draft_take_text(draft, RAW_USER_ID, "user_id");
	draft_take_text(draft, RAW_ANONYMOUS_ID, "anonymous_id");
	draft_take_text(draft, RAW_DEVICE_ID, "device_id");
	draft_take_text(draft, RAW_SOURCE, "source");
	draft_view(draft, RAW_SOURCE, ":source", request_header(draft->envelope->request, ":source"));
}

/*
 * generic_map makes an event: members that are no column are properties.
 */
static void
generic_map(EventDraft *draft)
{
	const JsonbValue *properties = tree_members_take(&draft->members, "properties");
	const JsonbValue *context = tree_members_take(&draft->members, "context");

	generic_columns(draft);
	draft_page_of(draft, tree_get(properties, "url"));
	draft_page_of(draft, tree_get(draft->members.object, "url"));
	draft_add_object(draft, &draft->properties, "properties", properties);
	tree_members_add_rest(&draft->members, &draft->properties);
	tree_members_open(&draft->members, NULL);
	draft_add_object(draft, &draft->context, "context", context);
}

const Protocol generic_protocol = {
	.name = "generic",
	.parameters_event = generic_parameters,
	.map = generic_map,
};
