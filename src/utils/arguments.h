/*
 * arguments.h
 *		What several functions do with their call, their arguments and their result.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ARGUMENTS_H
#define SESSIONIZE_ARGUMENTS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

/*
 * The interval in microseconds, with days of 24 hours. Error if it is NULL, has months, is
 * negative, is not finite or is too large. Errors call it argname.
 */
extern uint64 sz_interval_usecs(const Interval *value, const char *argname);

/* A function's first argument, the name of a pipeline; an error if it is NULL. */
extern char *argument_pipeline(FunctionCallInfo fcinfo);

/*
 * An argument that says how large a part of the session keys to look at: more than 0, at most 1; 0
 * for NULL.
 */
extern double argument_sample(FunctionCallInfo fcinfo, int argno);

/* Error unless a function was called by an event trigger. */
extern void check_event_trigger(FunctionCallInfo fcinfo);

/* A value of the composite type that a function returns, from the values of its columns. */
extern Datum result_row(FunctionCallInfo fcinfo, Datum *values, bool *isnull);

extern _Noreturn void sz_report_infinite_ts(void);

/* sz_require_finite raises an error for an infinite time. */
static inline void
sz_require_finite(TimestampTz ts)
{
	if (unlikely(TIMESTAMP_NOT_FINITE(ts)))
		sz_report_infinite_ts();
}

#endif /* SESSIONIZE_ARGUMENTS_H */
