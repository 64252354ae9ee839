/*
 * check.h
 *		A check of a pipeline's data as it is run, and what a run of it has found.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHECK_H
#define SESSIONIZE_CHECK_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "catalog/pipeline.h"

/* A check and its kind.  Parameters and reference are jsonb as text; reference may be NULL. */
typedef struct DataCheck
{
	const char *name;
	const char *query;    /* of the kind; so are the next four */
	const char *remember; /* NULL: nothing is remembered */
	const char *concerns;
	const char *record; /* the parameters as the columns of a record */
	const char *severity;
	const char *parameters;
	const char *reference;
	int64 timeout; /* in milliseconds */
	int32 opens_after;
	int32 closes_after;
	bool is_quiet; /* in quiet hours, or muted */
} DataCheck;

typedef enum CheckStatus
{
	CHECK_OK,
	CHECK_FAILED,
	CHECK_LEARNING, /* not enough is known yet to judge */
	CHECK_ERROR     /* the check itself failed */
} CheckStatus;

/*
 * What a run has found.  The texts are values of SQL types, NULL for SQL's NULL: those of the
 * subject that is worst, and of all that failed.
 */
typedef struct CheckOutcome
{
	CheckStatus status;
	int32 subjects;
	int32 failing;
	const char *value;
	const char *lower;
	const char *upper;
	const char *affected;
	const char *since;
	const char *sample;
	const char *subject_list; /* jsonb: sources, event names and versions that failed */
	const char *derived;      /* jsonb: columns that are derived from what is wrong */
	const char *reference;    /* jsonb: for the next run */
	const char *error;
	TimestampTz began;
} CheckOutcome;

/* Whether a run counts as a failure. */
static inline bool
check_has_failed(const CheckOutcome *outcome)
{
	return outcome->status == CHECK_FAILED || outcome->status == CHECK_ERROR;
}

#endif /* SESSIONIZE_CHECK_H */
