/*
 * capture_table.h
 *		Whole tables whose rows become part of a raw table, or stop being part of it, at once.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_TABLE_H
#define SESSIONIZE_CAPTURE_TABLE_H

#include "utils/timestamp.h"

#include "dirty/rebuild_need.h"

/*
 * Have all rows of a table and its partitions be dirty for a pipeline: they are read where they are not many,
 * else it is noted that the pipeline needs a rebuild.  Rows taken away that the seal covers don't matter
 * (seal_retention.h).  The caller holds a lock that keeps writers out.
 */
extern void capture_whole_table(Oid table, const PipelineRef *pipeline, RebuildNeed need, const char *what);

/*
 * Have the keys be dirty, with all of their rows, that have rows in a table or its partitions whose event time is in the range,
 * or is not known: reads the table.  Error where a part of it is a foreign table.
 */
extern void capture_range(Oid table, const PipelineRef *pipeline, TimestampTz from, TimestampTz until);

/*
 * Call a function for the key of each row of a table that the active snapshot sees; NULL for a row without
 * one, or on which it can't be told.  For none where the table has gone, or the pipeline has lost its view.
 */
extern void
capture_visit_keys(Oid table, int32 pipeline, void (*visit)(void *arg, Datum key, bool isnull), void *arg);

#endif /* SESSIONIZE_CAPTURE_TABLE_H */
