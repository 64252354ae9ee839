/*
 * node_log.c
 *		Property: the log of named events holds what was added, in order, numbers names as a search would, and
 *		its serialized form takes nothing that it did not write.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>

#include "core/node_log.h"
#include "property.h"

enum
{
	P_SPLIT,
	P_LIMIT,
	P_FAIL,
	P_CUT,
	P_FLIP
};

/* Names that are beginnings of each other, empty, or no name, which is the last. */
static const char *const names[] = {
	"a", "", "ab", "b", "a much longer name than the others have", "\x7f", "\xc3\xa4", NULL};

#define NNAMES 8

/*
 * name_of returns the name of a step.
 */
static const char *
name_of(const Step *step)
{
	return names[step->extra % NNAMES];
}

/*
 * size_of returns the size of the name of a step.
 */
static uint32_t
size_of(const Step *step)
{
	return name_of(step) == NULL ? SZ_NO_NAME : (uint32_t) strlen(name_of(step));
}

/*
 * mask_of returns the steps of a funnel that a step satisfies.
 */
static uint32_t
mask_of(const Step *step)
{
	return (uint32_t) (step->extra / NNAMES) % 4;
}

/*
 * make_nodes makes a history of events with a name and up to two steps each.
 */
static void
make_nodes(Random *random, History *history)
{
	TimeStyle style = random_time_style(random, 10);
	bool is_ascending = random_one_in(random, 3);

	history->nsteps =
		random_one_in(random, 50) ? (int) random_below(random, 300) : random_length(random) % 40;
	history->params[P_SPLIT] = random_below(random, (uint64_t) history->nsteps + 1);
	history->params[P_LIMIT] = random_one_in(random, 20) ? random_below(random, 20) : 1000000;
	history->params[P_FAIL] = random_one_in(random, 10) ? 1 + random_below(random, 20) : 0;
	history->params[P_CUT] = random_one_in(random, 3) ? random_below(random, 60) : 0;
	history->params[P_FLIP] = random_one_in(random, 2) ? 1 + random_below(random, 2000) : 0;
	for (int i = 0; i < history->nsteps; i++)
	{
		history->steps[i].ts = is_ascending ? i / 2 : random_time(random, style);
		history->steps[i].extra = random_below(random, 4 * NNAMES);
	}
}

/*
 * compare_steps compares two steps in the order of the log.
 */
static int
compare_steps(const void *a, const void *b)
{
	const Step *x = a;
	const Step *y = b;

	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	if (mask_of(x) != mask_of(y))
		return mask_of(x) < mask_of(y) ? -1 : 1;
	if (name_of(x) == NULL || name_of(y) == NULL)
		return (name_of(x) == NULL) - (name_of(y) == NULL);
	return strcmp(name_of(x), name_of(y));
}

/*
 * is_node returns whether an event of the log is that step.
 */
static bool
is_node(const SzNodeLog *log, uint32_t i, const Step *step)
{
	const SzNode *node = &log->nodes[i];

	return node->ts == step->ts && node->mask == mask_of(step) && node->size == size_of(step) &&
		   (name_of(step) == NULL || node->size == 0 ||
			memcmp(log->bytes + node->at, name_of(step), node->size) == 0);
}

/*
 * fill adds steps to a log until one can't be, and returns how many it added.
 */
static int
fill(SzNodeLog *log, const Step *steps, int n, uint32_t limit, const SzAllocator *alloc)
{
	int i = 0;

	while (i < n && sz_node_log_add(log, steps[i].ts, mask_of(&steps[i]), name_of(&steps[i]),
									size_of(&steps[i]), limit, alloc) == SZ_OK)
		i++;
	return i;
}

/*
 * check_order adds the steps in two logs, merges and sorts them, with allocations that may fail, and
 * compares with the sorted steps.
 */
static const char *
check_order(const History *history, SzNodeLog *log, SzNodeLog *other, TestHeap *heap)
{
	int split = (int) history->params[P_SPLIT] < history->nsteps ? (int) history->params[P_SPLIT]
																 : history->nsteps;
	uint32_t limit = (uint32_t) history->params[P_LIMIT];
	int n = fill(log, history->steps, split, limit, &heap->alloc);
	int more = fill(other, history->steps + split, history->nsteps - split, limit, &heap->alloc);
	Step *steps = must_malloc(sizeof(Step) * (size_t) (n + more));
	const char *wrong = NULL;

	if (log->count > limit || other->count > limit)
		wrong = "there are more events than there may be";
	memcpy(steps, history->steps, sizeof(Step) * (size_t) n);
	if (sz_node_log_merge(log, other, limit, &heap->alloc) == SZ_OK)
	{
		memcpy(steps + n, history->steps + split, sizeof(Step) * (size_t) more);
		n += more;
	}
	if (heap->countdown == 0 && history->params[P_FAIL] == 0 &&
		limit > (uint32_t) history->nsteps && n != history->nsteps)
		wrong = "an event could not be added";
	while (sz_node_log_sort(log, &heap->alloc) != SZ_OK)
		heap->countdown = 0;
	qsort(steps, (size_t) n, sizeof(Step), compare_steps);
	if (log->count != (uint32_t) n)
		wrong = "the log has another number of events";
	for (int i = 0; i < n && wrong == NULL; i++)
	{
		if (!is_node(log, (uint32_t) i, &steps[i]))
			wrong = "the events are not those that were added, in order";
	}
	free(steps);
	return wrong;
}

