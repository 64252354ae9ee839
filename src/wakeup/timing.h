/*
 * timing.h
 *		When a scheduled pipeline's next pass is due: plain arithmetic, the clock is an argument.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_TIMING_H
#define SESSIONIZE_TIMING_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* The schedule, and what has happened under it. */
typedef struct PassTiming
{
	int64 every;    /* microseconds */
	bool on_commit; /* a commit that changes raw rows is answered at once, not by the clock */
	bool paused;
	int failures;           /* passes in a row that have failed */
	TimestampTz retry_at;   /* not before then; DT_NOBEGIN: no matter */
	TimestampTz last_start; /* of a pass; DT_NOBEGIN: there was none */
	int empty_passes;       /* passes in a row that have found nothing */
} PassTiming;

/*
 * pass_due tells when the next pass is due; DT_NOEND for never.  wanted: a commit has changed raw rows since
 * the last pass has begun.  attached: a worker is there anyway and looks from time to time, ever more
 * rarely, whether there is anything that nobody has told it.  min_interval is in microseconds.
 */
extern TimestampTz pass_due(const PassTiming *timing, bool wanted, bool attached, int64 min_interval);

/* How long to wait after so many failures in a row, in microseconds. */
extern int64 failure_delay(int failures);

#endif /* SESSIONIZE_TIMING_H */
