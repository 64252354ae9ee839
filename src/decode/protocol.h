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
	 * Whether a request is one event whose body is no JSON to look into, and that event.  Both may
	 * be NULL.
	 */
	bool (*is_one_event)(const Request *request);
	JsonbValue (*one_event)(const Request *request, Notes *notes);

	/* The member of an envelope that is the array of events; NULL if there is none. */
	const char *events;

	/*
	 * The keys of the envelope that map() reads, and the keys, of envelopes and events, that have
	 * the sender's write key.  The lists end with NULL, and may be NULL.
	 */
	const char *const *envelope_keys;
	const char *const *write_keys;

	/* The event that a form or a query is; false if it is none.  May be NULL. */
	bool (*parameters_event)(const Request *request, TextView parameters, Notes *notes,
							 JsonbValue *event);

	/* Makes an event of one that was sent: draft_begin was called, draft_end comes after it. */
	void (*map)(EventDraft *draft);
} Protocol;

extern const Protocol segment_protocol;
extern const Protocol snowplow_protocol;
extern const Protocol posthog_protocol;
extern const Protocol cloudevents_protocol;
extern const Protocol generic_protocol;

/* What an error tells the user to choose from. */
#define PROTOCOL_NAMES "auto, segment, rudderstack, jitsu, snowplow, posthog, cloudevents, generic"

/* The protocol of a name; NULL if there is none.  "auto" is none. */
extern const Protocol *protocol_find(TextView name);

/* The protocol of a request by its path and its headers; NULL if they don't tell. */
extern const Protocol *protocol_of_request(const Request *request);

/* The protocol of a body. */
extern const Protocol *protocol_of_body(const Body *body);

#endif /* SESSIONIZE_PROTOCOL_H */
