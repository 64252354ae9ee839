/*
 * step_log.c
 *		Property: a step log holds what was added, sorts it, and takes only what it encodes to.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>

#include "core/step_log.h"
#include "property.h"

enum
{
	P_NSTEPS,
	P_SPLIT, /* events from here on go into a second log, which is merged */
	P_CUT,
	P_FLIP,
	P_FAIL, /* the allocation that fails */
	P_LIMIT
};

/*
 * make_log makes a history of times in some order, with masks.
 */
static void
make_log(Random *random, History *history)
{
	TimeStyle style = random_time_style(random, random_span(random));
	uint64_t nsteps = random_one_in(random, 4) ? 32 : 1 + random_below(random, 4);
	bool runs = random_one_in(random, 3);

	history->params[P_NSTEPS] = nsteps;
	history->nsteps = random_length(random);
	for (int i = 0; i < history->nsteps; i++)
	{
		history->steps[i].ts = runs && i > 0 && !random_one_in(random, 20)
								   ? history->steps[i - 1].ts
								   : random_time(random, style);
		if (runs && history->steps[i].ts < INT64_MAX - 3)
			history->steps[i].ts += (int64_t) random_below(random, 3);
		history->steps[i].extra = random_bits(random) & ((UINT64_C(1) << nsteps) - 1);
	}
	history->params[P_SPLIT] = random_below(random, MAX_STEPS);
	if (!random_one_in(random, 4))
		history->params[P_SPLIT] %= (uint64_t) history->nsteps + 1;
	history->params[P_CUT] = random_one_in(random, 3) ? random_below(random, 60) : 0;
	history->params[P_FLIP] = random_one_in(random, 2) ? 1 + random_below(random, 40 * 12 * 8) : 0;
	history->params[P_FAIL] = random_one_in(random, 4) ? 1 + random_below(random, 6) : 0;
	history->params[P_LIMIT] = random_one_in(random, 4) ? 5 + random_below(random, 40) : UINT32_MAX;
}

/*
 * compare_events is the order of the log, written another way.
 */
static int
compare_events(const void *a, const void *b)
{
	const SzStepEvent *x = a;
	const SzStepEvent *y = b;

	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	return x->mask == y->mask ? 0 : x->mask < y->mask ? -1 : 1;
}

/*
 * fill adds the events [from, to) of a history to a log, and says which are in it in expected.
 */
static const char *
fill(const History *history, int from, int to, SzStepLog *log, TestHeap *heap,
	 SzStepEvent *expected, int *n)
{
	for (int i = from; i < to; i++)
	{
		SzStepEvent event = {history->steps[i].ts, (uint32_t) history->steps[i].extra};
		SzStatus status = sz_step_log_add(log, event.ts, event.mask,
										  (uint32_t) history->params[P_LIMIT], &heap->alloc);

		if (status == SZ_OK)
			expected[(*n)++] = event;
		else if (status == SZ_TOO_LARGE ? log->count < history->params[P_LIMIT]
										: heap->countdown != 0)
			return "an event was refused without a reason";
	}
	return log->count <= history->params[P_LIMIT] ? NULL : "a log is larger than its limit";
}

/*
 * same_events returns whether a log holds these events, in this order.
 */
static bool
same_events(const SzStepLog *log, const SzStepEvent *expected, int n)
{
	if (log->count != (uint32_t) n)
		return false;
	for (int i = 0; i < n; i++)
	{
		if (compare_events(&log->items[i], &expected[i]) != 0)
			return false;
	}
	return true;
}

/*
 * check_codec encodes a sorted log, does the bytes harm as the history says, and decodes them.
 */
