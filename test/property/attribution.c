/*
 * attribution.c
 *		Property: shares add up exactly, and each is what floating point says it is.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <math.h>

#include "core/attribution.h"
#include "property.h"

enum
{
	P_MODEL,
	P_HALF_LIFE
};

/*
 * make_touches makes touches, ascending.
 */
static void
make_touches(Random *random, History *history)
{
	uint64_t half_life = random_span(random);
	TimeStyle style;

	half_life = half_life == 0 ? 1 : half_life;
	style = random_time_style(random, half_life);
	history->params[P_MODEL] = random_below(random, 5);
	history->params[P_HALF_LIFE] = half_life;
	history->nsteps = 1 + (int) random_below(random, random_one_in(random, 50) ? 500 : 8);
	for (int i = 0; i < history->nsteps; i++)
	{
		int64_t ts = random_time(random, style);
		int j = i;

		for (; j > 0 && history->steps[j - 1].ts > ts; j--)
			history->steps[j] = history->steps[j - 1];
		history->steps[j] = (Step){ts, 0};
	}
}

/*
 * expected_weight returns a touch's weight in floating point.
 */
static long double
expected_weight(const History *history, int i)
{
	int last = history->nsteps - 1;
	long double ago = (long double) sz_elapsed(history->steps[i].ts, history->steps[last].ts);

	switch ((SzAttributionModel) history->params[P_MODEL])
	{
		case SZ_ATTRIBUTION_FIRST:
			return i == 0 ? 1 : 0;
		case SZ_ATTRIBUTION_LAST:
			return i == last ? 1 : 0;
		case SZ_ATTRIBUTION_LINEAR:
			return 1;
		case SZ_ATTRIBUTION_POSITION:
			return last <= 1 ? 1 : i == 0 || i == last ? 0.4L : 0.2L / (last - 1);
		case SZ_ATTRIBUTION_TIME_DECAY:
			return powl(2, -ago / (long double) history->params[P_HALF_LIFE]);
	}
	return 0;
}

/*
 * check_shares compares shares with floating point, to within what it can tell, and adds them up exactly.
 */
static const char *
check_shares(const History *history)
{
	SzNode touches[MAX_STEPS];
	uint64_t shares[MAX_STEPS];
	unsigned __int128 sum = 0;
	long double whole = 0;

	for (int i = 0; i < history->nsteps; i++)
	{
		touches[i] = (SzNode){.ts = history->steps[i].ts};
		whole += expected_weight(history, i);
	}
	if (history->nsteps == 0)
		return NULL;
	sz_attribution_shares((SzAttributionModel) history->params[P_MODEL], touches,
						  (uint32_t) history->nsteps, history->params[P_HALF_LIFE], shares);
	for (int i = 0; i < history->nsteps; i++)
	{
		long double expected = expected_weight(history, i) / whole * (long double) SZ_SHARE_UNITS;

		sum += shares[i];
		if (fabsl((long double) shares[i] - expected) > 250)
			return "a share is not what it should be";
	}
	return sum == SZ_SHARE_UNITS ? NULL : "the shares do not add up";
}

const Property attribution_property = {
	"attribution", {"model", "half_life", NULL}, 40000, make_touches, check_shares,
};
