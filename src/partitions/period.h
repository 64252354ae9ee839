/*
 * period.h
 *		Days and months in UTC, the periods of an events table's partitions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PERIOD_H
#define SESSIONIZE_PERIOD_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef enum Period
{
	PERIOD_NONE,
	PERIOD_DAY,
	PERIOD_MONTH
} Period;

/* The period named 'day' or 'month'; NULL and 'none' are PERIOD_NONE, anything else is an error. */
extern Period period_by_name(const char *name);

/* The start of the n-th period after the one that ts lies in. */
extern TimestampTz period_start(Period period, TimestampTz ts, int n);

/* Whether from .. to is exactly one period. */
extern bool period_is(Period period, TimestampTz from, TimestampTz to);

/* The suffix that a partition's name adds to the table's: _p20261122 or _p202611. */
extern char *period_suffix(Period period, TimestampTz start);
#define PERIOD_SUFFIX_LENGTH 10

#endif /* SESSIONIZE_PERIOD_H */
