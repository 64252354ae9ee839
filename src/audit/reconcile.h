/*
 * reconcile.h
 *		Whether a star's counts are those that were noted when its raw rows were read, and those of its raw rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RECONCILE_H
#define SESSIONIZE_RECONCILE_H

#include "catalog/pipeline.h"

/* Whether reconcile() would find no difference now.  Reads the star, not the raw rows. */
extern bool reconcile_closes(const Pipeline *pipeline);

/* The rows that count, raw or sealed, and those that the star stands for. */
typedef struct MissingRows
{
	int64 rows;
	int64 represented; /* as noted when they were read */
	int64 missing;     /* of the keys that nothing is pending of; below 0 the star lacks some */
} MissingRows;

/* Count them in the active snapshot: reads the star and the raw table.  The pipeline's seal has been read. */
extern MissingRows reconcile_missing(const Pipeline *pipeline);

/* The raw rows that the stored sessions stand for, of keys of which nothing was logged before an instant. */
extern int64 reconcile_rows_settled(const Pipeline *pipeline, TimestampTz before);

#endif /* SESSIONIZE_RECONCILE_H */
