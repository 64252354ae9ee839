/*
 * step_log.h
 *		The events of one group, each with the steps that it satisfies, as funnels and sequences
 *		collect them until the group is complete.
 *
 * Events come in any order, and an event costs amortised O(1).  Sorting brings them into the order
 * (time, steps as a number).  The order is total: events that are equal in both are
 * interchangeable.  Input that is in this order is not sorted at all.  Input of a few ascending
 * runs is merged, in linear time for each doubling of a run's length.
 *
 * The first few events are in the struct itself.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STEP_LOG_H
#define SESSIONIZE_STEP_LOG_H

#include "core/core.h"

#define SZ_MAX_STEPS       32
#define SZ_STEP_LOG_INLINE 5

typedef struct SzStepEvent
{
	int64_t ts;
	uint32_t mask; /* bit i - 1 is set if the event satisfies step i */
} SzStepEvent;

typedef struct SzStepLog
{
	SzStepEvent *items; /* points to first while there are no more events */
	uint32_t count;
	uint32_t capacity;
	bool sorted; /* items ascend by time, then mask */
	SzStepEvent first[SZ_STEP_LOG_INLINE];
} SzStepLog;

/* Initialize an empty log.  The struct must not move while items points to first. */
extern void sz_step_log_init(SzStepLog *log);

/* Make room for one more event; SZ_TOO_LARGE if the log has limit events already. */
extern SzStatus sz_step_log_grow(SzStepLog *log, uint32_t limit, const SzAllocator *alloc);

/*
 * sz_step_event_less tells whether a comes before b in the log's order.
 */
static inline bool
sz_step_event_less(const SzStepEvent *a, const SzStepEvent *b)
{
	return a->ts < b->ts || (a->ts == b->ts && a->mask < b->mask);
}

/*
 * sz_step_log_put adds an event if there is room without growing; else it returns false and does
 * nothing.
 */
static inline bool
sz_step_log_put(SzStepLog *log, int64_t ts, uint32_t mask)
{
	SzStepEvent event = {ts, mask};

	if (log->count == log->capacity)
		return false;
	if (log->count > 0 && sz_step_event_less(&event, &log->items[log->count - 1]))
		log->sorted = false;
	log->items[log->count++] = event;
	return true;
}

/*
 * sz_step_log_add adds an event; SZ_TOO_LARGE if the log has limit events already.  After an error
 * the log is as it was before.
 */
static inline SzStatus
sz_step_log_add(SzStepLog *log, int64_t ts, uint32_t mask, uint32_t limit, const SzAllocator *alloc)
{
	SzStatus status;

	if (sz_step_log_put(log, ts, mask))
		return SZ_OK;
	status = sz_step_log_grow(log, limit, alloc);
	if (status == SZ_OK)
		sz_step_log_put(log, ts, mask);
	return status;
}

/* Sort events, with up to as much memory in addition. */
extern SzStatus sz_step_events_sort(SzStepEvent *items, uint32_t n, const SzAllocator *alloc);

/* Sort the events of a log, with up to as much memory in addition.  Idempotent. */
extern SzStatus sz_step_log_sort(SzStepLog *log, const SzAllocator *alloc);

/* Add all events of another log.  After an error the log is as it was before. */
extern SzStatus
sz_step_log_merge(SzStepLog *log, const SzStepLog *other, uint32_t limit, const SzAllocator *alloc);

/* The number of bytes that sz_step_log_encode writes for a sorted log. */
extern size_t sz_step_log_encoded_size(const SzStepLog *log);
extern void sz_step_log_encode(const SzStepLog *log, unsigned char *out);

/*
 * sz_step_log_decode fills an initialized, empty log from len bytes.  Whatever the bytes are, it
 * does not read beyond them, and accepts only what sz_step_log_encode writes for a sorted log of
 * events with the steps 1 to nsteps (SZ_BAD_STATE otherwise).
 */
extern SzStatus sz_step_log_decode(SzStepLog *log, int nsteps, const unsigned char *in, size_t len,
								   const SzAllocator *alloc);

extern void sz_step_log_free(SzStepLog *log, const SzAllocator *alloc);

#endif /* SESSIONIZE_STEP_LOG_H */
