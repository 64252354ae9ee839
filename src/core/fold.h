/*
 * fold.h
 *		The fold: one pass over the events of one session key that decides where sessions start.
 *
 * The caller passes the events in the order (event_time, event_id), and learns of each whether it
 * starts a session.  The state is a few integers, so a fold can be stored and continued.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FOLD_H
#define SESSIONIZE_FOLD_H

#include "core/core.h"

typedef struct SzRules
{
	/* a session starts if more than this has passed since the previous event */
	uint64_t gap;
	uint64_t max_duration; /* or more than this since started_at; or SZ_NO_LIMIT */
	uint64_t max_events;   /* or if the session has this many events (>= 1); or SZ_NO_LIMIT */
	bool midnight;         /* or if the local day differs from the previous event's */
} SzRules;

typedef struct SzFold
{
	int64_t number;     /* number of sessions so far; 0 before the first event */
	int64_t started_at; /* of the current session */
	int64_t ended_at;   /* time of the current session's latest event */
	uint64_t events;    /* number of the current session's events so far */
	int32_t day;        /* local day of the latest event; not used without rules.midnight. If
						   events have time zones of their own, the caller sets it to the day in the
						   zone of the event to come */
} SzFold;

/* Why a session starts.  Where several rules say so, the first one in this order is the cause. */
typedef enum SzCause
{
	SZ_NO_START,
	SZ_FIRST_EVENT,
	SZ_AFTER_GAP,
	SZ_AFTER_MAX_DURATION,
	SZ_AFTER_MAX_EVENTS,
	SZ_AT_RESTART,
	SZ_AT_CHANGE,
	SZ_AT_MIDNIGHT,
	SZ_CAUSES
} SzCause;

/* What the fold takes of an event. */
typedef struct SzEvent
{
	int64_t ts;
	/* the local day in the time zone of the midnight rule, or any constant without that rule */
	int32_t day;
	bool restart; /* the restart expression is true */
	bool change;  /* the value of restart_on_change is another one than that last seen */
} SzEvent;

#define SZ_FOLD_INIT                                                                               \
	{                                                                                              \
		0, 0, 0, 0, 0                                                                              \
	}

/*
 * sz_fold_cause returns why the key's next event starts a session, if it does.
 */
static inline SzCause
sz_fold_cause(const SzFold *fold, const SzRules *rules, SzEvent event)
{
	if (fold->number == 0)
		return SZ_FIRST_EVENT;
	if (sz_elapsed(fold->ended_at, event.ts) > rules->gap)
		return SZ_AFTER_GAP;
	if (sz_elapsed(fold->started_at, event.ts) > rules->max_duration)
		return SZ_AFTER_MAX_DURATION;
	if (fold->events >= rules->max_events)
		return SZ_AFTER_MAX_EVENTS;
	if (event.restart)
		return SZ_AT_RESTART;
	if (event.change)
		return SZ_AT_CHANGE;
	return rules->midnight && event.day != fold->day ? SZ_AT_MIDNIGHT : SZ_NO_START;
}

/*
 * sz_fold_step takes the key's next event, and returns why it starts a session; SZ_NO_START, which
 * is 0, if it does not.  Its time must not be before fold->ended_at (the caller sorts, or reports
 * an error).
 */
static inline SzCause
sz_fold_step(SzFold *fold, const SzRules *rules, SzEvent event)
{
	SzCause cause = sz_fold_cause(fold, rules, event);

	if (cause != SZ_NO_START)
	{
		fold->number++;
		fold->started_at = event.ts;
		fold->events = 0;
	}
	fold->ended_at = event.ts;
	fold->events++;
	fold->day = event.day;
	return cause;
}

#endif /* SESSIONIZE_FOLD_H */
