/*
 * step_log.c
 *		The log of one group's events: growth, order, and the serialized form.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/bytes.h"
#include "core/step_log.h"

#define SORT_ITEM            SzStepEvent
#define SORT_LESS(arg, a, b) ((void) (arg), sz_step_event_less((a), (b)))
#define SORT_ARRAY           sort_array
#include "core/merge_sort.h"

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
	uint64_t capacity;
	SzStepEvent *items;

	if (needed <= log->capacity)
		return SZ_OK;
	if (limit > alloc->max_size / sizeof(SzStepEvent))
		limit = alloc->max_size / sizeof(SzStepEvent);
	if (needed > limit)
		return SZ_TOO_LARGE;
	/* powers of two, to suit allocators */
	capacity = sz_grown(log->capacity, needed, 16, limit);
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
 * sz_step_events_sort sorts events.
 */
SzStatus
sz_step_events_sort(SzStepEvent *items, uint32_t n, const SzAllocator *alloc)
{
	return sort_array(items, n, NULL, alloc);
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
