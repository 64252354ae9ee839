/*
 * capture_trigger.h
 *		The triggers on a raw table that log what changes, made, found, checked and dropped.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_TRIGGER_H
#define SESSIONIZE_CAPTURE_TRIGGER_H

#include "utils/rel.h"

#include "catalog/pipeline.h"

/*
 * Make the triggers of a pipeline on its raw table and have capture watch it and its partitions; the caller has
 * checked who may.  Waits for those who are writing: what they commit is there for the first rebuild, what
 * comes later is logged.  Error where one of the tables is one whose changes can't be captured.
 */
extern void capture_trigger_create(int32 pipeline, Relation raw);

/* Drop those of them that are there.  raw may be InvalidOid. */
extern void capture_trigger_drop(int32 pipeline, Oid raw);

/*
 * The trigger for TRUNCATE of one table, of partitions too: TRUNCATE of the parent fires those, and no event trigger
 * knows of it.
 */
extern void capture_trigger_add_truncate(int32 pipeline, Oid table);
extern void capture_trigger_drop_truncate(int32 pipeline, Oid table);

#endif /* SESSIONIZE_CAPTURE_TRIGGER_H */
