/*
 * interval_set.c
 *		Property: the interval set finds the same islands as sorting and scanning, whatever the order of
 *		the events, how they are split over sets, and when memory runs out.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>

#include "core/interval_set.h"
#include "property.h"

#define NSETS 4

enum
{
	P_GAP,
	P_FAIL_AT,  /* the allocation that fails, 0 for none */
	P_MAX_SIZE, /* of a single allocation, 0 for any */
	P_MERGE_ORDER
};

/* A step's extra: which set the event goes to, and what happens after it. */
#define SET_OF(step) ((step)->extra % NSETS)
#define THEN(step)   ((step)->extra / NSETS)

enum
{
	THEN_NOTHING,
	THEN_NORMALIZE,
	THEN_STORE, /* encode, free, decode */
	NTHEN
};

typedef struct Islands
{
	SzInterval *items;
	int count;
} Islands;

/*
 * compare_times orders times.
 */
static int
compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *) a;
	int64_t y = *(const int64_t *) b;

	return (x > y) - (x < y);
}

/*
 * sort_and_scan finds the islands of the first n steps that go to set, or to any for NSETS.
 */
static Islands
sort_and_scan(const History *history, int n, uint64_t set)
{
	int64_t *times = must_malloc((size_t) n * sizeof(int64_t));
	Islands islands = {must_malloc((size_t) n * sizeof(SzInterval)), 0};
	int ntimes = 0;

	for (int i = 0; i < n; i++)
	{
		if (set == NSETS || SET_OF(&history->steps[i]) == set)
			times[ntimes++] = history->steps[i].ts;
	}
	qsort(times, (size_t) ntimes, sizeof(int64_t), compare_times);
	for (int i = 0; i < ntimes; i++)
	{
		if (i == 0 || (__int128) times[i] - times[i - 1] > (__int128) history->params[P_GAP])
			islands.items[islands.count++] = (SzInterval){times[i], times[i], 0};
		islands.items[islands.count - 1].end = times[i];
		islands.items[islands.count - 1].events++;
	}
	free(times);
	return islands;
}

/*
 * has_islands returns whether a normalized set holds just those islands, and frees them.
 */
static bool
has_islands(const SzIntervalSet *set, Islands islands)
{
	bool same =
		(int) set->count == islands.count && set->sorted == set->count &&
		memcmp(set->items, islands.items, (size_t) islands.count * sizeof(SzInterval)) == 0 &&
		(set->count == 0 ||
		 memcmp(&set->last, &set->items[set->count - 1], sizeof(SzInterval)) == 0);

	free(islands.items);
	return same;
}

/*
 * make_history makes events in order, backwards or in any order, with duplicates.
 */
static void
make_history(Random *random, History *history)
{
	uint64_t gap = random_span(random);
	TimeStyle style = random_time_style(random, gap);
	uint64_t order = random_below(random, 4);
	uint64_t nsets = 1 + random_below(random, NSETS);
	bool eventful = random_one_in(random, 2);

	if (random_one_in(random, 4) && style.width != 0 && style.width < UINT64_C(1) << 50)
		style.width *= 20;
	if (style.width > sz_elapsed(style.base, INT64_MAX))
		style.width = 0;
	history->params[P_GAP] = gap;
	history->params[P_FAIL_AT] = random_one_in(random, 4) ? 1 + random_below(random, 12) : 0;
	history->params[P_MAX_SIZE] = random_one_in(random, 8) ? 24 * random_below(random, 100) : 0;
	history->params[P_MERGE_ORDER] = random_bits(random);
	history->nsteps = random_length(random);
	for (int i = 0; i < history->nsteps; i++)
	{
		Step *step = &history->steps[i];

		step->ts = i > 0 && random_one_in(random, 8)
					   ? history->steps[random_below(random, (uint64_t) i)].ts
					   : random_time(random, style);
		/* Runs upwards and downwards, wrapped within the range. */
		if (i > 0 && order < 2 && !random_one_in(random, 10) && style.width != 0)
		{
			uint64_t at = sz_elapsed(style.base, history->steps[i - 1].ts);
			uint64_t move =
				random_below(random, gap < UINT64_C(1) << 60 ? 2 * gap + 2 : gap) % style.width;

			at = order == 0 ? at + move : at + style.width - move;
			step->ts = (int64_t) ((uint64_t) style.base + at % style.width);
		}
		step->extra = random_below(random, nsets);
		if (eventful && random_one_in(random, 10))
			step->extra += NSETS * random_below(random, NTHEN);
	}
}

