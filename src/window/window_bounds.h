/*
 * window_bounds.h
 *		The bounds of a window: which part of a session key's history is read and derived
 *		(window.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WINDOW_BOUNDS_H
#define SESSIONIZE_WINDOW_BOUNDS_H

#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/fold.h"
#include "utils/text_view.h"
#include "utils/value_digest.h"

/* A stored version of the user. */
typedef struct WindowUser
{
	TimestampTz valid_from;
	TextView user_id;
} WindowUser;

typedef struct Window
{
	TimestampTz since; /* start of the first session in it; -infinity: no cut */
	TimestampTz until; /* start of the first session after it; infinity: no cut */
	/*
	 * raw rows from read_since to read_until, both inclusive, are read: these include all
	 * duplicates that cross a cut
	 */
	TimestampTz read_since;
	TimestampTz read_until;
	pg_uuid_t first_session;  /* the session that starts at since */
	pg_uuid_t next_session;   /* the session that starts at until */
	SzCause first_cause;      /* why the session at since starts */
	SzCause next_cause;       /* why the session at until starts */
	ValueDigest seen_first;   /* the last value of restart_on_change before since */
	ValueDigest seen_next;    /* and before until */
	WindowUser before;        /* the version in effect just before since */
	WindowUser last;          /* the version in effect just before until */
	TimestampTz next_version; /* where the version "last" ends */
	int64 entries;            /* number of index entries that were looked at to choose it */
	bool is_spoiled;          /* a raw row in it belongs to the quarantine */
	bool holds;               /* set by the derivation once the window has proved right */
} Window;

/*
 * window_is_crossed tells whether the copies of an event, the first and last of which are at these
 * times, lie on both sides of a cut.
 */
static inline bool
window_is_crossed(const Window *window, TimestampTz first, TimestampTz last)
{
	return (first < window->since && last >= window->since) ||
		   (first < window->until && last >= window->until);
}

#endif /* SESSIONIZE_WINDOW_BOUNDS_H */
