/*
 * event_time.h
 *		From the three clocks of an event (device at occurrence, device at sending, server at receipt)
 *		to the one event time everything else uses.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EVENT_TIME_H
#define SESSIONIZE_EVENT_TIME_H

#include "core/core.h"

typedef struct SzClockRules
{
	uint64_t skew_threshold; /* or SZ_NO_LIMIT: never correct */
	uint64_t max_lead;       /* or SZ_NO_LIMIT: how far past receipt an event may lie */
	int64_t min_time;        /* the range of times that are valid at all, inclusive */
	int64_t max_time;
} SzClockRules;

/* A clock reading; isnull where the column is NULL or absent. */
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
	SZ_TIME_CLAMPED,      /* later than receipt + max_lead, so that */
	SZ_TIME_MISSING,      /* quarantine: no time at all */
	SZ_TIME_INFINITE,     /* quarantine: one of the clocks says infinity */
	SZ_TIME_OUT_OF_RANGE  /* quarantine: the corrected time is no timestamp */
} SzTimeVerdict;

#define SZ_TIME_IS_VALID(verdict) ((verdict) <= SZ_TIME_CLAMPED)

/*
 * sz_event_time decides the event time.  *result is set for a valid verdict only.  A correction whose
 * result is then clamped is SZ_TIME_CLAMPED.
 */
extern SzTimeVerdict
sz_event_time(const SzClockRules *rules, SzClock occurred, SzClock sent, SzClock received, int64_t *result);

#endif /* SESSIONIZE_EVENT_TIME_H */
