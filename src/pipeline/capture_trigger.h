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
 * Make the triggers of a pipeline on its raw table, as the current user, who may.  Waits for those who are
 * writing: what they commit is there for the first rebuild, what comes later is logged.
 */
extern void capture_trigger_create(int32 pipeline, Relation raw);

/* Drop those of them that are there.  raw may be InvalidOid. */
extern void capture_trigger_drop(int32 pipeline, Oid raw);

#endif /* SESSIONIZE_CAPTURE_TRIGGER_H */
