/*
 * concurrency.c
 *		How many sessions were open at a time.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/bytes.h"
#include "core/concurrency.h"

/* Fewer values than this are sorted by insertion. */
#define SMALL_SORT 48

#define RADIX_BITS   8
#define RADIX_SIZE   (1 << RADIX_BITS)
#define RADIX_PASSES (64 / RADIX_BITS)

#define ENCODED_SPAN 16

/*
 * sz_span_log_init prepares an empty log.
 */
void
sz_span_log_init(SzSpanLog *log)
{
	memset(log, 0, sizeof(*log));
	log->sorted = true;
}

/*
 * resize gives an array of times another capacity.
 */
static bool
resize(int64_t **array, uint32_t old_capacity, uint64_t capacity, const SzAllocator *alloc)
{
	int64_t *larger = alloc->realloc(alloc->arg, *array, old_capacity * sizeof(int64_t),
									 (size_t) capacity * sizeof(int64_t));

	if (larger == NULL)
		return false;
	*array = larger;
	return true;
}

/*
 * reserve makes room for needed sessions in all.
 */
static SzStatus
reserve(SzSpanLog *log, uint64_t needed, uint64_t limit, const SzAllocator *alloc)
{
	uint64_t capacity;

	if (needed <= log->capacity)
		return SZ_OK;
	if (limit > alloc->max_size / sizeof(int64_t))
		limit = alloc->max_size / sizeof(int64_t);
	if (needed > limit)
		return SZ_TOO_LARGE;
	capacity = sz_grown(log->capacity, needed, 16, limit);
	/* if one realloc fails the arrays differ in size, but capacity is still right for both */
	if (!resize(&log->starts, log->capacity, capacity, alloc) ||
		!resize(&log->ends, log->capacity, capacity, alloc))
		return SZ_NO_MEMORY;
	log->capacity = (uint32_t) capacity;
	return SZ_OK;
}

/*
 * sz_span_log_add adds a session.
 */
SzStatus
sz_span_log_add(SzSpanLog *log, int64_t start, int64_t end, uint32_t limit,
				const SzAllocator *alloc)
{
	uint32_t n = log->count;
	SzStatus status = reserve(log, (uint64_t) n + 1, limit, alloc);

	if (status != SZ_OK)
		return status;
	if (n > 0 && (start < log->starts[n - 1] || end < log->ends[n - 1]))
		log->sorted = false;
	log->starts[n] = start;
	log->ends[n] = end;
	log->count++;
	return SZ_OK;
}

/*
 * sz_span_log_merge adds all sessions of another log.
 */
SzStatus
sz_span_log_merge(SzSpanLog *log, const SzSpanLog *other, uint32_t limit, const SzAllocator *alloc)
{
	SzStatus status = reserve(log, (uint64_t) log->count + other->count, limit, alloc);

	if (status != SZ_OK || other->count == 0)
		return status;
	log->sorted = log->count == 0 && other->sorted;
	memcpy(log->starts + log->count, other->starts, other->count * sizeof(int64_t));
	memcpy(log->ends + log->count, other->ends, other->count * sizeof(int64_t));
	log->count += other->count;
	return SZ_OK;
}

/*
 * sort_few sorts values by insertion.
 */
static void
sort_few(int64_t *values, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
	{
		int64_t value = values[i];
		uint32_t j = i;

		for (; j > 0 && values[j - 1] > value; j--)
			values[j] = values[j - 1];
		values[j] = value;
	}
}

/*
 * digit returns digit number pass of a value, from the lowest on.  Digits are those of value +
 * 2^63, so that they order negative values before others.
 */
static inline unsigned
digit(int64_t value, int pass)
{
	return (unsigned) (((uint64_t) value ^ UINT64_C(1) << 63) >> pass * RADIX_BITS) &
		   (RADIX_SIZE - 1);
}

/*
 * sort_by_digit copies values to out in the order of one digit; counts says how often each digit
 * occurs.
 */
