/*
 * step_log.c
 *		The log of one group's events: growth, order, and the serialized form.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/bytes.h"
#include "core/step_log.h"

/* Shorter ascending runs are extended to this length by insertion, before runs are merged. */
#define SORT_RUN 16

#define ENCODED_EVENT 12

/*
 * sz_step_log_init prepares an empty log.
 */
void
sz_step_log_init(SzStepLog *log)
{
	log->items = log->first;
	log->count = 0;
	log->capacity = SZ_STEP_LOG_INLINE;
	log->sorted = true;
}

/*
 * reserve makes room for a total of needed events.
 */
static SzStatus
reserve(SzStepLog *log, uint64_t needed, uint64_t limit, const SzAllocator *alloc)
{
	bool is_inline = log->items == log->first;
	uint64_t capacity = (uint64_t) log->capacity * 2;
	SzStepEvent *items;

	if (needed <= log->capacity)
		return SZ_OK;
	if (limit > alloc->max_size / sizeof(SzStepEvent))
		limit = alloc->max_size / sizeof(SzStepEvent);
	if (needed > limit)
		return SZ_TOO_LARGE;
	/* powers of two, to suit allocators */
	if (is_inline)
		capacity = 16;
	if (capacity < needed)
		capacity = needed;
	if (capacity > limit)
		capacity = limit;
	items = alloc->realloc(alloc->arg, is_inline ? NULL : log->items,
						   is_inline ? 0 : log->capacity * sizeof(SzStepEvent),
						   (size_t) capacity * sizeof(SzStepEvent));
	if (items == NULL)
		return SZ_NO_MEMORY;
	if (is_inline)
		memcpy(items, log->first, log->count * sizeof(SzStepEvent));
	log->items = items;
	log->capacity = (uint32_t) capacity;
	return SZ_OK;
}

/*
 * sz_step_log_grow makes room for one more event.
 */
SzStatus
sz_step_log_grow(SzStepLog *log, uint32_t limit, const SzAllocator *alloc)
{
	return reserve(log, (uint64_t) log->count + 1, limit, alloc);
}

/*
 * sort_run extends the ascending run of from events to n events, by insertion.
 */
static void
sort_run(SzStepEvent *items, uint32_t from, uint32_t n)
{
	for (uint32_t i = from; i < n; i++)
	{
		SzStepEvent item = items[i];
		uint32_t j = i;

		for (; j > 0 && sz_step_event_less(&item, &items[j - 1]); j--)
			items[j] = items[j - 1];
		items[j] = item;
	}
}

/*
 * find_run returns the length of the ascending run at the beginning of items; a short run is
 * extended first.
 */
static uint32_t
find_run(SzStepEvent *items, uint32_t n)
{
	uint32_t length = 1;
	uint32_t least = n < SORT_RUN ? n : SORT_RUN;

	while (length < n && !sz_step_event_less(&items[length], &items[length - 1]))
		length++;
	if (length >= least)
		return length;
	sort_run(items, length, least);
	return least;
}

/*
 * merge_runs merges two adjacent ascending runs; scratch must have room for the first.
 */
static void
merge_runs(SzStepEvent *items, uint32_t na, uint32_t n, SzStepEvent *scratch,
		   const SzAllocator *alloc)
{
	SzStepEvent *a = scratch;
	SzStepEvent *a_end = scratch + na;
	SzStepEvent *b = items + na;
	SzStepEvent *b_end = items + n;
	SzStepEvent *out = items;

	if (!sz_step_event_less(b, b - 1))
		return;
	memcpy(scratch, items, na * sizeof(SzStepEvent));
	while (a < a_end && b < b_end)
	{
		if ((out - items) % SZ_POLL_ITEMS == SZ_POLL_ITEMS - 1)
			sz_poll(alloc);
		*out++ = sz_step_event_less(b, a) ? *b++ : *a++;
	}
	memcpy(out, a, (size_t) (a_end - a) * sizeof(SzStepEvent));
}

/* Adjacent runs that wait to be merged: each is at least twice as long as the next one. */
typedef struct Runs
{
	SzStepEvent *items;
	SzStepEvent *scratch;
	const SzAllocator *alloc;
	int count;
	uint32_t starts[34];
	uint32_t lengths[34];
} Runs;

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
		merge_runs(runs->items + runs->starts[a], na, na + nb, runs->scratch, runs->alloc);
		runs->lengths[a] += nb;
		runs->count--;
	}
}

