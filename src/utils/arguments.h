/*
 * arguments.h
 *		Checks that arguments of several functions share.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ARGUMENTS_H
#define SESSIONIZE_ARGUMENTS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

/*
 * The interval in microseconds, a day counting 24 hours.  Error where it is NULL, has months, is negative
 * or is not finite; argname is what the error calls it.
 */
extern uint64 sz_interval_usecs(const Interval *value, const char *argname);

/* A function's first argument, a pipeline's name, which must not be NULL. */
extern char *argument_pipeline(FunctionCallInfo fcinfo);

extern _Noreturn void sz_report_infinite_ts(void);

/* Report an error for a time that is plus or minus infinity. */
static inline void
sz_require_finite(TimestampTz ts)
{
	if (unlikely(TIMESTAMP_NOT_FINITE(ts)))
		sz_report_infinite_ts();
}

#endif /* SESSIONIZE_ARGUMENTS_H */
