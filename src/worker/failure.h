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

/*
 * Both run a transaction of their own, and must be called outside of any.  failure_record returns
 * false if the pipeline is not scheduled.
 */
extern bool
failure_record(int32 pipeline_id, int failures, TimestampTz retry_at, const ErrorData *error);
extern void failure_forget(int32 pipeline_id);

#endif /* SESSIONIZE_FAILURE_H */
