/*
 * funnel.c
 *		The depth of a funnel in those modes that let other events lie between a chain's events.
 *
 * One pass keeps, for each depth, the latest start of a chain of this depth.  Nothing else matters
 * about the chains so far: a chain that starts later can be continued for longer.  A deeper chain
 * never starts later than a shallower one, so an event continues the shallowest chain that it can.
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
	int64_t done_at; /* when the first chain of depth deepest was complete */
} Front;

/*
 * extend continues the chain of depth from to another depth with events at ts, if its start is not
 * too long ago.  From depth 0 the events begin a new chain.
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
 * take_any takes events at ts that together satisfy the steps of mask.  One event may complete
 * several steps.
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
 * take_one takes events at ts, of which a chain may use only one.
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
 * take_each takes events at the same time, each of which may complete only one step.
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

/* The events at the same time. */
typedef struct Instant
{
	const SzStepEvent *events;
	uint32_t count;
	uint32_t mask; /* steps that at least one of them satisfies */
	bool breaks;   /* the first of them satisfies no step */
	bool simple;   /* none satisfies several steps */
} Instant;

/*
 * next_instant returns the events at the time of the first one.
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
 * take_instant takes the events at the same time, as the mode requires.
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
 * next_depth returns the depth to which a chain gets with the events at the same time.
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
 * trace fills in the times of the first chain of the greatest depth.  It starts with the first
 * possible event, and completes each step as soon as possible.
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

	if ((funnel->mode & (SZ_FUNNEL_STRICT_DEDUPLICATION | SZ_FUNNEL_EXCLUDE)) != 0 ||
		(funnel->mode & (SZ_FUNNEL_STRICT_ORDER | SZ_FUNNEL_ALLOW_REENTRY)) ==
			SZ_FUNNEL_STRICT_ORDER)
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
