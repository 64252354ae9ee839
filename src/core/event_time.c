/*
 * event_time.c
 *		Computes an event's time from its three clock readings.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "core/event_time.h"

/*
 * distance returns the absolute difference of two times.
 */
static inline uint64_t
distance(int64_t a, int64_t b)
{
	return a < b ? sz_elapsed(a, b) : sz_elapsed(b, a);
}

/*
 * add computes base + offset; false if it is out of int64's range.
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
 * subtract computes base - offset; false if it is out of int64's range.
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
 * against_receipt computes the time of an event that happened offset after, or before, its receipt.
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
	if (!after && offset > rules->oldest)
	{
		if (rules->rejects_old)
			return SZ_TIME_TOO_OLD;
		verdict = SZ_TIME_CLAMPED;
		offset = 0;
	}
	if (after ? add(received, offset, time) : subtract(received, offset, time))
		return verdict;
	return SZ_TIME_OUT_OF_RANGE;
}

/*
 * sz_event_time computes the event time.
 */
SzTimeVerdict
sz_event_time(const SzClockRules *rules, SzClock occurred, SzClock sent, SzClock received,
			  int64_t *result)
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
		/*
		 * If the device's clock is off, it is taken to have shown sent_at at the moment of receipt.
		 */
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
