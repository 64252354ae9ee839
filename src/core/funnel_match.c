/*
 * funnel_match.c
 *		Which steps events at the same time can complete, if each event completes one step only.
 *
 * This is bipartite matching by augmenting paths, over a window of steps: if step k finds no event,
 * the window's first step gives up its event.  A step with as many candidates as there are steps
 * always finds an event, so no further candidates are listed.  This bounds the work, however many
 * events there are.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/funnel_match.h"

#define NOBODY -1

typedef struct Matching
{
	int nsteps;
	int ncandidates[SZ_MAX_STEPS];
	uint16_t candidates[SZ_MAX_STEPS][SZ_MAX_STEPS]; /* numbers of events */
	int8_t owner[SZ_MAX_STEPS * SZ_MAX_STEPS];       /* the step that an event is matched with */
	/* bit set of the steps visited in one search */
	uint32_t visited;
} Matching;

/*
 * find_candidates numbers the events that matter, and lists each step's candidates.
 */
static void
find_candidates(Matching *matching, const SzStepEvent *events, uint32_t count)
{
	int nevents = 0;
	uint32_t open = (uint32_t) ((UINT64_C(1) << matching->nsteps) - 1);

	for (uint32_t i = 0; i < count && open != 0; i++)
	{
		uint32_t mask = events[i].mask & open;

		if (mask == 0)
			continue;
		for (; mask != 0; mask &= mask - 1)
		{
			int step = __builtin_ctz(mask);

			matching->candidates[step][matching->ncandidates[step]++] = (uint16_t) nevents;
			if (matching->ncandidates[step] == matching->nsteps)
				open &= ~(UINT32_C(1) << step);
		}
		nevents++;
	}
}

/*
 * find_event finds an event for a step, if necessary by finding another event for the step that has
 * it.
 */
static bool
find_event(Matching *matching, int step)
{
	matching->visited |= UINT32_C(1) << step;
	for (int i = 0; i < matching->ncandidates[step]; i++)
	{
		int8_t *owner = &matching->owner[matching->candidates[step][i]];

		if (*owner == NOBODY ||
			((matching->visited >> *owner & 1) == 0 && find_event(matching, *owner)))
		{
			*owner = (int8_t) step;
			return true;
		}
	}
	return false;
}

/*
 * give_back removes the step's event from the matching.
 */
static void
give_back(Matching *matching, int step)
{
	for (int i = 0; i < matching->ncandidates[step]; i++)
	{
		int8_t *owner = &matching->owner[matching->candidates[step][i]];

		if (*owner == step)
			*owner = NOBODY;
	}
}

/*
 * sz_funnel_match finds for each step how many of the steps before it can be completed with it.
 */
void
sz_funnel_match(const SzStepEvent *events, uint32_t count, int nsteps, int base[SZ_MAX_STEPS + 1])
{
	Matching matching;
	int first = 0;

	matching.nsteps = nsteps;
	memset(matching.ncandidates, 0, sizeof(matching.ncandidates));
	memset(matching.owner, NOBODY, sizeof(matching.owner));
	find_candidates(&matching, events, count);
	base[0] = 0;
	for (int step = 0; step < nsteps; step++)
	{
		for (matching.visited = 0; first <= step && !find_event(&matching, step);
			 matching.visited = 0)
			give_back(&matching, first++);
		base[step + 1] = first;
	}
}
