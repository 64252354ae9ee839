/*
 * shared_counters.h
 *		The counters of all pipelines in shared memory.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SHARED_COUNTERS_H
#define SESSIONIZE_SHARED_COUNTERS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "port/atomics.h"

#include "counters/counted.h"

/* The bounds of the histograms, in microseconds; one more bucket has no bound. */
#define HISTOGRAM_BOUNDS                                                                           \
	{                                                                                              \
		500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000,      \
			5000000, 10000000, 30000000, 60000000, 300000000                                       \
	}
#define HISTOGRAM_NBOUNDS 17

extern const int64 histogram_bounds[HISTOGRAM_NBOUNDS];

typedef struct Histogram
{
	pg_atomic_uint64 buckets[HISTOGRAM_NBOUNDS + 1];
	pg_atomic_uint64 usecs; /* the sum */
} Histogram;

/* The counters of one pipeline. */
typedef struct PipelineCounters
{
	Oid database; /* InvalidOid: the entry is free */
	int32 pipeline_id;
	TimestampTz since;          /* when the counters were 0 */
	pg_atomic_uint64 last_used; /* a TimestampTz */
	pg_atomic_uint64 runs[RUN_KINDS][RUN_RESULTS];
	pg_atomic_uint64 refreshed[RUN_COUNTERS_MAX];
	Histogram phases[REFRESH_PHASES];
	pg_atomic_uint64 captured_transactions;
	pg_atomic_uint64 captured_entries;
	pg_atomic_uint64 captured_usecs;
} PipelineCounters;

/*
 * Copy the counters of a pipeline of this database; false if there are none.  The numbers may be
 * of slightly different instants.
 */
extern bool counters_read(int32 pipeline_id, PipelineCounters *copy);

/*
 * The counters of a pipeline of this database, to add to; NULL if the library is not preloaded.
 * counters_release must follow, and nothing that takes long in between.
 */
extern PipelineCounters *counters_acquire(int32 pipeline_id);
extern void counters_release(void);

/* Whether there is shared memory for counters. */
extern bool counters_are_kept(void);

/* Request the shared memory; initialize it or attach to it (init.c). */
extern void counters_request(void);
extern void counters_attach(void);

#endif /* SESSIONIZE_SHARED_COUNTERS_H */
