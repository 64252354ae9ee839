/*
 * growth.c
 *		Property: an interval set grows with the number of islands, not of events, and its work per event
 *		does not grow.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>

#include "core/interval_set.h"
#include "property.h"

enum
{
	P_GAP,
	P_EVENTS,
	P_ORDER,
	P_WIDTH,
	P_SEED
};

enum
{
	RANDOM_ORDER,
	BACKWARDS,
	ODD_THEN_EVEN, /* every event of the second half bridges two islands */
	LATE_BY_ONE,   /* every other event bridges the two before it */
	PAIRS,         /* two new islands in turns, others each time the number of events has doubled */
	OUTSIDE_IN,    /* every event falls between the last two */
	NORDERS
};

/*
 * make_load chooses a long history by its parameters only.
 */
static void
make_load(Random *random, History *history)
{
	history->params[P_GAP] = 10;
	history->params[P_EVENTS] = 100000;
	history->params[P_ORDER] = random_below(random, NORDERS);
	history->params[P_WIDTH] = UINT64_C(32) << random_below(random, 20);
	history->params[P_SEED] = random_bits(random);
}

/*
 * load_time returns the time of a load's event.
 */
static int64_t
load_time(const History *history, uint64_t i, Random *random)
{
	uint64_t n = history->params[P_EVENTS];
	uint64_t pair;

	switch (history->params[P_ORDER])
	{
		case BACKWARDS:
			return (int64_t) ((n - i) * 11);
		case ODD_THEN_EVEN:
			return (int64_t) (i < n / 2 ? i * 20 : (i - n / 2) * 20 + 10);
		case LATE_BY_ONE:
			return (int64_t) (i % 2 == 0 ? i * 10 : (i - 1) * 10 - 10);
		case PAIRS:
			for (pair = 0; i >> pair > 64; pair++)
				continue;
			return i <= 64 ? (int64_t) i * 100 : -(int64_t) (2 * pair + i % 2) * 100;
		case OUTSIDE_IN:
			return (int64_t) (i % 2 == 0 ? i * 11 : (2 * n - i) * 11);
		default:
			return (int64_t) random_below(random, history->params[P_WIDTH]);
	}
}

typedef struct Event
{
	int64_t ts;
	int64_t added;
	int64_t before; /* its neighbours in time, or -1 */
	int64_t after;
} Event;

/*
 * compare_events orders events by time.
 */
static int
compare_events(const void *a, const void *b)
{
	int64_t x = ((const Event *) a)->ts;
	int64_t y = ((const Event *) b)->ts;

	return (x > y) - (x < y);
}

/*
 * count_breaks returns how many of the two pairs of neighbours (a, b) and (b, c) are apart; -1 is no event.
 */
static int64_t
count_breaks(const History *history, const Event *events, int64_t a, int64_t b, int64_t c)
{
	uint64_t gap = history->params[P_GAP];

	return (a >= 0 && b >= 0 && sz_elapsed(events[a].ts, events[b].ts) > gap) +
		   (b >= 0 && c >= 0 && sz_elapsed(events[b].ts, events[c].ts) > gap);
}

/*
 * peak_islands returns the greatest number of islands there are while a load is added: it sorts all
 * events and takes them out again from the last added to the first.
 */
static int64_t
peak_islands(const History *history)
{
	int64_t n = (int64_t) history->params[P_EVENTS];
	Event *events = must_malloc((size_t) n * sizeof(Event));
	int64_t *places = must_malloc((size_t) n * sizeof(int64_t));
	Random random = {history->params[P_SEED]};
	int64_t islands = 1;
	int64_t peak = 0;

	for (int64_t i = 0; i < n; i++)
		events[i] = (Event){load_time(history, (uint64_t) i, &random), i, 0, 0};
	qsort(events, (size_t) n, sizeof(Event), compare_events);
	for (int64_t i = 0; i < n; i++)
	{
		places[events[i].added] = i;
		events[i].before = i - 1;
		events[i].after = i + 1 < n ? i + 1 : -1;
		islands += count_breaks(history, events, i - 1, i, -1);
	}
	for (int64_t i = n - 1; i > 0; i--)
	{
		int64_t at = places[i];
		int64_t before = events[at].before;
		int64_t after = events[at].after;

		peak = peak > islands ? peak : islands;
		islands -= count_breaks(history, events, before, at, after);
		islands += count_breaks(history, events, before, after, -1);
		if (before >= 0)
			events[before].after = after;
		if (after >= 0)
			events[after].before = before;
	}
	free(places);
	free(events);
	return peak;
}

/*
 * check_growth adds many events.  What a normalization walks over, added up, stays linear in the number of
 * events; the capacity stays linear in the greatest number of islands there ever were.
 */
static const char *
check_growth(const History *history)
{
	SzIntervalSet set;
	TestHeap heap;
	Random random = {history->params[P_SEED]};
	uint64_t walked = 0;
	uint32_t capacity;
	int64_t peak = peak_islands(history);
	const char *wrong = NULL;

	test_heap_init(&heap);
	sz_interval_set_init(&set, history->params[P_GAP]);
	for (uint64_t i = 0; i < history->params[P_EVENTS]; i++)
	{
		uint32_t count = set.count;
		uint32_t tail = set.count - set.sorted;
		bool normal = set.normal;

		if (sz_interval_set_add(&set, load_time(history, i, &random), &heap.alloc) != SZ_OK)
			wrong = "an event could not be added";
		if (set.count < count || set.count - set.sorted < tail || (set.normal && !normal))
			walked += count;
	}
	capacity = set.capacity;
	sz_interval_set_normalize(&set, &heap.alloc);
	if (walked > 4 * history->params[P_EVENTS])
		wrong = "normalizations walk over more than a few items for each event";
	/* it doubles where more than three quarters, less one, are in use after a normalization */
	if (capacity > (peak < 32 ? 8 * (peak + 1) / 3 : 8 * peak + 4))
		wrong = "the capacity is out of proportion to the islands";
	sz_interval_set_free(&set, &heap.alloc);
	return wrong;
}

const Property growth_property = {
	"growth", {"gap", "events", "order", "width", "seed", NULL}, 10, make_load, check_growth,
};
