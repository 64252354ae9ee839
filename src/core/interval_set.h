/*
 * interval_set.h
 *		Sessions by the gap alone, whatever the order of the events: a set of islands that events
 *		join, extend, and bridge.
 *
 * Memory is proportional to the number of islands, not of events, and an event costs amortised
 * O(log n).  Islands are in a sorted array.  Once the array is long, an event that belongs to no
 * island is appended to an unsorted tail, which is sorted and merged when it has half the length of
 * the sorted part.  Input in order only ever touches the last island, which is kept in the struct
 * itself.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_INTERVAL_SET_H
#define SESSIONIZE_INTERVAL_SET_H

#include "core/core.h"

typedef struct SzInterval
{
	int64_t start; /* first event, inclusive */
	int64_t end;   /* last event, inclusive */
	int64_t events;
} SzInterval;

typedef struct SzIntervalSet
{
	uint64_t gap; /* events at most this far apart share an island */
	/* the current value of items[count - 1], which is out of date until normalized */
	SzInterval last;
	SzInterval *items; /* &last while there is one island at most */
	uint32_t sorted;   /* items[0 .. sorted) ascend by start, and do not overlap */
	uint32_t count;    /* items[sorted .. count) are the unsorted tail */
	uint32_t capacity;
	bool normal; /* there is no tail, and no two islands are within gap of each other */
} SzIntervalSet;

/* Prepare an empty set.  The struct must not move while items points to last. */
extern void sz_interval_set_init(SzIntervalSet *set, uint64_t gap);

/*
 * Add an island: start <= end, events >= 1, of events no more than gap apart.  After an error the
 * set is as it was before.
 */
extern SzStatus
sz_interval_set_add_interval(SzIntervalSet *set, SzInterval interval, const SzAllocator *alloc);

/*
 * sz_interval_set_touch adds an event that lies in the last island, or follows it within gap.  For
 * any other event it returns false and does nothing.  It never allocates.
 */
static inline bool
sz_interval_set_touch(SzIntervalSet *set, int64_t ts)
{
	SzInterval *last = &set->last;

	if (set->count == 0 || ts < last->start || last->events == INT64_MAX)
		return false;
	if (ts > last->end)
	{
		if (sz_elapsed(last->end, ts) > set->gap)
			return false;
		last->end = ts;
	}
	last->events++;
	return true;
}

/* Add an event. */
static inline SzStatus
sz_interval_set_add(SzIntervalSet *set, int64_t ts, const SzAllocator *alloc)
{
	SzInterval event = {ts, ts, 1};

	return sz_interval_set_touch(set, ts) ? SZ_OK : sz_interval_set_add_interval(set, event, alloc);
}

/* Sort and merge until items[0 .. count) are exactly the islands, ascending.  Idempotent. */
extern SzStatus sz_interval_set_normalize(SzIntervalSet *set, const SzAllocator *alloc);

/* Add all islands of other, which must have the same gap, and is normalized. */
extern SzStatus
sz_interval_set_merge(SzIntervalSet *set, SzIntervalSet *other, const SzAllocator *alloc);

/*
 * The number of bytes that sz_interval_set_encode writes for a normalized set: its islands, without
 * the gap.
 */
extern size_t sz_interval_set_encoded_size(const SzIntervalSet *set);
extern void sz_interval_set_encode(const SzIntervalSet *set, unsigned char *out);

/*
 * sz_interval_set_decode fills an initialized, empty set from len bytes.  Whatever the bytes are,
 * it does not read beyond them, and accepts only what sz_interval_set_encode writes for a
 * normalized set of the same gap (SZ_BAD_STATE otherwise).
 */
extern SzStatus sz_interval_set_decode(SzIntervalSet *set, const unsigned char *in, size_t len,
									   const SzAllocator *alloc);

extern void sz_interval_set_free(SzIntervalSet *set, const SzAllocator *alloc);

#endif /* SESSIONIZE_INTERVAL_SET_H */
