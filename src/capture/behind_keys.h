/*
 * behind_keys.h
 *		The session keys whose rows in the star may be out of date, in one snapshot.
 *
 * They are the keys in the dirty log, the failed keys, and the keys with rows in a partition whose
 * DETACH CONCURRENTLY is not finished. For all other keys the star agrees with the raw rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BEHIND_KEYS_H
#define SESSIONIZE_BEHIND_KEYS_H

#include "catalog/pipeline.h"
#include "dirty/stale_keys.h"

/*
 * Find these keys in the active snapshot, in CurrentMemoryContext. NULL if they can't be told: the
 * raw table is not captured, or the star was never built, or needs a rebuild for another reason. To
 * be called as the pipeline's owner.
 */
extern StaleKeys *behind_keys_load(const Pipeline *pipeline);

/*
 * Like behind_keys_load, but also for a star that a rebuild with the newest events first is
 * building; then the keys that this rebuild has left to do are added (backfill.h).
 */
extern StaleKeys *behind_keys_load_unbuilt(const Pipeline *pipeline);

/*
 * SQL for the dirty keys and the keys that a backfill has left to do, as rows (session_key). A NULL
 * means the rows without a key.
 */
extern char *behind_keys_sql(const Pipeline *pipeline);

#endif /* SESSIONIZE_BEHIND_KEYS_H */
