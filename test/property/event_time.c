/*
 * event_time.c
 *		Property: the event time is what 128-bit arithmetic says.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "core/event_time.h"
#include "property.h"

enum
{
	P_SKEW_THRESHOLD,
	P_MAX_LEAD,
	P_OLDEST,
	P_REJECTS_OLD,
	P_MIN_TIME,
	P_MAX_TIME
};

enum
{
	OCCURRED,
	SENT,
	RECEIVED,
	NCLOCKS
};

#define IS_NULL     1
#define IS_INFINITE 2

/*
 * make_history makes rules and three clocks, each a step; the extra says NULL or infinite.
 */
static void
make_history(Random *random, History *history)
{
	uint64_t threshold = random_one_in(random, 6) ? SZ_NO_LIMIT : random_span(random);
	TimeStyle style = random_time_style(random, threshold == SZ_NO_LIMIT ? 100 : threshold);

	history->params[P_SKEW_THRESHOLD] = threshold;
	history->params[P_MAX_LEAD] = random_one_in(random, 6) ? SZ_NO_LIMIT : random_span(random);
	history->params[P_OLDEST] = random_one_in(random, 3) ? SZ_NO_LIMIT : random_span(random);
	history->params[P_REJECTS_OLD] = random_one_in(random, 2);
	history->params[P_MIN_TIME] =
		(uint64_t) (random_one_in(random, 2) ? INT64_MIN : -211813488000000000);
	history->params[P_MAX_TIME] =
		(uint64_t) (random_one_in(random, 2) ? INT64_MAX : 9223371331199999999);
	history->nsteps = NCLOCKS;
	for (int i = 0; i < NCLOCKS; i++)
	{
		if (random_one_in(random, 10))
			style = random_time_style(random, random_span(random));
		history->steps[i].ts = random_time(random, style);
		history->steps[i].extra = (random_one_in(random, 8) ? IS_NULL : 0) |
								  (random_one_in(random, 20) ? IS_INFINITE : 0);
	}
}

/*
 * expect decides by the words of the rule; *time is beyond int64_t where the verdict says so.
 */
static SzTimeVerdict
expect(const History *history, __int128 *time)
{
	const Step *steps = history->steps;
	__int128 occurred = steps[OCCURRED].ts;
	__int128 sent = steps[SENT].ts;
	__int128 received = steps[RECEIVED].ts;
	__int128 offset = received > sent ? received - sent : sent - received;
	SzTimeVerdict verdict = SZ_TIME_AS_GIVEN;

	for (int i = 0; i < NCLOCKS; i++)
	{
		if (steps[i].extra == IS_INFINITE)
			return SZ_TIME_INFINITE;
	}
	if (steps[RECEIVED].extra & IS_NULL)
	{
		if (steps[OCCURRED].extra & IS_NULL)
			return SZ_TIME_MISSING;
		*time = occurred;
	}
	else if (steps[OCCURRED].extra & IS_NULL)
	{
		*time = received;
		verdict = SZ_TIME_FROM_RECEIPT;
	}
	else
	{
		*time = occurred;
		if (!(steps[SENT].extra & IS_NULL) && offset > (__int128) history->params[P_SKEW_THRESHOLD])
		{
			*time = received - (sent - occurred);
			verdict = SZ_TIME_CORRECTED;
		}
		if (*time > received + (__int128) history->params[P_MAX_LEAD])
		{
			*time = received + (__int128) history->params[P_MAX_LEAD];
			verdict = SZ_TIME_CLAMPED;
		}
		if (*time < received - (__int128) history->params[P_OLDEST])
		{
			if (history->params[P_REJECTS_OLD])
				return SZ_TIME_TOO_OLD;
			*time = received;
			verdict = SZ_TIME_CLAMPED;
		}
	}
	if (*time < (int64_t) history->params[P_MIN_TIME] ||
		*time > (int64_t) history->params[P_MAX_TIME])
		return SZ_TIME_OUT_OF_RANGE;
	return verdict;
}

/*
 * check compares the verdict and the time.
 */
static const char *
check(const History *history)
{
	SzClockRules rules = {.skew_threshold = history->params[P_SKEW_THRESHOLD],
						  .max_lead = history->params[P_MAX_LEAD],
						  .oldest = history->params[P_OLDEST],
						  .rejects_old = history->params[P_REJECTS_OLD] != 0,
						  .min_time = (int64_t) history->params[P_MIN_TIME],
						  .max_time = (int64_t) history->params[P_MAX_TIME]};
	SzClock clocks[NCLOCKS];
	__int128 expected = 0;
	int64_t actual = 42;
	SzTimeVerdict verdict;

	if (history->nsteps < NCLOCKS)
		return NULL;
	for (int i = 0; i < NCLOCKS; i++)
	{
		clocks[i].value = history->steps[i].ts;
		clocks[i].isnull = (history->steps[i].extra & IS_NULL) != 0;
		clocks[i].infinite = (history->steps[i].extra & IS_INFINITE) != 0;
	}
	verdict = sz_event_time(&rules, clocks[OCCURRED], clocks[SENT], clocks[RECEIVED], &actual);
	if (verdict != expect(history, &expected))
		return "the verdict is wrong";
	if (SZ_TIME_IS_VALID(verdict) ? actual != expected : actual != 42)
		return "the time is wrong";
	return NULL;
}

const Property event_time_property = {
	"event_time",
	{"skew_threshold", "max_lead", "oldest", "rejects_old", "min_time", "max_time", NULL},
	38990,
	make_history,
	check,
};
