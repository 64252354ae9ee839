/*
 * funnel_chains.c
 *		The depth of a funnel in those modes in which events between a chain's events matter.
 *
 * Events come one by one, in the log's order.  Each event continues, ends or leaves alone the
 * chains that are alive.  One chain of each depth is enough, because later events treat all chains
 * of one depth alike, except for the time that they have left, and with strict_increase for whether
 * their last event was at the current time.
 *
 * The first pass keeps the chains with the latest starts, and finds the depth.  The second pass
 * only looks at events that can be part of a chain that is complete when the first chain of this
 * depth was, and keeps the chains whose steps are earliest, compared step by step.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/funnel_chains.h"

typedef struct Chain
{
	int64_t times[SZ_MAX_STEPS];
} Chain;

/* The chains, at most one of each depth. */
typedef struct Chains
{
	uint64_t alive; /* bit number depth is set if there is a chain of this depth */
	Chain chains[SZ_MAX_STEPS + 1];
} Chains;

typedef struct Search
{
	const SzFunnel *funnel;
	bool tracing; /* this is the second pass */
	/* with strict_increase, chains whose last event was earlier than now; else all chains */
	Chains older;
	Chains fresh; /* with strict_increase, chains whose last event is at the current time */
	int deepest;
	int64_t done_at; /* when the first chain of depth deepest was complete */
	int64_t *times;  /* in the second pass: of the best chain of depth deepest */
	bool have_times;
} Search;

/*
 * is_better tells whether a chain a of some depth is to be kept rather than b.
 */
static bool
is_better(const Search *search, const int64_t *a, const int64_t *b, int depth)
{
	if (!search->tracing)
		return a[0] > b[0];
	for (int i = 0; i < depth; i++)
	{
		if (a[i] != b[i])
			return a[i] < b[i];
	}
	return false;
}

/*
 * note_depth notes the depth of a chain to which an event at ts was added; in the second pass, its
 * times.
 */
static void
note_depth(Search *search, const int64_t *times, int depth, int64_t ts)
{
	if (!search->tracing && depth > search->deepest)
	{
		search->deepest = depth;
		search->done_at = ts;
	}
	if (!search->tracing || depth != search->deepest || ts != search->done_at)
		return;
	if (!search->have_times || is_better(search, times, search->times, depth))
		memcpy(search->times, times, (size_t) depth * sizeof(int64_t));
	search->have_times = true;
}

/*
 * put puts a chain into its depth's place.  The chain may be in chains already, at another depth.
 */
static void
put(Search *search, Chains *chains, const Chain *chain, int depth)
{
	Chain *slot = &chains->chains[depth];

	if ((chains->alive >> depth & 1) != 0 && !is_better(search, chain->times, slot->times, depth))
		return;
	memcpy(slot->times, chain->times, (size_t) depth * sizeof(int64_t));
	chains->alive |= UINT64_C(1) << depth;
}

/*
 * continue_chain adds an event to a chain of some depth.
 */
static void
continue_chain(Search *search, const Chain *chain, int depth, int64_t ts)
{
	bool increase = (search->funnel->mode & SZ_FUNNEL_STRICT_INCREASE) != 0;
	Chain longer;

	if (depth > 0 && sz_elapsed(chain->times[0], ts) > search->funnel->within)
		return;
	if (depth > 0)
		memcpy(longer.times, chain->times, (size_t) depth * sizeof(int64_t));
	longer.times[depth] = ts;
	note_depth(search, longer.times, depth + 1, ts);
	if (depth + 1 < search->funnel->nsteps)
		put(search, increase ? &search->fresh : &search->older, &longer, depth + 1);
}

/*
 * survives tells whether a chain of some depth stays as it is after an event that it does not take.
 */
