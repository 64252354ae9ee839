/*
 * failure.h
 *		What is kept of failed passes over a restart.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FAILURE_H
#define SESSIONIZE_FAILURE_H

#include "postgres.h"

#include "datatype/timestamp.h"

/*
 * Each of these runs a transaction of its own, outside of any other.  failure_record returns false where
 * the pipeline is not scheduled.
 */
extern bool failure_record(int32 pipeline_id, int failures, TimestampTz retry_at, const ErrorData *error);
extern void failure_forget(int32 pipeline_id);

#endif /* SESSIONIZE_FAILURE_H */
