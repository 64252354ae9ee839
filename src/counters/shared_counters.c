/*
 * shared_counters.c
 *		The counters of all pipelines in shared memory.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "counters/shared_counters.h"
#include "wait_event.h"

/* With more pipelines, those that were not counted for the longest time lose their counters. */
#define MAX_PIPELINES 1024

typedef struct SharedCounters
{
	LWLock *lock; /* exclusively to give an entry to a pipeline; the numbers are atomic */
	int used;     /* entries from this number on are free */
	PipelineCounters pipeline[MAX_PIPELINES];
} SharedCounters;

const int64 histogram_bounds[HISTOGRAM_NBOUNDS] = HISTOGRAM_BOUNDS;

/* NULL unless the library is in shared_preload_libraries. */
static SharedCounters *shared = NULL;

/*
 * counters_request requests the shared memory and its lock.
 */
void
counters_request(void)
{
	RequestAddinShmemSpace(sizeof(SharedCounters));
	RequestNamedLWLockTranche(SZ_TRANCHE_COUNTERS, 1);
}

/*
 * counters_attach initializes the shared memory, or attaches to it.
 */
void
counters_attach(void)
{
	bool found;

	shared = ShmemInitStruct("pg_sessionize counters", sizeof(SharedCounters), &found);
	if (found)
		return;
	shared->lock = &GetNamedLWLockTranche(SZ_TRANCHE_COUNTERS)->lock;
	shared->used = 0;
}

/*
 * find_counters returns the pipeline's entry, NULL if it has none.  The caller holds the lock.
 */
static PipelineCounters *
find_counters(int32 pipeline_id)
{
	for (int i = 0; i < shared->used; i++)
	{
		PipelineCounters *counters = &shared->pipeline[i];

		if (counters->pipeline_id == pipeline_id && counters->database == MyDatabaseId)
			return counters;
	}
	return NULL;
}

/*
 * free_entry returns the first free entry or, if there is none, the one that was not used for the
 * longest time.  The caller holds the lock exclusively.
 */
static PipelineCounters *
free_entry(void)
{
	PipelineCounters *oldest = &shared->pipeline[0];

	if (shared->used < MAX_PIPELINES)
		return &shared->pipeline[shared->used++];
	for (int i = 1; i < MAX_PIPELINES; i++)
		if (pg_atomic_read_u64(&shared->pipeline[i].last_used) <
			pg_atomic_read_u64(&oldest->last_used))
			oldest = &shared->pipeline[i];
	return oldest;
}

/*
 * add_counters gives the pipeline an entry, in which all counters are 0.  The caller holds the lock
 * exclusively.
 */
static PipelineCounters *
add_counters(int32 pipeline_id)
{
	PipelineCounters *counters = free_entry();

	memset(counters, 0, sizeof(PipelineCounters));
	counters->database = MyDatabaseId;
	counters->pipeline_id = pipeline_id;
	counters->since = GetCurrentTimestamp();
	pg_atomic_init_u64(&counters->last_used, 0);
	for (int kind = 0; kind < RUN_KINDS; kind++)
		for (int result = 0; result < RUN_RESULTS; result++)
			pg_atomic_init_u64(&counters->runs[kind][result], 0);
	for (int i = 0; i < RUN_COUNTERS_MAX; i++)
		pg_atomic_init_u64(&counters->refreshed[i], 0);
	for (int phase = 0; phase < REFRESH_PHASES; phase++)
	{
		for (int i = 0; i <= HISTOGRAM_NBOUNDS; i++)
			pg_atomic_init_u64(&counters->phases[phase].buckets[i], 0);
		pg_atomic_init_u64(&counters->phases[phase].usecs, 0);
	}
	pg_atomic_init_u64(&counters->captured_transactions, 0);
	pg_atomic_init_u64(&counters->captured_entries, 0);
	pg_atomic_init_u64(&counters->captured_usecs, 0);
	return counters;
}

/*
 * counters_acquire returns the pipeline's entry, and holds the lock.
 */
PipelineCounters *
counters_acquire(int32 pipeline_id)
{
	PipelineCounters *counters;

	if (shared == NULL)
		return NULL;
	LWLockAcquire(shared->lock, LW_SHARED);
	counters = find_counters(pipeline_id);
	if (counters == NULL)
	{
		LWLockRelease(shared->lock);
		LWLockAcquire(shared->lock, LW_EXCLUSIVE);
		counters = find_counters(pipeline_id);
		if (counters == NULL)
			counters = add_counters(pipeline_id);
	}
	pg_atomic_write_u64(&counters->last_used, (uint64) GetCurrentTimestamp());
	return counters;
}

/*
 * counters_release releases the lock.
 */
void
counters_release(void)
{
	LWLockRelease(shared->lock);
}

/*
 * counters_are_kept tells whether there is shared memory for counters.
 */
bool
counters_are_kept(void)
{
	return shared != NULL;
}

/*
 * counters_read copies the counters of a pipeline.
 */
bool
counters_read(int32 pipeline_id, PipelineCounters *copy)
{
	const PipelineCounters *counters;

	if (shared == NULL)
		return false;
	LWLockAcquire(shared->lock, LW_SHARED);
	counters = find_counters(pipeline_id);
	if (counters != NULL)
		memcpy(copy, counters, sizeof(PipelineCounters));
	LWLockRelease(shared->lock);
	return counters != NULL;
}