/*
 * sort_items sorts n events, with scratch space for as many.
 */
static void
sort_items(SzStepEvent *items, uint32_t n, SzStepEvent *scratch, const SzAllocator *alloc)
{
	Runs runs = {.items = items, .scratch = scratch, .alloc = alloc};
	uint32_t length;

	for (uint32_t at = 0; at < n; at += length)
	{
		length = find_run(items + at, n - at);
		settle_runs(&runs, length);
		runs.starts[runs.count] = at;
		runs.lengths[runs.count++] = length;
		settle_runs(&runs, 0);
	}
	settle_runs(&runs, n);
}

/*
 * sz_step_events_sort sorts events.
 */
SzStatus
sz_step_events_sort(SzStepEvent *items, uint32_t n, const SzAllocator *alloc)
{
	SzStepEvent *scratch;
	uint32_t sorted = n > 0 ? 1 : 0;

	while (sorted < n && !sz_step_event_less(&items[sorted], &items[sorted - 1]))
		sorted++;
	if (sorted == n)
		return SZ_OK;
	if (n <= SORT_RUN)
	{
		sort_run(items, sorted, n);
		return SZ_OK;
	}
	scratch = alloc->realloc(alloc->arg, NULL, 0, n * sizeof(SzStepEvent));
	if (scratch == NULL)
		return SZ_NO_MEMORY;
	sort_items(items, n, scratch, alloc);
	if (alloc->free != NULL)
		alloc->free(alloc->arg, scratch);
	return SZ_OK;
}

/*
 * sz_step_log_sort sorts the events of a log.
 */
SzStatus
sz_step_log_sort(SzStepLog *log, const SzAllocator *alloc)
{
	SzStatus status = log->sorted ? SZ_OK : sz_step_events_sort(log->items, log->count, alloc);

	log->sorted = status == SZ_OK;
	return status;
}

/*
 * sz_step_log_merge adds all events of another log.
 */
SzStatus
sz_step_log_merge(SzStepLog *log, const SzStepLog *other, uint32_t limit, const SzAllocator *alloc)
{
	SzStatus status = reserve(log, (uint64_t) log->count + other->count, limit, alloc);

	if (status != SZ_OK || other->count == 0)
		return status;
	if (!other->sorted ||
		(log->count > 0 && sz_step_event_less(&other->items[0], &log->items[log->count - 1])))
		log->sorted = false;
	memcpy(log->items + log->count, other->items, other->count * sizeof(SzStepEvent));
	log->count += other->count;
	return SZ_OK;
}

/*
 * sz_step_log_encoded_size returns the number of bytes that a sorted log takes when encoded.
 */
size_t
sz_step_log_encoded_size(const SzStepLog *log)
{
	return (size_t) log->count * ENCODED_EVENT;
}

/*
 * sz_step_log_encode writes a sorted log.
 */
void
sz_step_log_encode(const SzStepLog *log, unsigned char *out)
{
	for (uint32_t i = 0; i < log->count; i++)
	{
		out = sz_put_bytes(out, (uint64_t) log->items[i].ts, 8);
		out = sz_put_bytes(out, log->items[i].mask, 4);
	}
}

/*
 * sz_step_log_decode fills an empty log from encoded bytes.
 */
SzStatus
sz_step_log_decode(SzStepLog *log, int nsteps, const unsigned char *in, size_t len,
				   const SzAllocator *alloc)
{
	size_t count = len / ENCODED_EVENT;
	SzStatus status;

	if (len % ENCODED_EVENT != 0)
		return SZ_BAD_STATE;
	status = reserve(log, count, UINT32_MAX, alloc);
	if (status != SZ_OK)
		return status;
	for (size_t i = 0; i < count; i++, in += ENCODED_EVENT)
	{
		SzStepEvent item = {(int64_t) sz_get_bytes(in, 8), (uint32_t) sz_get_bytes(in + 8, 4)};

		if ((uint64_t) item.mask >> nsteps != 0 ||
			(i > 0 && sz_step_event_less(&item, &log->items[i - 1])))
			return SZ_BAD_STATE;
		log->items[i] = item;
	}
	log->count = (uint32_t) count;
	return SZ_OK;
}

/*
 * sz_step_log_free frees the log's memory and makes it empty.
 */
void
sz_step_log_free(SzStepLog *log, const SzAllocator *alloc)
{
	if (log->items != log->first && alloc->free != NULL)
		alloc->free(alloc->arg, log->items);
	sz_step_log_init(log);
}