static const char *
check_codec(const History *history, const SzStepLog *log, TestHeap *heap)
{
	size_t len = sz_step_log_encoded_size(log);
	unsigned char *bytes = must_malloc(len);
	unsigned char *exact;
	unsigned char *again;
	bool harmed = history->params[P_CUT] > 0 && len > 0;
	const char *wrong = NULL;
	SzStepLog copy;
	SzStatus status;

	sz_step_log_encode(log, bytes);
	if (history->params[P_FLIP] > 0 && history->params[P_FLIP] <= len * 8)
	{
		bytes[(history->params[P_FLIP] - 1) / 8] ^=
			(unsigned char) (1 << (history->params[P_FLIP] - 1) % 8);
		harmed = true;
	}
	len -= len < history->params[P_CUT] ? len : history->params[P_CUT];
	exact = must_malloc(len);
	memcpy(exact, bytes, len);
	sz_step_log_init(&copy);
	status = sz_step_log_decode(&copy, (int) history->params[P_NSTEPS], exact, len, &heap->alloc);
	if (status == SZ_OK)
	{
		for (uint32_t i = 0; i < copy.count; i++)
		{
			if ((i > 0 && compare_events(&copy.items[i - 1], &copy.items[i]) > 0) ||
				(uint64_t) copy.items[i].mask >> history->params[P_NSTEPS] != 0)
				wrong = "bytes were taken that no log encodes to";
		}
		again = must_malloc(len);
		if (sz_step_log_encoded_size(&copy) != len)
			wrong = "bytes were taken that encode to more or fewer";
		else
			sz_step_log_encode(&copy, again);
		if (wrong == NULL && memcmp(again, exact, len) != 0)
			wrong = "bytes were taken that encode to others";
		free(again);
	}
	else if (status != SZ_BAD_STATE || !harmed)
		wrong = "bytes were refused that an encoder wrote";
	sz_step_log_free(&copy, &heap->alloc);
	free(exact);
	free(bytes);
	return wrong;
}

/*
 * check_log fills two logs, merges and sorts them, and compares with the library's sort.
 */
static const char *
check_log(const History *history)
{
	SzStepEvent *expected = must_malloc(sizeof(SzStepEvent) * MAX_STEPS);
	int split = history->params[P_SPLIT] < (uint64_t) history->nsteps
					? (int) history->params[P_SPLIT]
					: history->nsteps;
	int n = 0;
	int merged = 0;
	const char *wrong;
	SzStatus status;
	TestHeap heap;
	SzStepLog log;
	SzStepLog other;

	test_heap_init(&heap);
	heap.countdown = (int) history->params[P_FAIL];
	sz_step_log_init(&log);
	sz_step_log_init(&other);
	wrong = fill(history, 0, split, &log, &heap, expected, &n);
	merged = n;
	if (wrong == NULL)
		wrong = fill(history, split, history->nsteps, &other, &heap, expected, &merged);
	if (history->params[P_FLIP] % 2 == 1 && sz_step_log_sort(&other, &heap.alloc) == SZ_NO_MEMORY)
		sz_step_log_sort(&other, &heap.alloc);
	status = sz_step_log_merge(&log, &other, (uint32_t) history->params[P_LIMIT], &heap.alloc);
	if (status == SZ_OK)
		n = merged;
	if (sz_step_log_sort(&log, &heap.alloc) == SZ_NO_MEMORY)
	{
		heap.countdown = 0;
		sz_step_log_sort(&log, &heap.alloc);
	}
	heap.countdown = 0;
	qsort(expected, (size_t) n, sizeof(SzStepEvent), compare_events);
	if (wrong == NULL && !same_events(&log, expected, n))
		wrong = "the sorted log is not what was added, sorted";
	if (wrong == NULL)
		wrong = check_codec(history, &log, &heap);
	sz_step_log_free(&log, &heap.alloc);
	sz_step_log_free(&other, &heap.alloc);
	free(expected);
	return wrong;
}

const Property step_log_property = {
	"step log",
	{"steps", "split", "bytes cut off", "bit flipped", "failing allocation", "limit", NULL},
	40000,
	make_log,
	check_log,
};
