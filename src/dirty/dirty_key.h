/*
 * dirty_key.h
 *		An entry of a dirty log: a session key, and the range of event time in which its raw rows have changed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRTY_KEY_H
#define SESSIONIZE_DIRTY_KEY_H

#include "utils/timestamp.h"

#include "catalog/pipeline.h"
#include "utils/key_type.h"

/* Lanes are hash buckets of keys, the unit in which refreshes lock; rows without a key are in lane 0. */
#define DIRTY_LANES     16
#define DIRTY_ALL_LANES ((uint32) 0xFFFF)

/* One entry: a key, or none, and a range of event time; -infinity, infinity where it is not known. */
typedef struct DirtyKey
{
	Datum key; /* packed (key_type.h) */
	bool isnull;
	TimestampTz lo;
	TimestampTz hi;
} DirtyKey;

/*
 * dirty_widen makes an entry one of which is not known when its rows are: the whole key is derived then.
 */
static inline void
dirty_widen(DirtyKey *dirty)
{
	dirty->lo = DT_NOBEGIN;
	dirty->hi = DT_NOEND;
}

/* The lane of the keys of this hash (key_type_stable_hash). */
static inline int
dirty_lane_of_hash(uint64 hash)
{
	return (int) (hash & (DIRTY_LANES - 1));
}

/* The lane of a key. */
extern int dirty_lane(const Pipeline *pipeline, Datum session_key, bool isnull);

#endif /* SESSIONIZE_DIRTY_KEY_H */
