/*
 * activity.c
 *		In which periods a user was active, counted from the user's first.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/activity.h"

/*
 * sz_activity_init initializes the activity with its first period.
 */
void
sz_activity_init(SzActivity *activity, int nwords, int32_t period)
{
	memset(activity, 0, sz_activity_size(nwords));
	activity->first = activity->last = period;
	activity->words[0] = 1;
}

/*
 * sz_activity_extend adds a period that is earlier than all others so far.
 */
void
sz_activity_extend(SzActivity *activity, int nwords, int32_t period)
{
	uint32_t moved = (uint32_t) activity->first - (uint32_t) period;
	uint32_t words = moved / 64 < (uint32_t) nwords ? moved / 64 : (uint32_t) nwords;
	int bits = (int) (moved % 64);

	for (int to = nwords - 1; to >= 0; to--)
	{
		int from = to - (int) words;
		uint64_t word = from >= 0 ? activity->words[from] << bits : 0;

		if (from > 0 && bits > 0)
			word |= activity->words[from - 1] >> (64 - bits);
		activity->words[to] = word;
	}
	activity->words[0] |= 1;
	activity->first = period;
}

/*
 * sz_activity_within tells whether there was activity in a range of periods after the first.
 */
bool
sz_activity_within(const SzActivity *activity, uint32_t from, uint32_t to)
{
	for (uint32_t word = from / 64; word <= to / 64; word++)
	{
		uint64_t bits = activity->words[word];

		if (word == from / 64)
			bits &= UINT64_MAX << from % 64;
		if (word == to / 64)
			bits &= UINT64_MAX >> (63 - to % 64);
		if (bits != 0)
			return true;
	}
	return false;
}
