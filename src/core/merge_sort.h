/*
 * merge_sort.h
 *		Sorts an array by merging its ascending runs; a template, whose functions are static.
 *
 * A file that includes it defines SORT_ITEM, the type of the items, and SORT_LESS(arg, a, b), which
 * tells whether the item to which a points comes before that of b.  Items of which neither comes
 * before the other keep their order.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/core.h"

/* Shorter ascending runs are extended to this length by insertion, before runs are merged. */
#define SORT_RUN 16

/* Adjacent runs that wait to be merged: each is at least twice as long as the next one. */
typedef struct Runs
{
	SORT_ITEM *items;
	SORT_ITEM *scratch;
	const void *arg; /* for SORT_LESS */
	const SzAllocator *alloc;
	uint64_t unpolled; /* how many items were handled since the last poll */
	int count;
	uint32_t starts[34];
	uint32_t lengths[34];
} Runs;

/*
 * sort_run extends the ascending run of from items to n items, by insertion.
 */
static void
sort_run(SORT_ITEM *items, uint32_t from, uint32_t n, const void *arg)
{
	for (uint32_t i = from; i < n; i++)
	{
		SORT_ITEM item = items[i];
		uint32_t j = i;

		for (; j > 0 && SORT_LESS(arg, &item, &items[j - 1]); j--)
			items[j] = items[j - 1];
		items[j] = item;
	}
}

/*
 * find_run returns the length of the ascending run at the beginning of items; a short run is
 * extended first.
 */
static uint32_t
find_run(SORT_ITEM *items, uint32_t n, const void *arg)
{
	uint32_t length = 1;
	uint32_t least = n < SORT_RUN ? n : SORT_RUN;

	while (length < n && !SORT_LESS(arg, &items[length], &items[length - 1]))
		length++;
	if (length >= least)
		return length;
	sort_run(items, length, least, arg);
	return least;
}

/*
 * merge_runs merges two adjacent ascending runs; scratch must have room for the first.
 */
static void
merge_runs(SORT_ITEM *items, uint32_t na, uint32_t n, const Runs *runs)
{
	SORT_ITEM *a = runs->scratch;
	SORT_ITEM *a_end = a + na;
	SORT_ITEM *b = items + na;
	SORT_ITEM *b_end = items + n;
	SORT_ITEM *out = items;
	const void *arg = runs->arg;

	if (!SORT_LESS(arg, b, b - 1))
		return;
	memcpy(a, items, na * sizeof(SORT_ITEM));
	while (a < a_end && b < b_end)
	{
		if ((out - items) % SZ_POLL_ITEMS == SZ_POLL_ITEMS - 1)
			sz_poll(runs->alloc);
		*out++ = SORT_LESS(arg, b, a) ? *b++ : *a++;
	}
	memcpy(out, a, (size_t) (a_end - a) * sizeof(SORT_ITEM));
}

/*
 * count_items counts items that were handled, and polls once there are many.
 */
static void
count_items(Runs *runs, uint32_t items)
{
	runs->unpolled += items;
	if (runs->unpolled < SZ_POLL_ITEMS)
		return;
	sz_poll(runs->alloc);
	runs->unpolled = 0;
}

/*
 * settle_runs merges the latest runs until each is at least twice as long as the next one, and the
 * last is no shorter than next_length.  If short runs were merged with the long one to come one by
 * one, each merge would cost the length of the long one.
 */
static void
settle_runs(Runs *runs, uint32_t next_length)
{
	while (runs->count > 1)
	{
		int a = runs->count - 2;
		uint32_t na = runs->lengths[a];
		uint32_t nb = runs->lengths[a + 1];

		if (na / 2 >= nb && nb >= next_length)
			break;
		merge_runs(runs->items + runs->starts[a], na, na + nb, runs);
		count_items(runs, na + nb);
		runs->lengths[a] += nb;
		runs->count--;
	}
}

/*
 * sort_items sorts n items, with scratch space for as many.
 */
static void
sort_items(SORT_ITEM *items, uint32_t n, SORT_ITEM *scratch, const void *arg,
		   const SzAllocator *alloc)
{
	Runs runs = {.items = items, .scratch = scratch, .arg = arg, .alloc = alloc};
	uint32_t length;

	for (uint32_t at = 0; at < n; at += length)
	{
		length = find_run(items + at, n - at, arg);
		count_items(&runs, length);
		settle_runs(&runs, length);
		runs.starts[runs.count] = at;
		runs.lengths[runs.count++] = length;
		settle_runs(&runs, 0);
	}
	settle_runs(&runs, n);
}

#ifdef SORT_ARRAY
/*
 * SORT_ARRAY sorts n items, with up to as much memory in addition.
 */
static SzStatus
SORT_ARRAY(SORT_ITEM *items, uint32_t n, const void *arg, const SzAllocator *alloc)
{
	SORT_ITEM *scratch;
	uint32_t sorted = n > 0 ? 1 : 0;

	while (sorted < n && !SORT_LESS(arg, &items[sorted], &items[sorted - 1]))
		sorted++;
	if (sorted == n)
		return SZ_OK;
	if (n <= SORT_RUN)
	{
		sort_run(items, sorted, n, arg);
		return SZ_OK;
	}
	scratch = alloc->realloc(alloc->arg, NULL, 0, n * sizeof(SORT_ITEM));
	if (scratch == NULL)
		return SZ_NO_MEMORY;
	sort_items(items, n, scratch, arg, alloc);
	if (alloc->free != NULL)
		alloc->free(alloc->arg, scratch);
	return SZ_OK;
}
#endif
