/*
 * share.c
 *		Which pipeline gets a background worker, and which worker has to make room.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "core/share.h"

/*
 * is_same_owner tells whether two claims have the same owner.
 */
static bool
is_same_owner(const SzShareClaim *a, const SzShareClaim *b)
{
	return a->database == b->database && a->owner == b->owner;
}

/*
 * sz_share_count sets the number of workers of each claim's owner.
 */
void
sz_share_count(SzShareClaim *claims, int count)
{
	for (int i = 0; i < count; i++)
	{
		claims[i].workers = 0;
		for (int j = 0; j < count; j++)
			if (claims[j].has_worker && is_same_owner(&claims[i], &claims[j]))
				claims[i].workers++;
	}
}

/*
 * sz_share_next returns the claim that gets the next free worker.
 */
int
sz_share_next(const SzShareClaim *claims, int count)
{
	int next = -1;

	for (int i = 0; i < count; i++)
	{
		if (claims[i].has_worker)
			continue;
		if (next < 0 || claims[i].workers < claims[next].workers ||
			(claims[i].workers == claims[next].workers && claims[i].since < claims[next].since))
			next = i;
	}
	return next;
}

/*
 * sz_share_leaves tells whether a claim's worker leaves after its pass.
 */
bool
sz_share_leaves(const SzShareClaim *claims, int count, int claim)
{
	for (int i = 0; i < count; i++)
		if (!claims[i].has_worker && (is_same_owner(&claims[i], &claims[claim]) ||
									  claims[i].workers < claims[claim].workers))
			return true;
	return false;
}

/*
 * last_of_most returns the claim whose worker arrived last, among those of the owner with the most
 * workers.
 */
static int
last_of_most(const SzShareClaim *claims, int count)
{
	int last = -1;

	for (int i = 0; i < count; i++)
	{
		if (!claims[i].has_worker)
			continue;
		if (last < 0 || claims[i].workers > claims[last].workers ||
			(claims[i].workers == claims[last].workers && claims[i].since > claims[last].since))
			last = i;
	}
	return last;
}

/*
 * slice_end returns when the slice of a claim's pass ends.
 */
static int64_t
slice_end(const SzShareClaim *claim, int64_t slice)
{
	return claim->busy_since +
		   (slice << (claim->evictions < SZ_SHARE_DOUBLED ? claim->evictions : SZ_SHARE_DOUBLED));
}

/*
 * decide_by_slice ends the pass whose slice ended first, among owners with more workers than the
 * waiting one has.
 */
static void
decide_by_slice(const SzShareClaim *claims, int count, int workers, int64_t slice, int64_t now,
				SzShareDecision *decision)
{
	for (int i = 0; i < count; i++)
	{
		int64_t end;

		if (!claims[i].has_worker || claims[i].workers <= workers ||
			claims[i].busy_since == SZ_SHARE_NEVER)
			continue;
		end = slice_end(&claims[i], slice);
		if (end > now)
			decision->next = end < decision->next ? end : decision->next;
		else if (decision->end < 0 || end < slice_end(&claims[decision->end], slice))
		{
			decision->end = i;
			decision->by_slice = true;
		}
	}
}

/*
 * sz_share_decide decides which worker makes room.
 */
SzShareDecision
sz_share_decide(const SzShareClaim *claims, int count, const SzShareLimits *limits, int64_t now)
{
	SzShareDecision decision = {.ask = -1, .end = -1, .next = INT64_MAX};
	int waiting = sz_share_next(claims, count);
	int last = last_of_most(claims, count);

	if (waiting < 0 || last < 0)
		return decision;
	if (claims[last].workers >= claims[waiting].workers + 2)
	{
		int64_t asked_at = claims[last].asked_at == SZ_SHARE_NEVER ? now : claims[last].asked_at;

		decision.ask = last;
		if (asked_at + limits->grace <= now)
			decision.end = last;
		else
			decision.next = asked_at + limits->grace;
	}
	else if (limits->slice > 0)
		decide_by_slice(claims, count, claims[waiting].workers, limits->slice, now, &decision);
	return decision;
}
