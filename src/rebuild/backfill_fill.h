/*
 * backfill_fill.h
 *		Which session keys a rebuild, newest first, has to do (backfill.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BACKFILL_FILL_H
#define SESSIONIZE_BACKFILL_FILL_H

#include "catalog/pipeline.h"

/* What was read to fill it. */
typedef struct BackfillCounts
{
	int64 raw_rows;
	int pieces;
} BackfillCounts;

/*
 * Fill it with all keys that the active snapshot sees, beside those that are there.  A piece has about so many raw rows, or
 * one key.  progress(arg, rows read) is called now and then.  As the owner.
 */
extern BackfillCounts backfill_fill(const Pipeline *pipeline, bool stale, int64 piece_rows, Size budget,
									void (*progress)(void *arg, int64 rows_read), void *arg);

#endif /* SESSIONIZE_BACKFILL_FILL_H */
