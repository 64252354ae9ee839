/*
 * concurrency.h
 *		How many sessions were open at a time: a log of sessions, and a sweep over it bucket by
 *		bucket.
 *
 * A session is open from its start to its end, both inclusive.  The sweep needs the starts in order
 * and the ends in order, but not which start belongs to which end.  So a sorted log has two arrays
 * that are sorted independently.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CONCURRENCY_H
#define SESSIONIZE_CONCURRENCY_H

#include "core/core.h"

typedef struct SzSpanLog
{
	int64_t *starts;
	int64_t *ends;
	uint32_t count;
	uint32_t capacity;
	bool sorted; /* starts ascend, and ends ascend */
} SzSpanLog;

/* Prepare an empty log. */
extern void sz_span_log_init(SzSpanLog *log);

/*
 * Add a session, start <= end; SZ_TOO_LARGE if the log has limit sessions already.  After an error
 * the log is as it was before.
 */
extern SzStatus sz_span_log_add(SzSpanLog *log, int64_t start, int64_t end, uint32_t limit,
								const SzAllocator *alloc);

/* Add all sessions of another log.  After an error the log is as it was before. */
extern SzStatus
sz_span_log_merge(SzSpanLog *log, const SzSpanLog *other, uint32_t limit, const SzAllocator *alloc);

/* Sort, with up to half as much memory in addition.  Idempotent. */
extern SzStatus sz_span_log_sort(SzSpanLog *log, const SzAllocator *alloc);

/* The number of bytes that sz_span_log_encode writes for a sorted log. */
extern size_t sz_span_log_encoded_size(const SzSpanLog *log);
extern void sz_span_log_encode(const SzSpanLog *log, unsigned char *out);

/*
 * sz_span_log_decode fills an initialized, empty log from len bytes.  Whatever the bytes are, it
 * does not read beyond them, and accepts only what sz_span_log_encode writes for a sorted log
 * (SZ_BAD_STATE otherwise).
 */
extern SzStatus
sz_span_log_decode(SzSpanLog *log, const unsigned char *in, size_t len, const SzAllocator *alloc);

extern void sz_span_log_free(SzSpanLog *log, const SzAllocator *alloc);

/* All buckets have the same length, and one of them begins at origin. */
typedef struct SzBuckets
{
	uint64_t length; /* at least 1, at most INT64_MAX */
	int64_t origin;
} SzBuckets;

typedef struct SzBucket
{
	int64_t start;
	uint32_t started; /* sessions that started in it */
	uint32_t active;  /* sessions that were open at any time in it */
	uint32_t peak;    /* the most sessions that were open at the same time */
} SzBucket;

typedef struct SzSweep
{
	const SzSpanLog *log;
	uint64_t length;
	uint64_t buckets; /* number of buckets still to come */
	int64_t start;    /* of the next bucket */
	uint32_t nstarts; /* number of starts before the next bucket */
	uint32_t nends;   /* number of ends before the next bucket */
} SzSweep;

/*
 * Begin a sweep over a sorted log, from the bucket of the first start to the bucket of the last
 * end.  An empty log has no buckets.  SZ_TOO_LARGE if the first bucket would begin before
 * INT64_MIN.
 */
extern SzStatus sz_sweep_begin(SzSweep *sweep, const SzSpanLog *log, SzBuckets buckets);

/* Get the next bucket; false if there is none. */
extern bool sz_sweep_next(SzSweep *sweep, SzBucket *bucket);

/*
 * An iteration over the instants at which the number of open sessions of a sorted log changes.
 * Initialize it with {log}.
 */
typedef struct SzChanges
{
	const SzSpanLog *log;
	uint32_t nstarts; /* number of starts up to the latest instant */
	uint32_t nends;   /* number of ends before the latest instant */
} SzChanges;

/*
 * Get the next instant, and how many sessions are open from it on; false if there is none.  A
 * session counts as open until one unit after its end; if its end is INT64_MAX, it never ends.
 */
extern bool sz_changes_next(SzChanges *changes, int64_t *at, uint32_t *open);

#endif /* SESSIONIZE_CONCURRENCY_H */
