/*
 * capture_table.h
 *		Whole tables whose rows become part of a raw table, or cease to be, at once.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_TABLE_H
#define SESSIONIZE_CAPTURE_TABLE_H

#include "utils/timestamp.h"

#include "dirty/rebuild_need.h"

/*
 * Log all rows of a table and its partitions for a pipeline. If they are too many to be read, note
 * that the pipeline needs a rebuild. Removed rows that the seal covers are not logged
 * (seal_retention.h). The caller holds a lock that keeps writers out.
 */
extern void
capture_whole_table(Oid table, const PipelineRef *pipeline, RebuildNeed need, const char *what);

/*
 * Log the whole keys that have rows in a table or its partitions whose event time is in the range,
 * or is not known. The tables are read. Error if one of them is a foreign table.
 */
extern void
capture_range(Oid table, const PipelineRef *pipeline, TimestampTz from, TimestampTz until);

/*
 * Call a function with the key of each row of a table that the active snapshot sees; with NULL for
 * a row whose key is NULL or can't be computed. Does nothing if the table is gone, or if the
 * pipeline has lost its view.
 */
extern void capture_visit_keys(Oid table, int32 pipeline,
							   void (*visit)(void *arg, Datum key, bool isnull), void *arg);

#endif /* SESSIONIZE_CAPTURE_TABLE_H */