/*
 * check_numbers compares the numbers of names with a search for each.
 */
static const char *
check_numbers(const SzNodeLog *log, uint32_t *ids, uint32_t *distinct, TestHeap *heap)
{
	uint32_t next = 0;

	heap->countdown = 0;
	if (sz_node_log_number(log, ids, distinct, &heap->alloc) != SZ_OK)
		return "names could not be numbered";
	for (uint32_t i = 0; i < log->count; i++)
	{
		uint32_t j = 0;

		while (log->nodes[j].size != log->nodes[i].size ||
			   (log->nodes[i].size != SZ_NO_NAME && log->nodes[i].size > 0 &&
				memcmp(log->bytes + log->nodes[j].at, log->bytes + log->nodes[i].at,
					   log->nodes[i].size) != 0))
			j++;
		if (ids[i] != (j == i ? next : ids[j]))
			return "a name has the wrong number";
		next += j == i;
	}
	return next == *distinct ? NULL : "the number of names is wrong";
}

/*
 * check_bytes spoils the encoded form, or not, and decodes it from memory of just its size.
 */
static const char *
check_bytes(const History *history, const SzNodeLog *log, TestHeap *heap)
{
	size_t whole = sz_node_log_encoded_size(log);
	size_t len = whole - (history->params[P_CUT] < whole ? history->params[P_CUT] : whole);
	unsigned char *bytes = must_malloc(whole);
	unsigned char *exact = must_malloc(len);
	unsigned char *again;
	bool is_spoilt = len < whole;
	SzNodeLog copy;
	SzStatus status;
	const char *wrong = NULL;

	sz_node_log_encode(log, bytes);
	memcpy(exact, bytes, len);
	if (history->params[P_FLIP] > 0 && history->params[P_FLIP] <= len * 8)
	{
		exact[(history->params[P_FLIP] - 1) / 8] ^=
			(unsigned char) (1 << (history->params[P_FLIP] - 1) % 8);
		is_spoilt = true;
	}
	heap->countdown = 0;
	sz_node_log_init(&copy);
	status = sz_node_log_decode(&copy, exact, len, &heap->alloc);
	if (status == SZ_OK)
	{
		again = must_malloc(sz_node_log_encoded_size(&copy));
		sz_node_log_encode(&copy, again);
		if (sz_node_log_encoded_size(&copy) != len || memcmp(again, exact, len) != 0 ||
			!copy.sorted)
			wrong = "bytes were taken that encode to others";
		free(again);
	}
	else if (status != SZ_BAD_STATE || !is_spoilt)
		wrong = "bytes were refused that an encoder wrote";
	sz_node_log_free(&copy, &heap->alloc);
	free(exact);
	free(bytes);
	return wrong;
}

/*
 * check_nodes checks all there is to a log.
 */
static const char *
check_nodes(const History *history)
{
	SzNodeLog log;
	SzNodeLog other;
	TestHeap heap;
	uint32_t distinct;
	uint32_t *ids = must_malloc(sizeof(uint32_t) * (size_t) history->nsteps);
	const char *wrong;

	test_heap_init(&heap);
	heap.countdown = (int) history->params[P_FAIL];
	sz_node_log_init(&log);
	sz_node_log_init(&other);
	wrong = check_order(history, &log, &other, &heap);
	if (wrong == NULL)
		wrong = check_numbers(&log, ids, &distinct, &heap);
	if (wrong == NULL)
		wrong = check_bytes(history, &log, &heap);
	sz_node_log_free(&log, &heap.alloc);
	sz_node_log_free(&other, &heap.alloc);
	free(ids);
	return wrong;
}

const Property node_log_property = {
	"node_log",  {"split at", "limit", "failing allocation", "bytes cut off", "bit flipped", NULL},
	40000,       make_nodes,
	check_nodes,
};
