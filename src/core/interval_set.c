/*
 * interval_set.c
 *		The set of islands: insertion, normalization, merging, and its serialized form.
 *
 * Invariants between calls:
 * - items[0 .. sorted) ascend by start and do not overlap, so one binary search finds the only two
 *   islands that an event can belong to.  Two neighbours may have come within gap of each other
 *   since the last normalization (then normal is false); the next one joins them.
 * - items[sorted .. count) are in any order, and may overlap all others.
 * - last replaces items[count - 1].  In the sorted order only islands of the tail can follow it, so
 *   it can grow to the right without a look at other islands.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/bytes.h"
#include "core/interval_set.h"

/*
 * A sorted part shorter than this takes new islands in place; a tail may at least become this long.
 */
#define SMALL_SET 32

/* The capacity from the second island on: just below a power of two bytes, to suit allocators. */
#define FIRST_CAPACITY 5

#define ENCODED_INTERVAL 24

/*
 * sz_interval_set_init prepares an empty set.
 */
void
sz_interval_set_init(SzIntervalSet *set, uint64_t gap)
{
	memset(set, 0, sizeof(*set));
	set->gap = gap;
	set->items = &set->last;
	set->capacity = 1;
	set->normal = true;
}

/*
 * is_near tells whether b starts within gap of a's end, or before it.
 */
static inline bool
is_near(const SzInterval *a, const SzInterval *b, uint64_t gap)
{
	return b->start <= a->end || sz_elapsed(a->end, b->start) <= gap;
}

/*
 * absorb makes *a cover *b too.  The number of events can only overflow in a forged state.
 */
static inline void
absorb(SzInterval *a, const SzInterval *b)
{
	if (b->start < a->start)
		a->start = b->start;
	if (b->end > a->end)
		a->end = b->end;
	a->events = a->events > INT64_MAX - b->events ? INT64_MAX : a->events + b->events;
}

/*
 * write_last copies last to items[count - 1].
 */
static inline void
write_last(SzIntervalSet *set)
{
	if (set->items != &set->last && set->count > 0)
		set->items[set->count - 1] = set->last;
}

/*
 * read_last copies items[count - 1] to last, after items was changed.
 */
static inline void
read_last(SzIntervalSet *set)
{
	if (set->items != &set->last && set->count > 0)
		set->last = set->items[set->count - 1];
}

/*
 * reserve makes room for needed items.
 */
static SzStatus
reserve(SzIntervalSet *set, uint64_t needed, const SzAllocator *alloc)
{
	uint64_t limit = alloc->max_size / sizeof(SzInterval);
	uint64_t capacity = set->capacity;
	bool is_inline = set->items == &set->last;
	SzInterval *items;

	if (needed <= capacity)
		return SZ_OK;
	if (limit > UINT32_MAX)
		limit = UINT32_MAX;
	if (needed > limit)
		return SZ_TOO_LARGE;
	capacity = sz_grown(capacity, needed, FIRST_CAPACITY, limit);
	items = alloc->realloc(alloc->arg, is_inline ? NULL : set->items,
						   is_inline ? 0 : set->capacity * sizeof(SzInterval),
						   capacity * sizeof(SzInterval));
	if (items == NULL)
		return SZ_NO_MEMORY;
	if (is_inline)
		items[0] = set->last;
	set->items = items;
	set->capacity = (uint32_t) capacity;
	return SZ_OK;
}

/*
 * upper_bound returns how many islands of the sorted part start at or before ts.
 */
