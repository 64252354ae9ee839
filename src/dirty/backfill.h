/*
 * backfill.h
 *		The session keys that a rebuild, newest first, has yet to do.
 *
 * They are rows of NAME.backfill: each key that has raw rows or anything in the star, and NULL for the rows without one, with the
 * time of its last event, and cut into pieces by that time, the newest first.  All are written in one transaction, and
 * each goes in the one that has derived it.  So where a star was not built before, or was not what its rules say ("stale"), it is
 * right but for the keys that are here, and those that any star is behind with (stale_keys.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BACKFILL_H
#define SESSIONIZE_BACKFILL_H

#include "catalog/pipeline.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"

/* All of these as the pipeline's owner.  A piece's keys, taken out of the table, and the time of the last event of that with the oldest one; in CurrentMemoryContext. */
extern DirtyKey *backfill_take(const Pipeline *pipeline, int piece, int64 *nkeys, TimestampTz *oldest);

/* The first piece that a new snapshot has keys of, at least from; -1 where there is none. */
extern int backfill_next(const Pipeline *pipeline, int from);

/* Take out keys that this transaction has derived as a whole. */
extern void backfill_forget(const Pipeline *pipeline, const DirtyKey *keys, int64 nkeys);

/* Take out all, or all that an earlier transaction or subtransaction has put in. */
extern void backfill_clear(const Pipeline *pipeline);
extern void backfill_clear_former(const Pipeline *pipeline);

/* Whether the star is right but for the keys that are there, as the active snapshot sees it. */
extern bool backfill_is_stale(const Pipeline *pipeline);

#endif /* SESSIONIZE_BACKFILL_H */
