/*
 * activity.h
 *		In which periods someone was active, counted from the first: what retention asks of a user.
 *
 * Periods are numbered: days, weeks or the like.  They come in any order.  What is kept is the first, the
 * last, and a bit for each of the periods 0 to 64 * nwords - 1 after the first; when an earlier one comes
 * along, the bits move up, and those that fall off are too late to matter.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ACTIVITY_H
#define SESSIONIZE_ACTIVITY_H

#include "core/core.h"

typedef struct SzActivity
{
	int32_t first;
	int32_t last;
	uint64_t words[]; /* bit i % 64 of words[i / 64] is set for the period first + i */
} SzActivity;

/*
 * sz_activity_size returns the bytes of an SzActivity of so many words.
 */
static inline size_t
sz_activity_size(int nwords)
{
	return sizeof(SzActivity) + (size_t) nwords * sizeof(uint64_t);
}

/* Set up someone's activity at a first period. */
extern void sz_activity_init(SzActivity *activity, int nwords, int32_t period);

/* Someone was active in an earlier period than any known. */
extern void sz_activity_extend(SzActivity *activity, int nwords, int32_t period);

/*
 * sz_activity_add notes a period.
 */
static inline void
sz_activity_add(SzActivity *activity, int nwords, int32_t period)
{
	uint32_t after = (uint32_t) period - (uint32_t) activity->first;

	if (period < activity->first)
	{
		sz_activity_extend(activity, nwords, period);
		return;
	}
	if (period > activity->last)
		activity->last = period;
	if (after < 64 * (uint32_t) nwords)
		activity->words[after / 64] |= UINT64_C(1) << after % 64;
}

/* Whether there was activity in any of the periods from to to after the first, to < 64 * nwords. */
extern bool sz_activity_within(const SzActivity *activity, uint32_t from, uint32_t to);

#endif /* SESSIONIZE_ACTIVITY_H */