static void
sort_by_digit(const int64_t *values, int64_t *out, uint32_t n, int pass, const uint32_t *counts)
{
	uint32_t places[RADIX_SIZE];
	uint32_t place = 0;

	for (int i = 0; i < RADIX_SIZE; i++)
	{
		places[i] = place;
		place += counts[i];
	}
	for (uint32_t i = 0; i < n; i++)
		out[places[digit(values[i], pass)]++] = values[i];
}

/*
 * sort_many sorts values by radix sort, with scratch space for as many.  Digits that are the same
 * in all values, as the high digits of times often are, are skipped.
 */
static void
sort_many(int64_t *values, uint32_t n, int64_t *scratch)
{
	uint32_t counts[RADIX_PASSES][RADIX_SIZE];
	int64_t *from = values;
	int64_t *to = scratch;

	memset(counts, 0, sizeof(counts));
	for (uint32_t i = 0; i < n; i++)
	{
		for (int pass = 0; pass < RADIX_PASSES; pass++)
			counts[pass][digit(values[i], pass)]++;
	}
	for (int pass = 0; pass < RADIX_PASSES; pass++)
	{
		int64_t *swap = from;

		if (counts[pass][digit(values[0], pass)] == n)
			continue;
		sort_by_digit(from, to, n, pass, counts[pass]);
		from = to;
		to = swap;
	}
	if (from != values)
		memcpy(values, from, n * sizeof(int64_t));
}

/*
 * ascends tells whether values are in order.
 */
static bool
ascends(const int64_t *values, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
	{
		if (values[i] < values[i - 1])
			return false;
	}
	return true;
}

/*
 * sz_span_log_sort sorts the starts and the ends.
 */
SzStatus
sz_span_log_sort(SzSpanLog *log, const SzAllocator *alloc)
{
	int64_t *scratch;

	if (log->sorted)
		return SZ_OK;
	if (log->count < SMALL_SORT)
	{
		sort_few(log->starts, log->count);
		sort_few(log->ends, log->count);
	}
	else
	{
		scratch = alloc->realloc(alloc->arg, NULL, 0, log->count * sizeof(int64_t));
		if (scratch == NULL)
			return SZ_NO_MEMORY;
		if (!ascends(log->starts, log->count))
			sort_many(log->starts, log->count, scratch);
		if (!ascends(log->ends, log->count))
			sort_many(log->ends, log->count, scratch);
		if (alloc->free != NULL)
			alloc->free(alloc->arg, scratch);
	}
	log->sorted = true;
	return SZ_OK;
}

/*
 * sz_span_log_encoded_size returns the number of bytes that a sorted log takes when encoded.
 */
size_t
sz_span_log_encoded_size(const SzSpanLog *log)
{
	return (size_t) log->count * ENCODED_SPAN;
}

/*
 * sz_span_log_encode writes a sorted log.
 */
void
sz_span_log_encode(const SzSpanLog *log, unsigned char *out)
{
	for (uint32_t i = 0; i < log->count; i++)
	{
		out = sz_put_bytes(out, (uint64_t) log->starts[i], 8);
		out = sz_put_bytes(out, (uint64_t) log->ends[i], 8);
	}
}

/*
 * sz_span_log_decode fills an empty log from encoded bytes.
 */
SzStatus
sz_span_log_decode(SzSpanLog *log, const unsigned char *in, size_t len, const SzAllocator *alloc)
{
	size_t count = len / ENCODED_SPAN;
	SzStatus status;

	if (len % ENCODED_SPAN != 0)
		return SZ_BAD_STATE;
	status = reserve(log, count, UINT32_MAX, alloc);
	if (status != SZ_OK)
		return status;
	for (size_t i = 0; i < count; i++, in += ENCODED_SPAN)
	{
		int64_t start = (int64_t) sz_get_bytes(in, 8);
		int64_t end = (int64_t) sz_get_bytes(in + 8, 8);

		if (end < start || (i > 0 && (start < log->starts[i - 1] || end < log->ends[i - 1])))
			return SZ_BAD_STATE;
		log->starts[i] = start;
		log->ends[i] = end;
	}
	log->count = (uint32_t) count;
	return SZ_OK;
}

/*
 * sz_span_log_free frees the log's memory and makes it empty.
 */
