/*
 * seal_move.h
 *		Moving a pipeline's seal.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SEAL_MOVE_H
#define SESSIONIZE_SEAL_MOVE_H

#include "catalog/pipeline.h"

typedef struct SealRequest
{
	Pipeline *pipeline;
	TimestampTz to;  /* the new horizon */
	bool take_late;  /* late rows before it are sealed as well */
	bool concurrent; /* refreshes go on while the rows are read */
} SealRequest;

typedef struct SealResult
{
	int64 sealed;   /* rows that were sealed */
	int64 unsealed; /* rows that are sealed no more */
} SealResult;

/*
 * Move the horizon.  The caller has locked the pipeline: a concurrent request as pipeline_lock_concurrent
 * does, any other as pipeline_lock_transaction does, which is what it is locked like afterwards.
 */
extern SealResult seal_move(const SealRequest *request);

#endif /* SESSIONIZE_SEAL_MOVE_H */
