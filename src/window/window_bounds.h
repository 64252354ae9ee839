/*
 * window_bounds.h
 *		The bounds of a window: which part of a key's history is read and derived (window.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WINDOW_BOUNDS_H
#define SESSIONIZE_WINDOW_BOUNDS_H

#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "utils/text_view.h"

/* A stored version of the user. */
typedef struct WindowUser
{
	TimestampTz valid_from;
	TextView user_id;
} WindowUser;

typedef struct Window
{
	TimestampTz since; /* sessions that start from here on; -infinity, infinity: no cut */
	TimestampTz until; /* and before then */
	TimestampTz
		read_since; /* raw rows of these times are read, both inclusive: duplicates that cross a cut are */
	TimestampTz read_until;   /* among them */
	pg_uuid_t first_session;  /* which starts at since */
	pg_uuid_t next_session;   /* which starts at until */
	WindowUser before;        /* in effect just before since */
	WindowUser last;          /* and before until */
	TimestampTz next_version; /* where last ends */
	int64 entries;            /* of the raw table's index that were looked at for it */
	bool is_spoiled;          /* a raw row in it belongs to the quarantine */
	bool holds;               /* it was checked, and does */
} Window;

/*
 * window_is_crossed tells whether the copies of an event, from the first to the last, lie on both sides of a cut.
 */
static inline bool
window_is_crossed(const Window *window, TimestampTz first, TimestampTz last)
{
	return (first < window->since && last >= window->since) ||
		   (first < window->until && last >= window->until);
}

#endif /* SESSIONIZE_WINDOW_BOUNDS_H */
