/*
 * event_time.h
 *		Computes an event's time from its three clock readings (device at occurrence, device at
 *		sending, server at receipt).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EVENT_TIME_H
#define SESSIONIZE_EVENT_TIME_H

#include "core/core.h"

typedef struct SzClockRules
{
	uint64_t skew_threshold; /* SZ_NO_LIMIT: times are never corrected */
	uint64_t max_lead;       /* how far after its receipt an event may lie; or SZ_NO_LIMIT */
	uint64_t oldest;         /* how far before its receipt an event may lie; or SZ_NO_LIMIT */
	bool rejects_old; /* an older event is SZ_TIME_TOO_OLD, and not taken as of its receipt */
	int64_t min_time; /* the range of valid event times, inclusive */
	int64_t max_time;
} SzClockRules;

/* A clock reading; isnull if the column is NULL or not mapped. */
typedef struct SzClock
{
	int64_t value;
	bool isnull;
	bool infinite;
} SzClock;

typedef enum SzTimeVerdict
{
	SZ_TIME_AS_GIVEN = 0, /* occurred_at itself */
	SZ_TIME_FROM_RECEIPT, /* occurred_at was NULL */
	SZ_TIME_CORRECTED,    /* the device's clock was off by more than skew_threshold */
	SZ_TIME_CLAMPED,      /* it was later than receipt + max_lead, and became that; or it was
						   * earlier than receipt - oldest, and became the receipt */
	SZ_TIME_MISSING,      /* quarantine: no time at all */
	SZ_TIME_INFINITE,     /* quarantine: one of the clock readings is infinite */
	SZ_TIME_TOO_OLD,      /* quarantine: it is earlier than receipt - oldest */
	SZ_TIME_OUT_OF_RANGE  /* quarantine: the event time is not in the valid range */
} SzTimeVerdict;

#define SZ_TIME_IS_VALID(verdict) ((verdict) <= SZ_TIME_CLAMPED)

/*
 * sz_event_time computes the event time.  *result is set for valid verdicts only.  A time that is
 * corrected and then clamped is SZ_TIME_CLAMPED.
 */
extern SzTimeVerdict sz_event_time(const SzClockRules *rules, SzClock occurred, SzClock sent,
								   SzClock received, int64_t *result);

#endif /* SESSIONIZE_EVENT_TIME_H */