static uint32_t
upper_bound(const SzIntervalSet *set, int64_t ts)
{
	uint32_t low = 0;
	uint32_t high = set->sorted;

	while (low < high)
	{
		uint32_t mid = low + (high - low) / 2;

		if (set->items[mid].start <= ts)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * join_sorted adds the interval to an island of the sorted part, if this makes no islands overlap;
 * it returns whether it did.  The first i islands start at or before the interval.
 */
static bool
join_sorted(SzIntervalSet *set, uint32_t i, const SzInterval *interval)
{
	SzInterval *before = i > 0 ? &set->items[i - 1] : NULL;
	SzInterval *after = i < set->sorted ? &set->items[i] : NULL;

	if (after != NULL && interval->end >= after->start)
		return false;
	if (before != NULL && is_near(before, interval, set->gap))
	{
		absorb(before, interval);
		if (after != NULL && is_near(before, after, set->gap))
			set->normal = false;
		return true;
	}
	if (after != NULL && is_near(interval, after, set->gap))
	{
		absorb(after, interval);
		return true;
	}
	return false;
}

/*
 * tail_limit returns how long the tail may grow.
 */
static inline uint32_t
tail_limit(const SzIntervalSet *set)
{
	return set->sorted / 2 > SMALL_SET ? set->sorted / 2 : SMALL_SET;
}

/*
 * make_room normalizes if the tail is full, or if the array is full and merging islands may make
 * room.  It leaves a quarter of the capacity free, so that the next normalization does not follow
 * soon.
 */
static SzStatus
make_room(SzIntervalSet *set, const SzAllocator *alloc)
{
	SzStatus status;

	if (set->normal || (set->count < set->capacity && set->count - set->sorted < tail_limit(set)))
		return SZ_OK;
	status = sz_interval_set_normalize(set, alloc);
	if (status != SZ_OK)
		return status;
	return reserve(set, (uint64_t) set->count + set->capacity / 4 + 1, alloc);
}

/*
 * insert adds an interval as an island of its own.  The first i islands of the sorted part start at
 * or before it.
 */
static SzStatus
insert(SzIntervalSet *set, uint32_t i, const SzInterval *interval, const SzAllocator *alloc)
{
	bool overlaps = i < set->sorted && interval->end >= set->items[i].start;
	bool in_place =
		!overlaps && set->sorted == set->count && (i == set->sorted || set->sorted < SMALL_SET);
	SzStatus status = reserve(set, (uint64_t) set->count + 1, alloc);

	if (status != SZ_OK)
		return status;
	/* reserve has made sure that items does not point to last any more. */
	if (in_place)
	{
		if (i < set->sorted)
			memmove(&set->items[i + 1], &set->items[i], (set->sorted - i) * sizeof(SzInterval));
		set->items[i] = *interval;
		set->sorted++;
	}
	else
	{
		set->items[set->count] = *interval;
		set->normal = false;
	}
	set->count++;
	return SZ_OK;
}

/*
 * sz_interval_set_add_interval adds an island, or an event that is not in the last one.
 */
SzStatus
sz_interval_set_add_interval(SzIntervalSet *set, SzInterval interval, const SzAllocator *alloc)
{
	SzStatus status = make_room(set, alloc);
	uint32_t i;

	if (status != SZ_OK)
		return status;
	write_last(set);
	i = upper_bound(set, interval.start);
	if (!join_sorted(set, i, &interval))
		status = insert(set, i, &interval, alloc);
	read_last(set);
	return status;
}

#define SORT_ITEM            SzInterval
#define SORT_LESS(arg, a, b) ((void) (arg), (a)->start < (b)->start)
#include "core/merge_sort.h"

/*
 * sort_tail_in merges the tail into the sorted part, without joining islands.
 */
static SzStatus
sort_tail_in(SzIntervalSet *set, const SzAllocator *alloc)
{
	uint32_t n = set->count - set->sorted;
	SzStatus status = reserve(set, (uint64_t) set->count + n, alloc);
	SzInterval *tail;
	SzInterval *scratch;
	SzInterval *a;
	SzInterval *b;
	SzInterval *out;

	if (status != SZ_OK)
		return status;
	tail = set->items + set->sorted;
	scratch = tail + n;
	sort_items(tail, n, scratch, NULL, alloc);
	memcpy(scratch, tail, n * sizeof(SzInterval));

	/* Merge from the end backwards, so that nothing is overwritten before it was read. */
	a = tail;
	b = scratch + n;
	out = tail + n;
	while (b > scratch)
	{
		*--out = a > set->items && (a - 1)->start > (b - 1)->start ? *--a : *--b;
		if ((out - set->items) % SZ_POLL_ITEMS == 0)
			sz_poll(alloc);
	}
	set->sorted = set->count;
	return SZ_OK;
}

/*
 * coalesce joins islands of the sorted part that are within gap of each other.
 */
static void
coalesce(SzIntervalSet *set, const SzAllocator *alloc)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i < set->count; i++)
	{
		if (i % SZ_POLL_ITEMS == 0)
			sz_poll(alloc);
		if (is_near(&set->items[n], &set->items[i], set->gap))
			absorb(&set->items[n], &set->items[i]);
		else
			set->items[++n] = set->items[i];
	}
	set->sorted = set->count = n + 1;
}

