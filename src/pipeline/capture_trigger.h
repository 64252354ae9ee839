/*
 * capture_trigger.h
 *		The triggers on a raw table that log what changes, made, found, checked and dropped.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_TRIGGER_H
#define SESSIONIZE_CAPTURE_TRIGGER_H

#include "pipeline/pipeline.h"
#include "utils/rel.h"

/*
 * Make the triggers of a pipeline on its raw table; the caller has checked who may.  Waits for those who are
 * writing: what they commit is there for the first rebuild, what comes later is logged.
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

/* Whether row triggers are there on a table that fire for each row that comes, changes or goes, whatever session_replication_role is. */
extern bool capture_trigger_fires(int32 pipeline, Oid table);

/* Whether they are and do on the raw table and on every partition. */
extern bool capture_is_intact(const Pipeline *pipeline);

/*
 * An error that says what to type unless it is.  Cheap when called again and again: what was right stays right until
 * one of the tables changes.
 */
extern void capture_check(const Pipeline *pipeline);

#endif /* SESSIONIZE_CAPTURE_TRIGGER_H */
