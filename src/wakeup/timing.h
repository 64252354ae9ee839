/*
 * timing.h
 *		When a scheduled pipeline's next pass is due.  The functions are pure: the clock is an
 *		argument.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_TIMING_H
#define SESSIONIZE_TIMING_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* A pipeline's schedule, and what has happened so far. */
typedef struct PassTiming
{
	int64 every;    /* in microseconds */
	bool on_commit; /* a commit that changes raw rows makes a pass due at once */
	bool paused;
	int failures;           /* passes in a row that have failed */
	TimestampTz retry_at;   /* the next pass must not begin before; DT_NOBEGIN: no restriction */
	TimestampTz last_start; /* when the last pass began; DT_NOBEGIN: there was none */
	int empty_passes;       /* passes in a row that have found no work */
	TimestampTz checks_at;  /* when the next check of the data is due; DT_NOEND: never */
} PassTiming;

/*
 * pass_due tells when the next pass is due; DT_NOEND: never.  wanted: a commit has changed raw rows
 * since the last pass began.  attached: the pipeline has a worker, which looks from time to time,
 * less and less often, for work that no session has announced, and has checks run apart from its
 * passes; without a worker, a check that is due makes a pass due.  min_interval is in microseconds.
 */
extern TimestampTz
pass_due(const PassTiming *timing, bool wanted, bool attached, int64 min_interval);

/* The time to wait after a number of failures in a row, in microseconds. */
extern int64 failure_delay(int failures);

#endif /* SESSIONIZE_TIMING_H */
