/*
 * throttle.h
 *		Work that rests for a part of the time.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_THROTTLE_H
#define SESSIONIZE_THROTTLE_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "wait_event.h"

typedef struct Throttle
{
	double share;             /* the part of the time spent at work: above 0, up to 1 */
	TimestampTz worked_since; /* when the work began, or the last rest ended */
} Throttle;

/* Begin to work.  Reports a share that is not above 0 and at most 1. */
extern void throttle_begin(Throttle *throttle, double share);

/* Rest in proportion to the work since the last rest, at most a day; a cancel ends the rest. */
extern void throttle_rest(Throttle *throttle);

/* Sleep until an instant; a cancel ends the sleep. */
extern void sleep_till(TimestampTz instant, SzWaitEvent event);

#endif /* SESSIONIZE_THROTTLE_H */
