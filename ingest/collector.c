/*
 * collector.c
 *		The state of a running collector.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "collector.h"
#include "steady_clock.h"

#define UNREADY_AFTER_FAILURE 5.0 /* seconds */

/*
 * collector_is_ready returns whether requests are accepted.
 */
bool
collector_is_ready(Collector *collector)
{
	const SinkKind *kind = collector->sink->kind;
	double failed_at = atomic_load(&collector->failed_at);

	if (atomic_load(&collector->stopping))
		return false;
	if (failed_at != 0 && steady_seconds() - failed_at < UNREADY_AFTER_FAILURE)
		return false;
	return kind->has_room == NULL || kind->has_room(collector->sink);
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