static bool
survives(const Search *search, int depth, uint32_t mask)
{
	const SzFunnel *funnel = search->funnel;
	uint64_t steps = (UINT64_C(1) << funnel->nsteps) - 1;
	uint64_t known = (UINT64_C(1) << (depth + 1)) - 1;

	if ((funnel->mode & SZ_FUNNEL_STRICT_ORDER) != 0 &&
		((mask & steps) == 0 || (funnel->mode & SZ_FUNNEL_ALLOW_REENTRY) == 0))
		return false;
	if ((funnel->mode & SZ_FUNNEL_STRICT_DEDUPLICATION) != 0 && (mask & known) != 0)
		return false;
	return (funnel->mode & SZ_FUNNEL_EXCLUDE) == 0 ||
		   (mask & funnel->exclusions->between[depth]) == 0;
}

/*
 * pass shows an event to the chains, the deepest first, so that no chain takes the event twice.  A
 * chain that takes it and survives it goes on in both ways.
 */
static void
pass(Search *search, Chains *chains, const SzStepEvent *event, bool may_take)
{
	for (uint64_t left = chains->alive; left != 0;)
	{
		int depth = 63 - __builtin_clzll(left);
		uint64_t bit = UINT64_C(1) << depth;

		left &= ~bit;
		if (!survives(search, depth, event->mask))
			chains->alive &= ~bit;
		if (may_take && (event->mask >> depth & 1) != 0)
			continue_chain(search, &chains->chains[depth], depth, event->ts);
	}
}

/*
 * take_event shows an event to all chains, and begins one with it.
 */
static void
take_event(Search *search, const SzStepEvent *event)
{
	bool increase = (search->funnel->mode & SZ_FUNNEL_STRICT_INCREASE) != 0;
	bool once = (search->funnel->mode & SZ_FUNNEL_STRICT_ONCE) != 0;

	if (increase)
		pass(search, &search->fresh, event, false);
	pass(search, &search->older, event, true);
	if ((event->mask & 1) != 0)
		continue_chain(search, NULL, 0, event->ts);
	if (increase || once)
		return;
	/*
	 * A chain that has just been extended by the event may take it for its next step as well.  The
	 * others whose next step the event satisfies have taken it, and to take it again changes
	 * nothing.
	 */
	for (int depth = 1; depth < search->funnel->nsteps; depth++)
	{
		if ((search->older.alive >> depth & 1) != 0 && (event->mask >> depth & 1) != 0)
			continue_chain(search, &search->older.chains[depth], depth, event->ts);
	}
}

/*
 * grow_older moves the chains in fresh to older, when the time of the events changes.
 */
static void
grow_older(Search *search)
{
	for (int depth = 1; depth < search->funnel->nsteps && search->fresh.alive != 0; depth++)
	{
		if ((search->fresh.alive >> depth & 1) != 0)
			put(search, &search->older, &search->fresh.chains[depth], depth);
	}
	search->fresh.alive = 0;
}

/*
 * run passes over events.
 */
static void
run(Search *search, const SzStepEvent *events, const SzStepEvent *end)
{
	search->older.alive = search->fresh.alive = 0;
	for (const SzStepEvent *event = events; event < end; event++)
	{
		if (event > events && event->ts != event[-1].ts)
		{
			if (!search->tracing && search->deepest == search->funnel->nsteps)
				return;
			grow_older(search);
		}
		take_event(search, event);
	}
}

/*
 * sz_funnel_chains returns the depth of a group's events.
 */
int
sz_funnel_chains(const SzFunnel *funnel, const SzStepEvent *events, uint32_t count, int64_t *times)
{
	const SzStepEvent *end = events + count;
	Search search;

	search.funnel = funnel;
	search.tracing = false;
	search.deepest = 0;
	run(&search, events, end);
	if (times == NULL || search.deepest == 0)
		return search.deepest;

	search.tracing = true;
	search.times = times;
	search.have_times = false;
	while (events->ts < search.done_at && sz_elapsed(events->ts, search.done_at) > funnel->within)
		events++;
	while (end[-1].ts > search.done_at)
		end--;
	run(&search, events, end);
	return search.deepest;
}
