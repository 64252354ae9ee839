/*
 * activity.c
 *		Property: activity by period is the same however the periods come.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>

#include "core/activity.h"
#include "property.h"

#define MAX_WORDS 4

enum
{
	P_NWORDS,
	P_FROM,
	P_TO
};

/*
 * make_activity makes a history of periods, which fit in 32 bits.
 */
static void
make_activity(Random *random, History *history)
{
	uint64_t nwords = 1 + random_below(random, MAX_WORDS);
	uint64_t spread =
		random_one_in(random, 8) ? UINT32_MAX : 1 + random_below(random, 64 * nwords * 2);
	int64_t base = random_one_in(random, 3) ? INT32_MIN : (int64_t) random_below(random, 1000);

	history->params[P_NWORDS] = nwords;
	history->params[P_FROM] = random_below(random, 64 * nwords);
	history->params[P_TO] =
		history->params[P_FROM] + random_below(random, 64 * nwords - history->params[P_FROM]);
	history->nsteps = 1 + random_length(random) % 50;
	for (int i = 0; i < history->nsteps; i++)
	{
		int64_t period = base + (int64_t) random_below(random, spread);

		history->steps[i].ts = period > INT32_MAX ? INT32_MAX : period;
	}
}

/*
 * check_activity compares with a look at every period.
 */
static const char *
check_activity(const History *history)
{
	int nwords = (int) history->params[P_NWORDS];
	SzActivity *activity;
	int64_t first = INT64_MAX;
	int64_t last = INT64_MIN;
	bool within = false;
	const char *wrong = NULL;

	if (history->nsteps == 0)
		return NULL;
	activity = must_malloc(sz_activity_size(nwords));
	sz_activity_init(activity, nwords, (int32_t) history->steps[0].ts);
	for (int i = 0; i < history->nsteps; i++)
	{
		int64_t period = history->steps[i].ts;

		if (i > 0)
			sz_activity_add(activity, nwords, (int32_t) period);
		first = period < first ? period : first;
		last = period > last ? period : last;
	}
	for (int i = 0; i < history->nsteps; i++)
		within |= history->steps[i].ts - first >= (int64_t) history->params[P_FROM] &&
				  history->steps[i].ts - first <= (int64_t) history->params[P_TO];
	if (activity->first != first || activity->last != last)
		wrong = "the first or the last period is wrong";
	else if (sz_activity_within(activity, (uint32_t) history->params[P_FROM],
								(uint32_t) history->params[P_TO]) != within)
		wrong = "activity between two periods is wrong";
	free(activity);
	return wrong;
}

const Property activity_property = {
	"activity", {"words", "from", "to", NULL}, 40000, make_activity, check_activity,
};
