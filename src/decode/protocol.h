/*
 * protocol.h
 *		The protocols that requests are decoded by.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PROTOCOL_H
#define SESSIONIZE_PROTOCOL_H

#include "postgres.h"

#include "decode/event_draft.h"

/* What a protocol says of its requests and events. */
typedef struct Protocol
{
	const char *name;

	/* Whether a request holds no event, by its path.  May be NULL: none is known. */
	bool (*holds_no_event)(const Request *request);

	/*
	 * The event that a request is whose body is no envelope of JSON, such as the parameters of a
	 * pixel; false if it is none, and true if the event is set.  May be NULL.
	 */
	bool (*whole_event)(const Request *request, Notes *notes, JsonbValue *event);

	/* The member of an envelope that is the array of events; NULL if there is none. */
	const char *events;

	/* The event that a form or a query is; false if it is none.  May be NULL. */
	bool (*parameters_event)(const Request *request, TextView parameters, Notes *notes,
							 JsonbValue *event);

	/* Makes an event of one that was sent: draft_begin was called, draft_end comes after it. */
	void (*map)(EventDraft *draft);
} Protocol;

extern const Protocol generic_protocol;

/* What an error tells the user to choose from. */
#define PROTOCOL_NAMES "auto, segment, rudderstack, jitsu, snowplow, posthog, cloudevents, generic"

/* The protocol of a name; NULL if there is none.  "auto" is none. */
extern const Protocol *protocol_find(TextView name);

#endif /* SESSIONIZE_PROTOCOL_H */
