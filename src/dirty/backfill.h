/*
 * backfill.h
 *		The session keys that a rebuild with the newest events first has left to do.
 *
 * They are rows of NAME.backfill, one for each key with raw rows or rows in the star, and one with
 * NULL for the rows without a key. Each row has the time of the key's last event; by this time the
 * keys are cut into pieces, the newest first. One transaction writes all rows, and each row is
 * deleted by the transaction that has derived its key. So a star that was not built before, or not
 * by its present rules ("stale"), is right except for the keys in this table and for the stale keys
 * that any star may have (docs/glossary.md).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BACKFILL_H
#define SESSIONIZE_BACKFILL_H

#include "catalog/pipeline.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"

/*
 * All functions are called as the pipeline's owner. backfill_take removes a piece from the table.
 * It returns the piece's keys, and sets *oldest to the earliest of their last events' times; in
 * CurrentMemoryContext.
 */
extern DirtyKey *
backfill_take(const Pipeline *pipeline, int piece, int64 *nkeys, TimestampTz *oldest);

/* The first piece of which a new snapshot sees keys; -1 if there is none. */
extern int backfill_next(const Pipeline *pipeline);

/* Remove keys of which this transaction has derived all raw rows. */
extern void backfill_forget(const Pipeline *pipeline, const DirtyKey *keys, int64 nkeys);

/* Remove all keys, or all that an earlier transaction or subtransaction has added. */
extern void backfill_clear(const Pipeline *pipeline);
extern void backfill_clear_former(const Pipeline *pipeline);

/* Whether the star, as the active snapshot sees it, is right except for the keys in the table. */
extern bool backfill_is_stale(const Pipeline *pipeline);

#endif /* SESSIONIZE_BACKFILL_H */
