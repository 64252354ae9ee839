/*
 * dirty_key.h
 *		An entry of a dirty log: a session key, and the range of event time of its changed raw
 *		rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRTY_KEY_H
#define SESSIONIZE_DIRTY_KEY_H

#include "utils/timestamp.h"

#include "catalog/pipeline.h"
#include "utils/key_type.h"

/* Lanes are hash buckets of keys: refreshes lock whole lanes. Rows without a key are in lane 0. */
#define DIRTY_LANES     16
#define DIRTY_ALL_LANES ((uint32) 0xFFFF)

/* A key (or none) and a range of event time. An end of the range that is not known is infinite. */
typedef struct DirtyKey
{
	Datum key; /* packed (key_type.h) */
	bool isnull;
	TimestampTz lo;
	TimestampTz hi;
} DirtyKey;

/*
 * dirty_widen makes the range of an entry infinite, so that all raw rows of the key are derived.
 */
static inline void
dirty_widen(DirtyKey *dirty)
{
	dirty->lo = DT_NOBEGIN;
	dirty->hi = DT_NOEND;
}

/*
 * dirty_lane_of_hash returns the lane of the keys with this hash (key_type_stable_hash).
 */
static inline int
dirty_lane_of_hash(uint64 hash)
{
	return (int) (hash & (DIRTY_LANES - 1));
}

/*
 * dirty_lane returns the lane of a key.
 */
static inline int
dirty_lane(const Pipeline *pipeline, Datum session_key)
{
	return dirty_lane_of_hash(key_stable_hash(pipeline->types[SRC_SESSION_KEY], session_key));
}

#endif /* SESSIONIZE_DIRTY_KEY_H */
