/*
 * funnel.c
 *		Property: a funnel's depth and times are those of the best of all chains, looked at one by one.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>

#include "core/funnel.h"
#include "property.h"

#define MAX_EVENTS 9

enum
{
	P_WITHIN,
	P_MODE,
	P_NSTEPS,
	P_EXCLUDED, /* how many conditions are excluded somewhere */
	P_WHERE     /* a number for where */
};

/*
 * make_exclusions makes the exclusions that a number says.
 */
static void
make_exclusions(const History *history, SzFunnelExclusions *exclusions)
{
	Random random = {history->params[P_WHERE]};
	int nsteps = (int) history->params[P_NSTEPS];

	memset(exclusions, 0, sizeof(*exclusions));
	for (uint64_t i = 0; i < history->params[P_EXCLUDED]; i++)
	{
		for (int step = 1; step < nsteps; step++)
		{
			if (!random_one_in(&random, 3))
				exclusions->between[step] |= UINT32_C(1) << (nsteps + (int) i);
		}
	}
}

/*
 * make_funnel makes a history of few events, many of them at the same time.
 */
static void
make_funnel(Random *random, History *history)
{
	TimeStyle style = random_time_style(random, 0);
	uint64_t spread = 1 + random_below(random, 12);
	uint64_t several = random_below(random, 3);
	uint64_t nsteps = random_one_in(random, 50) ? 32 : 1 + random_below(random, 5);
	bool anywhere = random_one_in(random, 20);

	history->params[P_WITHIN] = random_one_in(random, 20)  ? UINT64_MAX >> random_below(random, 64)
								: random_one_in(random, 4) ? INT64_MAX
														   : random_below(random, 12);
	history->params[P_NSTEPS] = nsteps;
	history->params[P_EXCLUDED] =
		random_one_in(random, 2) && nsteps < 30 ? 1 + random_below(random, 2) : 0;
	history->params[P_WHERE] = random_bits(random);
	history->params[P_MODE] = (random_one_in(random, 3) ? 0 : random_below(random, 32)) |
							  (history->params[P_EXCLUDED] > 0 ? SZ_FUNNEL_EXCLUDE : 0);
	nsteps += history->params[P_EXCLUDED];
	history->nsteps = (int) random_below(random, MAX_EVENTS + 1);
	for (int i = 0; i < history->nsteps; i++)
	{
		uint64_t mask = random_one_in(random, 5) ? 0 : UINT64_C(1) << random_below(random, nsteps);

		for (uint64_t j = 0; j < several; j++)
			mask |= random_one_in(random, 2) ? UINT64_C(1) << random_below(random, nsteps) : 0;
		if (mask == 0 && !random_one_in(random, 3))
			mask = UINT64_C(1) << random_below(random, nsteps < 3 ? nsteps : 3);
		history->steps[i].ts =
			anywhere ? random_time(random, style) : (int64_t) random_below(random, spread);
		history->steps[i].extra = mask;
	}
}

/* The search for the best chain, by the definition. */
typedef struct Oracle
{
	const History *history;
	const SzFunnelExclusions *exclusions;
	const SzStepEvent *events;
	int n;
	int chain[SZ_MAX_STEPS]; /* events, by number */
	int best_depth;
	int64_t best[SZ_MAX_STEPS];
} Oracle;

/*
 * has_mode returns whether a mode is on.
 */
static bool
has_mode(const Oracle *oracle, uint64_t mode)
{
	return (oracle->history->params[P_MODE] & mode) != 0;
}

/*
 * in_order returns whether chains take the events in the order of the log, not only of time.
 */
static bool
in_order(const Oracle *oracle)
{
	return has_mode(oracle, SZ_FUNNEL_STRICT_DEDUPLICATION) ||
		   has_mode(oracle, SZ_FUNNEL_EXCLUDE) ||
		   (has_mode(oracle, SZ_FUNNEL_STRICT_ORDER) && !has_mode(oracle, SZ_FUNNEL_ALLOW_REENTRY));
}

/*
 * may_lie_between returns whether event e may lie between the chain's event of a depth and the next.
 */
static bool
may_lie_between(const Oracle *oracle, int depth, int e)
{
	uint32_t mask = oracle->events[e].mask;

	if (has_mode(oracle, SZ_FUNNEL_EXCLUDE) && (mask & oracle->exclusions->between[depth]) != 0)
		return false;
	mask &= (uint32_t) ((UINT64_C(1) << oracle->history->params[P_NSTEPS]) - 1);
	if (has_mode(oracle, SZ_FUNNEL_STRICT_ORDER) && !has_mode(oracle, SZ_FUNNEL_ALLOW_REENTRY))
		return false;
	if (has_mode(oracle, SZ_FUNNEL_STRICT_ORDER) && mask == 0)
		return false;
	if (has_mode(oracle, SZ_FUNNEL_STRICT_DEDUPLICATION) &&
		(mask & ((UINT64_C(1) << (depth + 1)) - 1)) != 0)
		return false;
	return true;
}

