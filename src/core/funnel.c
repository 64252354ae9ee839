/*
 * funnel.c
 *		How far one group's events get through a list of steps within a time: modes that let other events
 *		lie between.
 *
 * One pass keeps for each depth the latest start of a chain that deep.  That is all there is to know of
 * the chains so far: whoever starts later can go on for longer.  A chain that is deeper never starts later, so
 * an event goes on with the shallowest chain it can.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/funnel.h"
#include "core/funnel_chains.h"
#include "core/funnel_match.h"

typedef struct Front
{
	int reached;                      /* there are chains of the depths 1 to reached */
	int64_t starts[SZ_MAX_STEPS + 1]; /* by depth */
	int deepest;
	int64_t done_at; /* when the first chain so deep was complete */
} Front;

/*
 * extend makes a chain of some depth into one of another with events at ts, where there is one not too
 * long ago.  Depth 0 stands for the events alone.
 */
static inline void
extend(Front *front, uint64_t within, int from, int depth, int64_t ts)
{
	int64_t start = from == 0 ? ts : front->starts[from];

	if (from > front->reached || sz_elapsed(start, ts) > within)
		return;
	front->starts[depth] = start;
	if (depth > front->reached)
		front->reached = depth;
	if (depth > front->deepest)
	{
		front->deepest = depth;
		front->done_at = ts;
	}
}

/*
 * take_any takes events at ts that together satisfy the steps of mask, one event for any number of
 * steps.
 */
static void
take_any(Front *front, uint64_t within, uint32_t mask, int64_t ts)
{
	for (; mask != 0; mask &= mask - 1)
	{
		int step = __builtin_ctz(mask);

		extend(front, within, step, step + 1, ts);
	}
}

/*
 * take_one takes one of the events at ts.
 */
static void
take_one(Front *front, uint64_t within, uint32_t mask, int64_t ts)
{
	while (mask != 0)
	{
		int step = 31 - __builtin_clz(mask);

		extend(front, within, step, step + 1, ts);
		mask &= ~(UINT32_C(1) << step);
	}
}

/*
 * take_each takes events at one time, each for one step.
 */
static void
take_each(Front *front, const SzFunnel *funnel, const SzStepEvent *events, uint32_t count)
{
	int base[SZ_MAX_STEPS + 1];

	sz_funnel_match(events, count, funnel->nsteps, base);
	for (int depth = funnel->nsteps; depth > 0; depth--)
	{
		if (base[depth] < depth)
			extend(front, funnel->within, base[depth], depth, events[0].ts);
	}
}

/* The events at one time. */
typedef struct Instant
{
	const SzStepEvent *events;
	uint32_t count;
	uint32_t mask; /* steps that any of them satisfies */
	bool breaks;   /* one satisfies none */
	bool simple;   /* none satisfies several */
} Instant;

/*
 * next_instant returns the events at the time of the first.
 */
static inline Instant
next_instant(const SzStepEvent *events, const SzStepEvent *end)
{
	Instant instant = {events, 0, 0, events->mask == 0, true};
	const SzStepEvent *event = events;

	do
	{
		instant.mask |= event->mask;
		instant.simple &= (event->mask & (event->mask - 1)) == 0;
		event++;
	} while (event < end && event->ts == events->ts);
	instant.count = (uint32_t) (event - events);
	return instant;
}

/*
 * take_instant takes the events at one time.
 */
static inline void
take_instant(Front *front, const SzFunnel *funnel, const Instant *instant)
{
	bool one = (funnel->mode & SZ_FUNNEL_STRICT_INCREASE) != 0;
	bool each = (funnel->mode & SZ_FUNNEL_STRICT_ONCE) != 0;

	if (instant->breaks && sz_funnel_needs_all(funnel->mode))
		front->reached = 0;
	if (one || (each && instant->count == 1))
		take_one(front, funnel->within, instant->mask, instant->events->ts);
	else if (each && !instant->simple)
		take_each(front, funnel, instant->events, instant->count);
	else
		take_any(front, funnel->within, instant->mask, instant->events->ts);
}

/*
 * next_depth returns how deep a chain gets with the events at one time.
 */
static int
next_depth(const SzFunnel *funnel, const Instant *instant, int depth)
{
	int base[SZ_MAX_STEPS + 1];
	int from = depth;

	if ((funnel->mode & SZ_FUNNEL_STRICT_INCREASE) != 0)
		return depth + (int) (instant->mask >> depth & 1);
	if ((funnel->mode & SZ_FUNNEL_STRICT_ONCE) == 0 || instant->simple)
	{
		while (depth < funnel->nsteps && (instant->mask >> depth & 1) != 0)
			depth++;
		return depth;
	}
	sz_funnel_match(instant->events, instant->count, funnel->nsteps, base);
	while (depth < funnel->nsteps && base[depth + 1] <= from)
		depth++;
	return depth;
}

/*
 * trace fills in the times of the first chain that is as deep as the deepest: it starts with the first
 * event it can, and takes each step as soon as it can.
 */
static void
trace(const Front *front, const SzFunnel *funnel, const SzStepEvent *events, const SzStepEvent *end,
	  int64_t *times)
{
	int depth = 0;

	while (depth < front->deepest && events < end)
	{
		Instant instant = next_instant(events, end);

		events += instant.count;
		if (instant.events->ts < front->done_at &&
			sz_elapsed(instant.events->ts, front->done_at) > funnel->within)
			continue;
		if (instant.breaks && sz_funnel_needs_all(funnel->mode))
			depth = 0;
		for (int next = next_depth(funnel, &instant, depth); depth < next; depth++)
			times[depth] = instant.events->ts;
	}
}

/*
 * sz_funnel_depth returns the depth of a group's events.
 */
int
sz_funnel_depth(const SzFunnel *funnel, const SzStepEvent *events, uint32_t count, int64_t *times)
{
	const SzStepEvent *end = events + count;
	const SzStepEvent *event = events;
	Front front;

	if ((funnel->mode & SZ_FUNNEL_STRICT_DEDUPLICATION) != 0 ||
		(funnel->mode & (SZ_FUNNEL_STRICT_ORDER | SZ_FUNNEL_ALLOW_REENTRY)) == SZ_FUNNEL_STRICT_ORDER)
		return sz_funnel_chains(funnel, events, count, times);
	front.reached = front.deepest = 0;
	while (event < end && front.deepest < funnel->nsteps)
	{
		Instant instant = next_instant(event, end);

		take_instant(&front, funnel, &instant);
		event += instant.count;
	}
	if (times != NULL && front.deepest > 0)
		trace(&front, funnel, events, end, times);
	return front.deepest;
}
