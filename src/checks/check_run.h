/*
 * check_run.h
 *		Running the checks of a pipeline that are due, and recording what they find.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHECK_RUN_H
#define SESSIONIZE_CHECK_RUN_H

#include "checks/check.h"

/* Receives what each check has found; incident 0: it belongs to none that is open. */
typedef void (*CheckVisitor)(void *arg, const DataCheck *check, const CheckOutcome *outcome,
							 int64 incident);

/* Which checks to run. */
typedef enum ChecksWanted
{
	CHECKS_ALL,
	CHECKS_DUE,
	CHECKS_NEXT /* of those that are due, the one that has been so for longest */
} ChecksWanted;

/*
 * Run, as of an instant, the check with this name; or, if it is NULL, those that are wanted.
 * Checks that another session runs are left out.  Returns how many were run.
 */
extern int checks_run(const Pipeline *pipeline, const char *name, ChecksWanted wanted,
					  TimestampTz at, CheckVisitor visitor, void *arg);

/* When the next check of a pipeline is due; DT_NOEND: it has none. */
extern TimestampTz checks_due(int32 pipeline_id);

/* A status in words. */
extern const char *check_status_name(CheckStatus status);

/*
 * Load the checks (DataCheck *) of a pipeline by a condition on sessionize.data_check AS d and
 * check_state AS t, with a name as $3 and the instant as $2; keeping other sessions from running
 * them.
 */
extern List *
checks_load(const Pipeline *pipeline, const char *name, const char *condition, TimestampTz at);

#endif /* SESSIONIZE_CHECK_RUN_H */
