/*
 * raw_layout.h
 *		Reading the raw table and the star as one snapshot has them, while partitions come and go.
 *
 * Which partitions are read, and whether one was emptied by TRUNCATE, no snapshot decides; what was logged of
 * that, it does.  So whoever compares the two looks, once everything is read and locked, whether the
 * partitions are those that the snapshot knows of, and begins again with a newer snapshot where they are not.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RAW_LAYOUT_H
#define SESSIONIZE_RAW_LAYOUT_H

#include "catalog/pipeline.h"

/*
 * Do work(pipeline, arg) in the active snapshot, and again from the start, with the pipeline as that sees it,
 * in newer ones until no partition was attached, detached or emptied after the last one.  What is read must
 * stay locked.  An error where partitions go on changing, or where the isolation level keeps the snapshot.
 */
extern void raw_layout_settled(Pipeline *pipeline, void (*work)(Pipeline *pipeline, void *arg), void *arg);

#endif /* SESSIONIZE_RAW_LAYOUT_H */
