/*
 * failure.h
 *		Keeps failed passes over a restart, in sessionize.schedule_failure.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FAILURE_H
#define SESSIONIZE_FAILURE_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "wakeup/shared.h"

/*
 * Count a failed pass of the pipeline in its slot, which sets when the next pass may start, and
 * note it in the table.  stuck: the pass made no progress.  If the pipeline is no longer scheduled,
 * its slot is removed.  Nothing is done if the slot is another pipeline's by now.
 */
extern void failure_note(WorkerSlot *slot, int32 pipeline_id, const ErrorData *error, bool stuck);

/*
 * The same for a pass that ends with its process, which can't write to the table: the next survey
 * notes it there.  The caller holds worker_shared->lock exclusively.
 */
extern void failure_note_later(WorkerSlot *slot, bool stuck);

/*
 * Delete the note, after a pass that succeeded.  Like failure_note it runs a transaction of its
 * own.
 */
extern void failure_forget(int32 pipeline_id);

/* Write the note in the table; returns false if the pipeline is not scheduled. */
extern bool
failure_record(int32 pipeline_id, int failures, TimestampTz retry_at, const ErrorData *error);

#endif /* SESSIONIZE_FAILURE_H */
