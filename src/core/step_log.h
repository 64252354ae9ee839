/*
 * step_log.h
 *		The events of one group, each with the steps it satisfies: what funnels, sequences and the like
 *		keep until the group is complete.
 *
 * Events come in any order, and an event costs amortised O(1).  Sorting brings them into the order
 * (time, steps as a number), which leaves nothing to chance: events that are equal in both are the same.
 * Input in that order is noticed and not sorted at all; input that consists of a few ascending runs is
 * merged in linear time for each doubling of a run.
 *
 * The first few events lie in the struct itself.
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
	uint32_t mask; /* bit i - 1 is set when the event satisfies step i */
} SzStepEvent;

typedef struct SzStepLog
{
	SzStepEvent *items; /* first until there are more */
	uint32_t count;
	uint32_t capacity;
	bool sorted; /* items ascend by time, then mask */
	SzStepEvent first[SZ_STEP_LOG_INLINE];
} SzStepLog;

/* Prepare an empty log.  The struct must not move while items points to first. */
extern void sz_step_log_init(SzStepLog *log);

/* Make room for one more event; SZ_TOO_LARGE where the log holds limit events already. */
extern SzStatus sz_step_log_grow(SzStepLog *log, uint32_t limit, const SzAllocator *alloc);

/*
 * sz_step_event_less returns whether a comes before b in the log's order.
 */
static inline bool
sz_step_event_less(const SzStepEvent *a, const SzStepEvent *b)
{
	return a->ts < b->ts || (a->ts == b->ts && a->mask < b->mask);
}

/*
 * sz_step_log_put adds an event where there is room without growing, and returns false, having done
 * nothing, where there is none.
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
 * sz_step_log_add adds an event; the log may hold limit events.  After an error it is as it was before.
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

/* Sort events, in up to as much memory again. */
extern SzStatus sz_step_events_sort(SzStepEvent *items, uint32_t n, const SzAllocator *alloc);

/* Sort the events of a log, likewise.  Idempotent. */
extern SzStatus sz_step_log_sort(SzStepLog *log, const SzAllocator *alloc);

/* Add all events of another log.  After an error the log is as it was before. */
extern SzStatus
sz_step_log_merge(SzStepLog *log, const SzStepLog *other, uint32_t limit, const SzAllocator *alloc);

/* The bytes sz_step_log_encode writes for a sorted log. */
extern size_t sz_step_log_encoded_size(const SzStepLog *log);
extern void sz_step_log_encode(const SzStepLog *log, unsigned char *out);

/*
 * sz_step_log_decode fills an initialized, empty log from len bytes.  Whatever the bytes are, it reads
 * none outside them and accepts only what a sorted log of events with the steps 1 to nsteps encodes to
 * (SZ_BAD_STATE otherwise).
 */
extern SzStatus
sz_step_log_decode(SzStepLog *log, int nsteps, const unsigned char *in, size_t len, const SzAllocator *alloc);

extern void sz_step_log_free(SzStepLog *log, const SzAllocator *alloc);

#endif /* SESSIONIZE_STEP_LOG_H */