/*
 * encode_to_the_byte returns the encoded form of a normalized set, allocated to the byte.
 */
unsigned char *
encode_to_the_byte(const SzIntervalSet *set, size_t *len)
{
	unsigned char *bytes;

	*len = sz_interval_set_encoded_size(set);
	bytes = must_malloc(*len);
	sz_interval_set_encode(set, bytes);
	return bytes;
}

/*
 * store encodes, frees and decodes a set.
 */
static SzStatus
store(SzIntervalSet *set, const SzAllocator *alloc)
{
	SzStatus status = sz_interval_set_normalize(set, alloc);
	size_t len;
	unsigned char *bytes;

	if (status != SZ_OK)
		return status;
	bytes = encode_to_the_byte(set, &len);
	sz_interval_set_free(set, alloc);
	status = sz_interval_set_decode(set, bytes, len, alloc);
	free(bytes);
	return status;
}

/*
 * retry returns whether, after such a status, there is something to try again, with memory at hand.
 */
static bool
retry(SzStatus status, TestHeap *heap)
{
	bool again = (status == SZ_NO_MEMORY && heap->countdown == 0) ||
				 (status == SZ_TOO_LARGE && heap->alloc.max_size != SIZE_MAX / 2);

	heap->countdown = 0;
	heap->alloc.max_size = SIZE_MAX / 2;
	return again;
}

/*
 * play feeds the history to the sets.  A step for which there is no memory is taken again when there is.
 */
static SzStatus
play(const History *history, SzIntervalSet *sets, TestHeap *heap)
{
	SzStatus status = SZ_OK;

	for (int i = 0; i < history->nsteps && status == SZ_OK; i++)
	{
		const Step *step = &history->steps[i];
		SzIntervalSet *set = &sets[SET_OF(step)];

		do
			status = sz_interval_set_add(set, step->ts, &heap->alloc);
		while (status != SZ_OK && retry(status, heap));
		if (status == SZ_OK && THEN(step) != THEN_NOTHING)
		{
			do
				status = sz_interval_set_normalize(set, &heap->alloc);
			while (status != SZ_OK && retry(status, heap));
			if (status != SZ_OK || !has_islands(set, sort_and_scan(history, i + 1, SET_OF(step))))
				return SZ_BAD_STATE;
		}
		if (status == SZ_OK && THEN(step) == THEN_STORE)
		{
			retry(SZ_OK, heap);
			status = store(set, &heap->alloc);
		}
	}
	return status;
}

/*
 * join merges all sets into one, in the order the history says, and returns which.
 */
static int
join(const History *history, SzIntervalSet *sets, TestHeap *heap, SzStatus *status)
{
	int at = (int) (history->params[P_MERGE_ORDER] % NSETS);
	int step = history->params[P_MERGE_ORDER] & 64 ? 1 : NSETS - 1;

	retry(SZ_OK, heap);
	*status = SZ_OK;
	for (int i = 1; i < NSETS && *status == SZ_OK; i++)
	{
		int next = (at + step) % NSETS;

		*status = sz_interval_set_merge(&sets[next], &sets[at], &heap->alloc);
		at = next;
	}
	if (*status == SZ_OK)
		*status = sz_interval_set_normalize(&sets[at], &heap->alloc);
	return at;
}

/*
 * check_islands compares the set with sorting and scanning.
 */
static const char *
check_islands(const History *history)
{
	SzIntervalSet sets[NSETS];
	TestHeap heap;
	SzStatus status;
	const char *wrong = NULL;

	test_heap_init(&heap);
	heap.countdown = (int) history->params[P_FAIL_AT];
	if (history->params[P_MAX_SIZE] > 0)
		heap.alloc.max_size = history->params[P_MAX_SIZE];
	for (int i = 0; i < NSETS; i++)
		sz_interval_set_init(&sets[i], history->params[P_GAP]);

	status = play(history, sets, &heap);
	if (status != SZ_OK)
		wrong = "the set failed, or differs from its islands before the end";
	else
	{
		int at = join(history, sets, &heap, &status);

		if (status != SZ_OK ||
			!has_islands(&sets[at], sort_and_scan(history, history->nsteps, NSETS)))
			wrong = "the merged set differs from sorting and scanning";
	}
	for (int i = 0; i < NSETS; i++)
		sz_interval_set_free(&sets[i], &heap.alloc);
	return wrong;
}

const Property interval_set_property = {
	"interval_set", {"gap", "allocation that fails", "max_size", "merge order", NULL},
	20000,          make_history,
	check_islands,
};