void
sz_span_log_free(SzSpanLog *log, const SzAllocator *alloc)
{
	if (alloc->free != NULL && log->starts != NULL)
		alloc->free(alloc->arg, log->starts);
	if (alloc->free != NULL && log->ends != NULL)
		alloc->free(alloc->arg, log->ends);
	sz_span_log_init(log);
}

/*
 * since_bucket_start returns the time from the start of its bucket to an instant.
 */
static uint64_t
since_bucket_start(SzBuckets buckets, int64_t ts)
{
	uint64_t rest;

	if (ts >= buckets.origin)
		return sz_elapsed(buckets.origin, ts) % buckets.length;
	rest = sz_elapsed(ts, buckets.origin) % buckets.length;
	return rest == 0 ? 0 : buckets.length - rest;
}

/*
 * sz_sweep_begin begins a sweep.
 */
SzStatus
sz_sweep_begin(SzSweep *sweep, const SzSpanLog *log, SzBuckets buckets)
{
	uint64_t before;

	memset(sweep, 0, sizeof(*sweep));
	sweep->log = log;
	sweep->length = buckets.length;
	if (log->count == 0)
		return SZ_OK;
	before = since_bucket_start(buckets, log->starts[0]);
	if (before > sz_elapsed(INT64_MIN, log->starts[0]))
		return SZ_TOO_LARGE;
	sweep->start = (int64_t) ((uint64_t) log->starts[0] - before);
	sweep->buckets = sz_elapsed(sweep->start, log->ends[log->count - 1]) / buckets.length + 1;
	return SZ_OK;
}

/*
 * sz_sweep_next gets the next bucket.
 */
bool
sz_sweep_next(SzSweep *sweep, SzBucket *bucket)
{
	const SzSpanLog *log = sweep->log;
	uint32_t before = sweep->nstarts;

	if (sweep->buckets == 0)
		return false;
	bucket->start = sweep->start;
	bucket->peak = sweep->nstarts - sweep->nends;
	bucket->active = bucket->peak;
	for (; sweep->nstarts < log->count; sweep->nstarts++)
	{
		int64_t ts = log->starts[sweep->nstarts];

		if (sz_elapsed(sweep->start, ts) >= sweep->length)
			break;
		while (log->ends[sweep->nends] < ts)
			sweep->nends++;
		if (sweep->nstarts + 1 - sweep->nends > bucket->peak)
			bucket->peak = sweep->nstarts + 1 - sweep->nends;
	}
	bucket->started = sweep->nstarts - before;
	bucket->active += bucket->started;
	while (sweep->nends < sweep->nstarts &&
		   sz_elapsed(sweep->start, log->ends[sweep->nends]) < sweep->length)
		sweep->nends++;
	sweep->buckets--;
	sweep->start = (int64_t) ((uint64_t) sweep->start + sweep->length);
	return true;
}

/*
 * next_change returns the next start, or the instant after the next end, whichever comes first.
 */
static inline bool
next_change(const SzChanges *changes, int64_t *at)
{
	const SzSpanLog *log = changes->log;

	if (changes->nends == log->count)
		return false;
	if (changes->nstarts < log->count && log->starts[changes->nstarts] <= log->ends[changes->nends])
		*at = log->starts[changes->nstarts];
	else if (log->ends[changes->nends] == INT64_MAX)
		return false;
	else
		*at = log->ends[changes->nends] + 1;
	return true;
}

/*
 * sz_changes_next gets the next instant at which the number of open sessions changes.
 */
bool
sz_changes_next(SzChanges *changes, int64_t *at, uint32_t *open)
{
	const SzSpanLog *log = changes->log;
	uint32_t before = changes->nstarts - changes->nends;

	while (next_change(changes, at))
	{
		while (changes->nstarts < log->count && log->starts[changes->nstarts] == *at)
			changes->nstarts++;
		while (changes->nends < log->count && log->ends[changes->nends] < *at)
			changes->nends++;
		*open = changes->nstarts - changes->nends;
		if (*open != before)
			return true;
	}
	return false;
}
