/*
 * counters.c
 *		What sessions count for the metrics of their pipelines.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "portability/instr_time.h"

#include "counters/counters.h"
#include "counters/shared_counters.h"

/* What this transaction is going to count. */
static struct
{
	int32 pipeline_id; /* 0: nothing yet */
	bool ran;          /* kind and result are set */
	RunKind kind;
	RunResult result;
	bool refreshed; /* counts are set, and the phases are to be counted */
	int ncounts;
	int64 counts[RUN_COUNTERS_MAX];
} pending;

/* The clock of the transaction of a refresh. */
static struct
{
	RefreshPhase phase; /* the present one */
	instr_time since;
	int64 usecs[REFRESH_PHASES];
} timer;

/*
 * refresh_timer_begin begins to time a transaction of a refresh.
 */
void
refresh_timer_begin(void)
{
	if (!counters_are_kept())
		return;
	memset(timer.usecs, 0, sizeof(timer.usecs));
	timer.phase = REFRESH_CLAIM;
	INSTR_TIME_SET_CURRENT(timer.since);
}

/*
 * refresh_timer_phase adds the time since the last call to the phase that ends.
 */
RefreshPhase
refresh_timer_phase(RefreshPhase phase)
{
	RefreshPhase last = timer.phase;
	instr_time now;
	instr_time spent;

	if (last == REFRESH_NO_PHASE)
		return last;
	INSTR_TIME_SET_CURRENT(now);
	spent = now;
	INSTR_TIME_SUBTRACT(spent, timer.since);
	timer.usecs[last] += (int64) INSTR_TIME_GET_MICROSEC(spent);
	timer.since = now;
	timer.phase = phase;
	return last;
}

/*
 * count_run counts a run.
 */
void
count_run(int32 pipeline_id, RunKind kind, RunResult result)
{
	pending.pipeline_id = pipeline_id;
	pending.ran = true;
	pending.kind = kind;
	pending.result = result;
}

/*
 * count_refresh adds what a transaction of a refresh has done.
 */
void
count_refresh(int32 pipeline_id, const int64 *counts, int ncounts)
{
	Assert(ncounts <= RUN_COUNTERS_MAX);
	count_run(pipeline_id, RUN_REFRESH, RUN_DONE);
	pending.refreshed = true;
	pending.ncounts = ncounts;
	memcpy(pending.counts, counts, ncounts * sizeof(int64));
	(void) refresh_timer_phase(REFRESH_COMMIT);
}

/*
 * count_captured counts changes of raw rows.
 */
void
count_captured(int32 pipeline_id, int64 entries, int64 usecs)
{
	PipelineCounters *counters = counters_acquire(pipeline_id);

	if (counters == NULL)
		return;
	pg_atomic_fetch_add_u64(&counters->captured_transactions, 1);
	pg_atomic_fetch_add_u64(&counters->captured_entries, entries);
	pg_atomic_fetch_add_u64(&counters->captured_usecs, usecs);
	counters_release();
}

/*
 * observe adds a time to a histogram.
 */
static void
observe(Histogram *histogram, int64 usecs)
{
	int bucket = 0;

	while (bucket < HISTOGRAM_NBOUNDS && usecs > histogram_bounds[bucket])
		bucket++;
	pg_atomic_fetch_add_u64(&histogram->buckets[bucket], 1);
	pg_atomic_fetch_add_u64(&histogram->usecs, usecs);
}

/*
 * count_pending adds to the counters what this transaction has noted.
 */
static void
count_pending(void)
{
	PipelineCounters *counters = counters_acquire(pending.pipeline_id);

	if (counters == NULL)
		return;
	if (pending.ran)
		pg_atomic_fetch_add_u64(&counters->runs[pending.kind][pending.result], 1);
	if (pending.refreshed)
	{
		for (int i = 0; i < pending.ncounts; i++)
			pg_atomic_fetch_add_u64(&counters->refreshed[i], pending.counts[i]);
		if (timer.phase != REFRESH_NO_PHASE)
		{
			(void) refresh_timer_phase(REFRESH_COMMIT);
			for (int phase = REFRESH_CLAIM; phase < REFRESH_PHASES; phase++)
				observe(&counters->phases[phase], timer.usecs[phase]);
		}
	}
	counters_release();
}

/*
 * at_transaction_end adds to the counters, or forgets what was noted.
 */
static void
at_transaction_end(XactEvent event, void *arg pg_attribute_unused())
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	if (event == XACT_EVENT_COMMIT && pending.pipeline_id != 0)
		count_pending();
	memset(&pending, 0, sizeof(pending));
	timer.phase = REFRESH_NO_PHASE;
}

/*
 * counters_install registers the callback for the end of transactions.
 */
void
counters_install(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
}
