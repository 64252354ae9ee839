/*
 * seal_move.h
 *		Moves a pipeline's seal.
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
	bool take_late;  /* late rows before the new horizon are sealed as well */
	bool concurrent; /* refreshes go on while the rows are read */
} SealRequest;

typedef struct SealResult
{
	int64 sealed;   /* rows that were sealed */
	int64 unsealed; /* rows that are no longer sealed */
} SealResult;

/*
 * Move the horizon.  The caller has locked the pipeline by pipeline_lock_concurrent if the request
 * is concurrent, otherwise by pipeline_lock_transaction; in both cases the pipeline is locked as by
 * the latter when the function returns.
 */
extern SealResult seal_move(const SealRequest *request);

#endif /* SESSIONIZE_SEAL_MOVE_H */
