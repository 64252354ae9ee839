/*
 * refreshed_keys.h
 *		The session keys that refreshes have written during a rebuild, so that the rebuild does
 *		not write them.
 *
 * They are rows of NAME.refreshed, each with the transaction that wrote the key. A row of a
 * transaction that the rebuild's snapshot sees has no meaning. The table is unlogged: a crash ends
 * the rebuild, and the rebuild that resumes it has a snapshot of its own.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REFRESHED_KEYS_H
#define SESSIONIZE_REFRESHED_KEYS_H

#include "catalog/pipeline.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"
#include "dirty/stale_keys.h"

/*
 * Record that this transaction writes all rows of these keys. Each key is given once. All functions
 * are called as the pipeline's owner.
 */
extern void refreshed_keys_note(const Pipeline *pipeline, const DirtyKey *keys, int64 nkeys);

/* The active snapshot as a text for refreshed_keys_load, in CurrentMemoryContext. */
extern char *refreshed_keys_snapshot(void);

/*
 * The keys of a piece, out of "pieces" pieces, that were written by transactions which the active
 * snapshot sees and the given one does not; in CurrentMemoryContext, NULL if there are none. If
 * pieces is 0: all keys, and the rows without a key.
 */
extern StaleKeys *
refreshed_keys_load(const Pipeline *pipeline, const char *snapshot, int piece, int pieces);

/* Delete all recorded keys that a new snapshot sees. */
extern void refreshed_keys_forget(const Pipeline *pipeline);

#endif /* SESSIONIZE_REFRESHED_KEYS_H */
