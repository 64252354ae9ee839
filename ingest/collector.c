/*
 * collector.c
 *		The state of a running collector.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "collector.h"

#define UNREADY_AFTER_FAILURE INT64_C(5000000) /* microseconds */

/*
 * collector_is_ready returns whether requests are accepted.
 */
bool
collector_is_ready(Collector *collector)
{
	int64_t failed_at = atomic_load(&collector->failed_at);

	if (atomic_load(&collector->stopping))
		return false;
	if (failed_at != 0 && spool_clock() - failed_at < UNREADY_AFTER_FAILURE)
		return false;
	return spool_has_room(collector->spool);
}

/*
 * collector_hold takes memory.
 */
bool
collector_hold(Collector *collector, uint64_t bytes)
{
	uint64_t before = atomic_fetch_add(&collector->in_flight, bytes);

	if (before + bytes <= (uint64_t) collector->options->max_in_flight)
		return true;
	atomic_fetch_sub(&collector->in_flight, bytes);
	return false;
}

/*
 * collector_release gives it back.
 */
void
collector_release(Collector *collector, uint64_t bytes)
{
	atomic_fetch_sub(&collector->in_flight, bytes);
}
