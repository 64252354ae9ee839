/*
 * raw_layout.h
 *		Reading the raw table and the star as of one snapshot, while partitions come and go.
 *
 * A query reads the partitions that there are at the time, without the rows that a TRUNCATE has
 * removed, whatever its snapshot. The dirty log and the star, in contrast, are read as of the
 * snapshot. So code that compares raw rows with the star must check, when everything is read and
 * locked, that the partitions are those that the snapshot sees, or else begin again with a newer
 * snapshot.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RAW_LAYOUT_H
#define SESSIONIZE_RAW_LAYOUT_H

#include "catalog/pipeline.h"

/*
 * Call work(pipeline, arg) in the active snapshot. If meanwhile a partition was attached, detached
 * or emptied, call it again in a newer snapshot, with the pipeline as this snapshot sees it, and so
 * on. What work() reads must stay locked. An error if partitions keep changing, or if the isolation
 * level does not allow for a newer snapshot.
 */
extern void
raw_layout_settled(Pipeline *pipeline, void (*work)(Pipeline *pipeline, void *arg), void *arg);

#endif /* SESSIONIZE_RAW_LAYOUT_H */
