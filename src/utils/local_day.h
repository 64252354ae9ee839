/*
 * local_day.h
 *		The local date of an instant in a time zone, fast enough to be computed for every event.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LOCAL_DAY_H
#define SESSIONIZE_LOCAL_DAY_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"

typedef struct LocalDays LocalDays;

/* So many days, a power of two, a cache knows at once: about eleven years; or one and a half. */
#define LOCAL_DAYS_MANY 4096
#define LOCAL_DAYS_FEW  512

/* Create a cache, in CurrentMemoryContext. */
extern LocalDays *local_days_create(pg_tz *zone, int size);

/* The Julian day of a finite instant. */
extern int32 local_day(LocalDays *days, TimestampTz instant);

#endif /* SESSIONIZE_LOCAL_DAY_H */
