/*
 * refreshed_keys.h
 *		The session keys that refreshes have written while a rebuild was at work, so that it leaves them alone.
 *
 * They are rows of NAME.refreshed, each with the transaction that wrote the key.  Those that the rebuild's snapshot
 * has seen mean nothing.  The table is unlogged: a crash ends the rebuild, and the one that resumes it has a snapshot of
 * its own.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REFRESHED_KEYS_H
#define SESSIONIZE_REFRESHED_KEYS_H

#include "catalog/pipeline.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"
#include "dirty/stale_keys.h"

/* Note that this transaction writes all there is of these keys, each of them once.  As the owner, as are all of these. */
extern void refreshed_keys_note(const Pipeline *pipeline, const DirtyKey *keys, int64 nkeys);

/* The active snapshot, in CurrentMemoryContext, as refreshed_keys_load takes it. */
extern char *refreshed_keys_snapshot(void);

/*
 * The keys of a piece out of so many that transactions have written which that snapshot does not see, and the active
 * one does; in CurrentMemoryContext, NULL where there are none.  Of all keys, and no key, if pieces is 0.
 */
extern StaleKeys *refreshed_keys_load(const Pipeline *pipeline, const char *snapshot, int piece, int pieces);

/* Forget all notes that a new snapshot sees. */
extern void refreshed_keys_forget(const Pipeline *pipeline);

#endif /* SESSIONIZE_REFRESHED_KEYS_H */
