/*
 * steady_clock.h
 *		A clock that only goes forward, for everything that takes a while.  The time of day may be set
 *		back, and then something that was to take seconds would take hours.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_STEADY_CLOCK_H
#define INGEST_STEADY_CLOCK_H

#include <time.h>

/* Seconds since some moment in the past; never 0. */
static inline double
steady_seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec / 1e9 + 1;
}

#endif /* INGEST_STEADY_CLOCK_H */
