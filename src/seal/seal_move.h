/*
 * seal_move.h
 *		Moving a pipeline's seal.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SEAL_MOVE_H
#define SESSIONIZE_SEAL_MOVE_H

#include "catalog/pipeline.h"

/*
 * Move the horizon, and say how many rows are sealed by that and are no more.  The caller has locked the pipeline: with beside as
 * pipeline_lock_concurrent does, else as pipeline_lock_transaction does, which is what it is locked like afterwards.
 */
extern void
seal_move(Pipeline *pipeline, TimestampTz to, bool take_late, bool beside, int64 *sealed, int64 *unsealed);

#endif /* SESSIONIZE_SEAL_MOVE_H */
