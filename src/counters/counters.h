/*
 * counters.h
 *		What sessions count for the metrics of their pipelines.
 *
 * Everything is kept in the session until its transaction commits, and is forgotten if the
 * transaction is rolled back, so that the counters tell what was done.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COUNTERS_H
#define SESSIONIZE_COUNTERS_H

#include "postgres.h"

#include "counters/counted.h"

/* Begin to time a transaction of a refresh. */
extern void refresh_timer_begin(void);

/*
 * The phase that follows; does nothing if no transaction is timed.  Returns the phase that was, for
 * a phase inside of another one.
 */
extern RefreshPhase refresh_timer_phase(RefreshPhase phase);

/* Count a run that has ended. */
extern void count_run(int32 pipeline_id, RunKind kind, RunResult result);

/* Add what a transaction of a refresh has done; the times of its phases are counted, too. */
extern void count_refresh(int32 pipeline_id, const int64 *counts, int ncounts);

/*
 * Count changes of raw rows, at or after the commit: the entries written to the dirty log, and how
 * long that took in microseconds.
 */
extern void count_captured(int32 pipeline_id, int64 entries, int64 usecs);

/* Register the callback for the end of transactions. */
extern void counters_install(void);

#endif /* SESSIONIZE_COUNTERS_H */
