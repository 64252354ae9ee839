/*
 * dirty_key.c
 *		An entry of a dirty log: a session key, and a range of event time.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pipeline.h"
#include "dirty/dirty_key.h"

/*
 * dirty_lane returns the lane of a key.
 */
int
dirty_lane(const Pipeline *pipeline, Datum session_key, bool isnull)
{
	return isnull
			   ? 0
			   : dirty_lane_of_hash(key_stable_hash(pipeline->types[SRC_SESSION_KEY], session_key));
}
