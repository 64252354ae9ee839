/*
 * retention_cohorts.h
 *		The cohorts of retention_table: how many keys first occur in each period, and how many of
 *		them occur again in each period after it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RETENTION_COHORTS_H
#define SESSIONIZE_RETENTION_COHORTS_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "core/activity.h"
#include "functions/calendar_period.h"

/* When a key counts as retained in a period. */
typedef enum RetentionKind
{
	RETENTION_N_DAY,     /* active in the period */
	RETENTION_UNBOUNDED, /* active in the period or later */
	RETENTION_BRACKET    /* active in any period of a bracket */
} RetentionKind;

typedef struct RetentionCohorts
{
	/* set by the caller: */
	RetentionKind kind;
	int ncolumns; /* one for each period or bracket */
	int *from;    /* the first period of each column */
	int *to;      /* the last period of each column */
	CalendarPeriods periods;
	int64 length; /* of a period that begins with a key's first event; 0: calendar periods */

	HTAB *cohorts;
	MemoryContext cxt;

	/* the last event of the source, as the caller finds it: */
	int32 last;            /* its period, if periods follow the calendar */
	TimestampTz last_time; /* else its time */
} RetentionCohorts;

/* Initialize what the caller does not set; memory is in the current context. */
extern void retention_cohorts_init(RetentionCohorts *cohorts);

/* The number of words that a key's activity needs. */
extern int retention_cohorts_nwords(const RetentionCohorts *cohorts);

/*
 * Add a key.  The first period of its activity is the one of its first event, at first_time, which
 * only matters if length is set; the activity may lack the bit of this period.
 */
extern void retention_cohorts_add(RetentionCohorts *cohorts, const SzActivity *activity,
								  TimestampTz first_time, bool is_active);

/* Add the rows of all cohorts to a result, in order. */
extern void retention_cohorts_put(RetentionCohorts *cohorts, ReturnSetInfo *result);

#endif /* SESSIONIZE_RETENTION_COHORTS_H */
