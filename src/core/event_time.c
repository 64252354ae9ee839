/*
 * event_time.c
 *		The one event time of an event with three clocks.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "core/event_time.h"

/*
 * distance returns how far apart two times are, whichever is the later.
 */
static inline uint64_t
distance(int64_t a, int64_t b)
{
	return a < b ? sz_elapsed(a, b) : sz_elapsed(b, a);
}

/*
 * add returns whether base + offset is an int64, and sets *result to it.
 */
static bool
add(int64_t base, uint64_t offset, int64_t *result)
{
	if (offset > sz_elapsed(base, INT64_MAX))
		return false;
	*result = (int64_t) ((uint64_t) base + offset);
	return true;
}

/*
 * subtract returns whether base - offset is an int64, and sets *result to it.
 */
static bool
subtract(int64_t base, uint64_t offset, int64_t *result)
{
	if (offset > sz_elapsed(INT64_MIN, base))
		return false;
	*result = (int64_t) ((uint64_t) base - offset);
	return true;
}

/*
 * against_receipt decides the time of an event that occurred at, by a clock that was right at receipt,
 * offset before or after it.
 */
static SzTimeVerdict
against_receipt(const SzClockRules *rules, int64_t received, bool after, uint64_t offset,
				SzTimeVerdict verdict, int64_t *time)
{
	if (after && offset > rules->max_lead)
	{
		verdict = SZ_TIME_CLAMPED;
		offset = rules->max_lead;
	}
	if (after ? add(received, offset, time) : subtract(received, offset, time))
		return verdict;
	return SZ_TIME_OUT_OF_RANGE;
}

/*
 * sz_event_time decides the event time.
 */
SzTimeVerdict
sz_event_time(const SzClockRules *rules, SzClock occurred, SzClock sent, SzClock received, int64_t *result)
{
	SzTimeVerdict verdict = SZ_TIME_AS_GIVEN;
	int64_t time = occurred.value;
	int64_t origin = received.value;

	if ((!occurred.isnull && occurred.infinite) || (!sent.isnull && sent.infinite) ||
		(!received.isnull && received.infinite))
		return SZ_TIME_INFINITE;
	if (occurred.isnull && received.isnull)
		return SZ_TIME_MISSING;

	if (occurred.isnull)
	{
		verdict = SZ_TIME_FROM_RECEIPT;
		time = received.value;
	}
	else if (!received.isnull)
	{
		/* The device's clock as it was at sending stands for the server's at receipt. */
		if (!sent.isnull && distance(received.value, sent.value) > rules->skew_threshold)
		{
			verdict = SZ_TIME_CORRECTED;
			origin = sent.value;
		}
		verdict = against_receipt(rules, received.value, occurred.value > origin,
								  distance(origin, occurred.value), verdict, &time);
	}

	if (SZ_TIME_IS_VALID(verdict) && (time < rules->min_time || time > rules->max_time))
		verdict = SZ_TIME_OUT_OF_RANGE;
	if (SZ_TIME_IS_VALID(verdict))
		*result = time;
	return verdict;
}
