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

typedef struct Throttle
{
	double share;             /* of the time to be at work: above 0, up to 1 */
	TimestampTz worked_since; /* when it began, or had rested */
} Throttle;

/* An error unless share is above 0 and at most 1. */
extern void throttle_begin(Throttle *throttle, double share);

/* Rest for as long as the work since the last rest allows; a cancel ends it. */
extern void throttle_rest(Throttle *throttle);

#endif /* SESSIONIZE_THROTTLE_H */