/*
 * may_follow returns whether event e may be the next of a chain of some depth.
 */
static bool
may_follow(const Oracle *oracle, int depth, int e)
{
	const SzStepEvent *event = &oracle->events[e];
	int last = depth > 0 ? oracle->chain[depth - 1] : -1;
	bool increase = has_mode(oracle, SZ_FUNNEL_STRICT_INCREASE);

	if ((event->mask >> depth & 1) == 0)
		return false;
	if (depth == 0)
		return true;
	if (event->ts < oracle->events[last].ts || (increase && event->ts == oracle->events[last].ts) ||
		sz_elapsed(oracle->events[oracle->chain[0]].ts, event->ts) >
			oracle->history->params[P_WITHIN])
		return false;
	if (has_mode(oracle, SZ_FUNNEL_STRICT_ONCE))
	{
		for (int i = 0; i < depth; i++)
		{
			if (oracle->chain[i] == e)
				return false;
		}
	}
	if (in_order(oracle) && e < last)
		return false;
	for (int i = last + 1; i < e; i++)
	{
		/* Of one time, only in_order's modes know before and after; what satisfies nothing comes first. */
		if ((in_order(oracle) || oracle->events[i].mask == 0) && !may_lie_between(oracle, depth, i))
			return false;
	}
	return true;
}

/*
 * is_better returns whether the chain is better than the best so far.
 */
static bool
is_better(const Oracle *oracle, int depth)
{
	if (depth != oracle->best_depth)
		return depth > oracle->best_depth;
	for (int i = -1; i < depth; i++)
	{
		/* first by when it is complete, then step by step */
		int step = i < 0 ? depth - 1 : i;
		int64_t ts = oracle->events[oracle->chain[step]].ts;

		if (ts != oracle->best[step])
			return ts < oracle->best[step];
	}
	return false;
}

/*
 * search looks at all chains that go on from one of some depth.
 */
static void
search(Oracle *oracle, int depth)
{
	if (depth > 0 && is_better(oracle, depth))
	{
		oracle->best_depth = depth;
		for (int i = 0; i < depth; i++)
			oracle->best[i] = oracle->events[oracle->chain[i]].ts;
	}
	if (depth == (int) oracle->history->params[P_NSTEPS])
		return;
	for (int e = 0; e < oracle->n; e++)
	{
		if (!may_follow(oracle, depth, e))
			continue;
		oracle->chain[depth] = e;
		search(oracle, depth + 1);
	}
}

/*
 * check_funnel compares a funnel with the best of all chains.
 */
static const char *
check_funnel(const History *history)
{
	SzFunnelExclusions exclusions;
	SzFunnel funnel = {history->params[P_WITHIN], (int) history->params[P_NSTEPS],
					   (uint32_t) history->params[P_MODE], &exclusions};
	Oracle oracle = {.history = history, .exclusions = &exclusions};
	int64_t times[SZ_MAX_STEPS];
	const char *wrong = NULL;
	TestHeap heap;
	SzStepLog log;
	int depth;

	make_exclusions(history, &exclusions);
	test_heap_init(&heap);
	sz_step_log_init(&log);
	for (int i = 0; i < history->nsteps; i++)
	{
		if (history->steps[i].extra != 0 || sz_funnel_needs_all(funnel.mode))
			sz_step_log_add(&log, history->steps[i].ts, (uint32_t) history->steps[i].extra,
							UINT32_MAX, &heap.alloc);
	}
	sz_step_log_sort(&log, &heap.alloc);
	oracle.events = log.items;
	oracle.n = (int) log.count;
	search(&oracle, 0);
	depth = sz_funnel_depth(&funnel, log.items, log.count, times);
	if (depth != oracle.best_depth)
		wrong = "the depth is not that of the deepest chain";
	else if (memcmp(times, oracle.best, (size_t) depth * sizeof(int64_t)) != 0)
		wrong = "the times are not those of the first of the deepest chains";
	else if (sz_funnel_depth(&funnel, log.items, log.count, NULL) != depth)
		wrong = "the depth depends on whether times are asked for";
	sz_step_log_free(&log, &heap.alloc);
	return wrong;
}

const Property funnel_property = {
	"funnel", {"within", "mode", "steps", "excluded", "", NULL}, 40000, make_funnel, check_funnel,
};
