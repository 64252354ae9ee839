/*
 * fold.h
 *		The left-to-right pass over one key's events that decides where sessions start.
 *
 * The caller feeds events in (event_time, event_id) order and asks of each whether it starts a session.
 * The whole state is a few integers, so a fold can be stored and taken up again.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FOLD_H
#define SESSIONIZE_FOLD_H

#include "core/core.h"

typedef struct SzRules
{
	uint64_t gap;          /* more than this since the previous event starts a session */
	uint64_t max_duration; /* more than this since started_at does too; or SZ_NO_LIMIT */
	uint64_t max_events;   /* >= 1; a session that has this many is full; or SZ_NO_LIMIT */
	bool midnight;         /* another local day than the previous event's starts a session */
} SzRules;

typedef struct SzFold
{
	int64_t number;     /* sessions so far; 0 before the first event */
	int64_t started_at; /* of the current session */
	int64_t ended_at;   /* its last event so far */
	uint64_t events;    /* its events so far */
	int32_t day;        /* local day of its last event; 0 unless rules.midnight */
} SzFold;

#define SZ_FOLD_INIT                                                                                         \
	{                                                                                                        \
		0, 0, 0, 0, 0                                                                                        \
	}

/*
 * sz_fold_step takes the key's next event and returns true when it starts a new session.
 *
 * ts must not be before fold->ended_at (the caller sorts, or reports an error).  day is the event's
 * local day number in the time zone of the midnight rule, any constant without that rule.  restart is
 * the value of the restart expression for this event.
 */
static inline bool
sz_fold_step(SzFold *fold, const SzRules *rules, int64_t ts, int32_t day, bool restart)
{
	bool starts;

	starts = fold->number == 0 || restart || sz_elapsed(fold->ended_at, ts) > rules->gap ||
			 sz_elapsed(fold->started_at, ts) > rules->max_duration || fold->events >= rules->max_events ||
			 (rules->midnight && day != fold->day);
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