/*
 * sz_interval_set_normalize makes items[0 .. count) exactly the islands, ascending.
 */
SzStatus
sz_interval_set_normalize(SzIntervalSet *set, const SzAllocator *alloc)
{
	SzStatus status = SZ_OK;

	write_last(set);
	if (set->normal)
		return SZ_OK;
	if (set->sorted < set->count)
		status = sort_tail_in(set, alloc);
	if (status != SZ_OK)
		return status;
	coalesce(set, alloc);
	read_last(set);
	set->normal = true;
	return SZ_OK;
}

/*
 * sz_interval_set_merge adds all islands of other.
 */
SzStatus
sz_interval_set_merge(SzIntervalSet *set, SzIntervalSet *other, const SzAllocator *alloc)
{
	SzStatus status = sz_interval_set_normalize(other, alloc);

	for (uint32_t i = 0; i < other->count && status == SZ_OK; i++)
	{
		status = sz_interval_set_add_interval(set, other->items[i], alloc);
		if (i % SZ_POLL_ITEMS == 0)
			sz_poll(alloc);
	}
	return status;
}

/*
 * sz_interval_set_encoded_size returns the number of bytes that a normalized set takes when
 * encoded.
 */
size_t
sz_interval_set_encoded_size(const SzIntervalSet *set)
{
	return (size_t) set->count * ENCODED_INTERVAL;
}

/*
 * sz_interval_set_encode writes a normalized set.
 */
void
sz_interval_set_encode(const SzIntervalSet *set, unsigned char *out)
{
	for (uint32_t i = 0; i < set->count; i++)
	{
		out = sz_put_bytes(out, (uint64_t) set->items[i].start, 8);
		out = sz_put_bytes(out, (uint64_t) set->items[i].end, 8);
		out = sz_put_bytes(out, (uint64_t) set->items[i].events, 8);
	}
}

/*
 * sz_interval_set_decode fills an empty set from encoded bytes.
 */
SzStatus
sz_interval_set_decode(SzIntervalSet *set, const unsigned char *in, size_t len,
					   const SzAllocator *alloc)
{
	size_t count = len / ENCODED_INTERVAL;
	SzStatus status;

	if (len % ENCODED_INTERVAL != 0)
		return SZ_BAD_STATE;
	status = reserve(set, count, alloc);
	if (status != SZ_OK)
		return status;

	for (size_t i = 0; i < count; i++, in += ENCODED_INTERVAL)
	{
		SzInterval item = {(int64_t) sz_get_bytes(in, 8), (int64_t) sz_get_bytes(in + 8, 8),
						   (int64_t) sz_get_bytes(in + 16, 8)};

		if (item.end < item.start || item.events < (item.end > item.start ? 2 : 1) ||
			(i > 0 && is_near(&set->items[i - 1], &item, set->gap)))
			return SZ_BAD_STATE;
		set->items[i] = item;
	}
	set->sorted = set->count = (uint32_t) count;
	read_last(set);
	return SZ_OK;
}

/*
 * sz_interval_set_free frees the set's memory and makes it empty.
 */
void
sz_interval_set_free(SzIntervalSet *set, const SzAllocator *alloc)
{
	if (set->items != &set->last && alloc->free != NULL)
		alloc->free(alloc->arg, set->items);
	sz_interval_set_init(set, set->gap);
}
