/*
 * backfill_fill.h
 *		Finds the session keys that a rebuild with the newest keys first has to do (backfill.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BACKFILL_FILL_H
#define SESSIONIZE_BACKFILL_FILL_H

#include "catalog/pipeline.h"

/* What was read and written. */
typedef struct BackfillCounts
{
	int64 raw_rows;
	int64 filtered; /* of them, belonging to no key */
	int pieces;
} BackfillCounts;

/*
 * Add all keys that the active snapshot sees to NAME.backfill, and keep the rows that are there
 * already.  A piece has about piece_rows raw rows, or one key.  stale: the keys' rows in the star
 * must not be relied on until the keys are done.  budget is in bytes.  progress is called once in a
 * few thousand rows.  The caller works as the pipeline's owner.
 */
extern BackfillCounts
backfill_fill(const Pipeline *pipeline, bool stale, int64 piece_rows, Size budget,
			  void (*progress)(void *arg, int64 rows_read), void *arg);

#endif /* SESSIONIZE_BACKFILL_FILL_H */
