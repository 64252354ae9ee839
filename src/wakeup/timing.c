/*
 * timing.c
 *		When a scheduled pipeline's next pass is due.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "wakeup/timing.h"

/* The first and the longest wait after failures; between them the wait doubles. */
#define FIRST_FAILURE_DELAY USECS_PER_SEC
#define MAX_FAILURE_DELAY   (10 * USECS_PER_MINUTE)

/* The most time between two looks at an idle pipeline, unless its schedule has a longer one. */
#define MAX_LOOK_INTERVAL USECS_PER_MINUTE

/*
 * doubled returns the value doubled n times, but at most max.
 */
static int64
doubled(int64 value, int n, int64 max)
{
	while (n-- > 0 && value < max)
		value *= 2;
	return Min(value, max);
}

/*
 * failure_delay returns the time to wait after a number of failures in a row.
 */
int64
failure_delay(int failures)
{
	return doubled(FIRST_FAILURE_DELAY, failures - 1, MAX_FAILURE_DELAY);
}

/*
 * pass_interval returns the least time between the starts of two passes; negative: there is no next
 * pass.
 */
static int64
pass_interval(const PassTiming *timing, bool wanted, bool attached, int64 min_interval)
{
	if (wanted)
		return Max(timing->on_commit ? 0 : timing->every, min_interval);
	if (attached)
		return Max(
			doubled(timing->every, timing->empty_passes, Max(timing->every, MAX_LOOK_INTERVAL)),
			min_interval);
	return -1;
}

/*
 * pass_due tells when the next pass is due.
 */
TimestampTz
pass_due(const PassTiming *timing, bool wanted, bool attached, int64 min_interval)
{
	int64 interval = pass_interval(timing, wanted, attached, min_interval);
	TimestampTz due;

	if (timing->paused)
		return DT_NOEND;
	if (interval < 0)
		due = DT_NOEND;
	else
		due = timing->last_start == DT_NOBEGIN ? DT_NOBEGIN : timing->last_start + interval;
	if (!attached)
		due = Min(due, timing->checks_at);
	return Max(due, timing->retry_at);
}
