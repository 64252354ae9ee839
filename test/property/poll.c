/*
 * poll.c
 *		Property: putting a large interval set in order polls throughout, and may be left at any poll.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <setjmp.h>

#include "core/interval_set.h"
#include "property.h"

enum
{
	P_SORTED, /* islands in order of time */
	P_LATE,   /* events between them, in any order */
	P_STOP_AT,
	P_SEED
};

typedef struct PollingHeap
{
	TestHeap heap;
	uint64_t polls;
	uint64_t stop_at; /* the poll that does not return, 0 for none */
	jmp_buf stopped;
} PollingHeap;

/*
 * make_large_set chooses the sizes so that the late events are put in order only at the end.
 */
static void
make_large_set(Random *random, History *history)
{
	history->params[P_SORTED] = 400000;
	history->params[P_LATE] = 1 + random_below(random, 199999);
	history->params[P_STOP_AT] = random_one_in(random, 2) ? 1 + random_below(random, 50) : 0;
	history->params[P_SEED] = random_bits(random);
}

/*
 * count_poll counts, and leaves when it is time to.
 */
static void
count_poll(void *arg)
{
	PollingHeap *polling = arg;

	if (++polling->polls == polling->stop_at)
		longjmp(polling->stopped, 1);
}

/*
 * fill adds the islands and the late events.
 */
static void
fill(const History *history, SzIntervalSet *set, const SzAllocator *alloc)
{
	Random random = {history->params[P_SEED]};

	for (uint64_t i = 0; i < history->params[P_SORTED]; i++)
		sz_interval_set_add(set, (int64_t) (2 * i), alloc);
	for (uint64_t i = 0; i < history->params[P_LATE]; i++)
		sz_interval_set_add(
			set, (int64_t) (2 * random_below(&random, history->params[P_SORTED])) + 1, alloc);
}

/*
 * expected_polls returns how many there are at least, when so many late events are sorted by runs, merged
 * in ever longer runs, merged with the rest, and the whole is walked along.
 */
static uint64_t
expected_polls(uint64_t late, uint64_t all)
{
	uint64_t sorted = late;
	uint64_t polls;

	for (uint64_t width = 32; width < late; width *= 2)
		sorted += late;
	/* the runs' lengths are not all powers of two: half of that is certain */
	polls = sorted / 2 / SZ_POLL_ITEMS;
	/* the earliest of many lies near the start */
	polls += (late > 1000 ? all * 9 / 10 : late) / SZ_POLL_ITEMS;
	return polls + (all - 1) / SZ_POLL_ITEMS;
}

/*
 * check_polls puts a large set in order.
 */
static const char *
check_polls(const History *history)
{
	static PollingHeap polling;
	SzIntervalSet set;
	uint64_t expected;
	const char *volatile wrong = NULL;

	test_heap_init(&polling.heap);
	sz_interval_set_init(&set, 0);
	fill(history, &set, &polling.heap.alloc);
	expected = expected_polls(set.count - set.sorted, set.count);
	polling.heap.alloc.poll = count_poll;
	polling.polls = 0;
	polling.stop_at = history->params[P_STOP_AT];
	if (setjmp(polling.stopped) == 0)
	{
		if (sz_interval_set_normalize(&set, &polling.heap.alloc) != SZ_OK)
			wrong = "the set could not be put in order";
		else if (set.count < history->params[P_SORTED] || set.count != set.sorted)
			wrong = "islands are missing";
		else if (polling.polls < expected)
			wrong = "a long time went by without a poll";
	}
	sz_interval_set_free(&set, &polling.heap.alloc);
	return wrong;
}

const Property poll_property = {
	"poll",      {"islands", "late events", "poll to leave at", "seed", NULL}, 10, make_large_set,
	check_polls,
};
