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
	int32_t day;        /* local day of the latest event; not used without rules.midnight */
} SzFold;

#define SZ_FOLD_INIT                                                                               \
	{                                                                                              \
		0, 0, 0, 0, 0                                                                              \
	}

/*
 * sz_fold_step takes the key's next event, and returns true if it starts a session.
 *
 * ts must not be before fold->ended_at (the caller sorts, or reports an error).  day is the event's
 * local day in the time zone of the midnight rule, or any constant without that rule.  restart is
 * the value of the restart expression for the event.
 */
static inline bool
sz_fold_step(SzFold *fold, const SzRules *rules, int64_t ts, int32_t day, bool restart)
{
	bool starts;

	starts = fold->number == 0 || restart || sz_elapsed(fold->ended_at, ts) > rules->gap ||
			 sz_elapsed(fold->started_at, ts) > rules->max_duration ||
			 fold->events >= rules->max_events || (rules->midnight && day != fold->day);
	if (starts)
	{
		fold->number++;
		fold->started_at = ts;
		fold->events = 0;
	}
	fold->ended_at = ts;
	fold->events++;
	fold->day = day;
	return starts;
}

#endif /* SESSIONIZE_FOLD_H */
