/*
 * fold.c
 *		Property: the fold starts sessions where the rules say.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>

#include "core/fold.h"
#include "property.h"

enum
{
	P_GAP,
	P_MAX_DURATION,
	P_MAX_EVENTS,
	P_MIDNIGHT
};

/* A step's extra: bit 0 is restart, bit 1 is change, the rest the local day. */
#define RESTART(step) (((step)->extra & 1) != 0)
#define CHANGE(step)  (((step)->extra & 2) != 0)
#define DAY(step)     ((int32_t) ((step)->extra >> 2))

/*
 * by_time orders steps.
 */
static int
by_time(const void *a, const void *b)
{
	int64_t x = ((const Step *) a)->ts;
	int64_t y = ((const Step *) b)->ts;

	return (x > y) - (x < y);
}

/*
 * make_history makes rules and an ordered history.
 */
static void
make_history(Random *random, History *history)
{
	uint64_t gap = random_span(random);
	TimeStyle style = random_time_style(random, gap);
	bool restarts = random_one_in(random, 3);
	bool changes = random_one_in(random, 3);
	int32_t day = (int32_t) random_below(random, 1000);

	history->params[P_GAP] = gap;
	history->params[P_MAX_DURATION] =
		random_one_in(random, 2) ? SZ_NO_LIMIT : random_span(random) + gap / 2;
	history->params[P_MAX_EVENTS] =
		random_one_in(random, 2) ? SZ_NO_LIMIT : 1 + random_below(random, 6);
	history->params[P_MIDNIGHT] = random_below(random, 2);
	history->nsteps = random_length(random);
	for (int i = 0; i < history->nsteps; i++)
		history->steps[i].ts = random_time(random, style);
	qsort(history->steps, (size_t) history->nsteps, sizeof(Step), by_time);
	for (int i = 0; i < history->nsteps; i++)
	{
		day += random_one_in(random, 5) ? (int32_t) random_below(random, 3) : 0;
		history->steps[i].extra = (uint64_t) day << 2 |
								  (restarts && random_one_in(random, 4) ? 1 : 0) |
								  (changes && random_one_in(random, 4) ? 2 : 0);
	}
}

/*
 * cause_between returns why the rules don't let event k be in the session that event s starts, as
 * far as k and its neighbour before it are concerned.
 */
static SzCause
cause_between(const History *history, int s, int k)
{
	const Step *steps = history->steps;
	const uint64_t *rules = history->params;

	if ((__int128) steps[k].ts - steps[k - 1].ts > (__int128) rules[P_GAP])
		return SZ_AFTER_GAP;
	if (rules[P_MAX_DURATION] != SZ_NO_LIMIT &&
		(__int128) steps[k].ts > (__int128) steps[s].ts + (__int128) rules[P_MAX_DURATION])
		return SZ_AFTER_MAX_DURATION;
	if (rules[P_MAX_EVENTS] != SZ_NO_LIMIT && (uint64_t) (k - s + 1) > rules[P_MAX_EVENTS])
		return SZ_AFTER_MAX_EVENTS;
	if (RESTART(&steps[k]))
		return SZ_AT_RESTART;
	if (CHANGE(&steps[k]))
		return SZ_AT_CHANGE;
	return rules[P_MIDNIGHT] && DAY(&steps[k]) != DAY(&steps[k - 1]) ? SZ_AT_MIDNIGHT : SZ_NO_START;
}

/*
 * end_between returns why the rules don't let events s to e be one session; SZ_NO_START if they do.
 */
static SzCause
end_between(const History *history, int s, int e)
{
	SzCause cause = SZ_NO_START;

	for (int k = s + 1; k <= e && cause == SZ_NO_START; k++)
		cause = cause_between(history, s, k);
	return cause;
}

/*
 * check compares the fold with the longest stretches that are sessions.
 */
static const char *
check(const History *history)
{
	SzRules rules = {history->params[P_GAP], history->params[P_MAX_DURATION],
					 history->params[P_MAX_EVENTS], history->params[P_MIDNIGHT] != 0};
	SzFold fold = SZ_FOLD_INIT;
	int session_start = 0;
	int64_t sessions = 0;

	for (int i = 0; i < history->nsteps; i++)
	{
		const Step *step = &history->steps[i];
		SzEvent event = {step->ts, rules.midnight ? DAY(step) : 0, RESTART(step), CHANGE(step)};
		SzCause expected = i == 0 ? SZ_FIRST_EVENT : end_between(history, session_start, i);
		SzCause cause = sz_fold_step(&fold, &rules, event);

		if ((cause != SZ_NO_START) != (expected != SZ_NO_START))
			return cause ? "a session starts where none should"
						 : "no session starts where one should";
		if (cause != expected)
			return "a session starts for another reason than the rules give";
		if (cause != SZ_NO_START)
		{
			session_start = i;
			sessions++;
		}
		if (fold.number != sessions || fold.started_at != history->steps[session_start].ts ||
			fold.ended_at != step->ts || fold.events != (uint64_t) (i - session_start + 1))
			return "the state does not describe the current session";
	}
	return NULL;
}

const Property fold_property = {
	"fold", {"gap", "max_duration", "max_events", "midnight", NULL}, 20000, make_history, check,
};
