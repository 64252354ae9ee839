/*
 * reconcile.h
 *		Whether the star accounts for every raw row, as counts tell.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RECONCILE_H
#define SESSIONIZE_RECONCILE_H

#include "catalog/pipeline.h"

/* Whether the star's counts agree with the ledger.  Reads the star, but no raw rows. */
extern bool reconcile_closes(const Pipeline *pipeline);

/*
 * The numbers of rows, raw or sealed but not filtered, that exist, and that the star accounts for.
 */
typedef struct MissingRows
{
	int64 rows;
	int64 represented; /* by the ledger, as noted when they were read */
	/*
	 * rows that the star accounts for beyond those that exist, pending keys apart; below 0 the star
	 * lacks rows
	 */
	int64 missing;
} MissingRows;

/*
 * Count in the active snapshot; reads the star and the raw table.  The pipeline's seal must have
 * been read (catalog_read_seal).
 */
extern MissingRows reconcile_missing(const Pipeline *pipeline);

/*
 * The number of rows that the stored sessions account for, of keys that were not logged before an
 * instant.
 */
extern int64 reconcile_rows_settled(const Pipeline *pipeline, TimestampTz before);

#endif /* SESSIONIZE_RECONCILE_H */
