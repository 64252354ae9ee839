/*
 * event_draft.h
 *		An event as it is made of what a tracker has sent.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EVENT_DRAFT_H
#define SESSIONIZE_EVENT_DRAFT_H

#include "postgres.h"

#include "decode/body.h"
#include "decode/raw_event.h"
#include "decode/json_tree.h"
#include "decode/notes.h"
#include "decode/request.h"

/* A text that is longer than this can't be in an index with others, so no column gets it. */
#define MAX_COLUMN_TEXT 1000

/* What all events of a request have in common. */
typedef struct Envelope
{
	const Request *request;
	JsonbValue members; /* of the object around the events; null if there is none */
	JsonbValue shared;  /* those that go to the contexts of the events */
	bool is_large;      /* only the first event gets the shared members */
	bool is_first;      /* the next event is the first one */
	Notes notes;        /* the first event gets them */
} Envelope;

typedef struct EventDraft
{
	const Envelope *envelope;
	TreeMembers members; /* of the event */
	Notes notes;
	RawEvent row;
	TextView page; /* where the event is about, unless its properties have a page */
	TreeObject properties;
	TreeObject context;
} EventDraft;

/* Begins an event; if what was sent is no object, it is noted and has no members. */
extern void draft_begin(EventDraft *draft, const Envelope *envelope, const JsonbValue *event);

/*
 * Sets a column that is still NULL.  A number or a boolean counts as its text, an empty text as
 * NULL; anything else, or a text that is too long, is noted under its key.
 */
extern void
draft_text(EventDraft *draft, RawEventColumn column, const char *key, const JsonbValue *value);
extern void draft_view(EventDraft *draft, RawEventColumn column, const char *key, TextView text);

/* Sets a column that is still NULL to a time as web/parse_time.h has it; else it is noted. */
extern void
draft_time(EventDraft *draft, RawEventColumn column, const char *key, const JsonbValue *value);

/* The same for a time that the envelope has. */
extern void draft_shared_time(EventDraft *draft, RawEventColumn column, const char *key,
							  const JsonbValue *value);

/* draft_time for a number of milliseconds since 1970, however small. */
extern void draft_milliseconds(EventDraft *draft, RawEventColumn column, const char *key,
							   const JsonbValue *value);

/* Whether a value is a number, or the text of one, and which one. */
extern bool draft_number(const JsonbValue *value, double *number);

/* Sets a column that is still NULL to a time that is known. */
extern void draft_set_time(EventDraft *draft, RawEventColumn column, TimestampTz time);

/* draft_text or draft_time for a member of the event, which is taken out of it. */
extern void draft_take_text(EventDraft *draft, RawEventColumn column, const char *key);
extern void draft_take_time(EventDraft *draft, RawEventColumn column, const char *key);
extern void draft_take_milliseconds(EventDraft *draft, RawEventColumn column, const char *key);

/*
 * Sets the page, unless it is known already or the value is no text: to the value, or to the path of
 * the URL that it is.
 */
extern void draft_page(EventDraft *draft, const JsonbValue *page);
extern void draft_page_of(EventDraft *draft, const JsonbValue *url);

/*
 * The JSON that a text of the event is, in base64 or not; NULL, and a note, if it is none.
 */
extern JsonbValue *
draft_json(EventDraft *draft, const char *key, const JsonbValue *text, bool base64);

/* Adds the members of an object to the properties or the context; notes what is no object. */
extern void
draft_add_object(EventDraft *draft, TreeObject *to, const char *key, const JsonbValue *value);

/*
 * Ends the event: what is left of its members goes to the context, and so does what the envelope
 * and the headers say.
 */
extern void draft_end(EventDraft *draft, const char *protocol);

#endif /* SESSIONIZE_EVENT_DRAFT_H */
