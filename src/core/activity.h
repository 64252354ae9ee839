/*
 * activity.h
 *		In which periods a user was active, counted from the user's first: what retention is
 *		computed from.
 *
 * Periods are numbered: days, weeks or the like.  They come in any order.  An SzActivity keeps the
 * first period, the last one, and a bit for each of the periods 0 to 64 * nwords - 1 after the
 * first.  If an earlier period comes, the bits move up; those that move out belong to periods too
 * late to be asked for.
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
 * sz_activity_size returns the size in bytes of an SzActivity with nwords words.
 */
static inline size_t
sz_activity_size(int nwords)
{
	return sizeof(SzActivity) + (size_t) nwords * sizeof(uint64_t);
}

/* Initialize the activity with its first period. */
extern void sz_activity_init(SzActivity *activity, int nwords, int32_t period);

/* Add a period that is earlier than all others so far. */
extern void sz_activity_extend(SzActivity *activity, int nwords, int32_t period);

/*
 * sz_activity_add adds a period.
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

/* Whether there was activity in any of the periods first + from to first + to; to < 64 * nwords. */
extern bool sz_activity_within(const SzActivity *activity, uint32_t from, uint32_t to);

#endif /* SESSIONIZE_ACTIVITY_H */
