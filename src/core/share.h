/*
 * share.h
 *		Which pipeline gets a background worker, and which worker has to make room.
 *
 * Workers are shared between owners; an owner is a role in one database.
 *
 * 1. A free worker goes to the owner with the fewest workers, and there to the pipeline that has
 *    been due for the longest time.
 * 2. While a pipeline waits, a worker leaves after its pass if the waiting pipeline has the same
 *    owner, or an owner with fewer workers.
 * 3. If a waiting owner has at least two workers fewer than another one, the owner with the most
 *    workers is asked to give up the worker that arrived last.  After the grace that worker is
 *    ended.
 * 4. If a waiting owner has fewer workers than another one, a pass of the other owner that has
 *    lasted for a slice is ended.  Each time this happens to a pipeline, its next pass gets twice
 *    the time, up to SZ_SHARE_DOUBLED times.
 *
 * Therefore, as long as there are no more owners than workers, a waiting owner without a worker
 * gets one after the grace: all workers are taken, so some owner has two.  With more owners than
 * workers, a waiting owner gets one after a slice, doubled as often as the slice was too short for
 * all owners that have a worker.  And long work is completed in the end: rule 3 never takes the
 * worker that an owner has had for the longest time, and rule 4 wastes no more time of a pass than
 * the pass needs until its slice is long enough.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SHARE_H
#define SESSIONIZE_SHARE_H

#include "core/core.h"

/* No instant. */
#define SZ_SHARE_NEVER INT64_MIN

/* The most times that a slice is doubled. */
#define SZ_SHARE_DOUBLED 7

/* A pipeline that has a worker, or that is due and waits for one. */
typedef struct SzShareClaim
{
	int slot;
	uint32_t database;
	uint32_t owner;
	bool has_worker;
	int64_t since;      /* when it got the worker, or became due */
	int64_t busy_since; /* since when the worker has been at work; SZ_SHARE_NEVER: it is idle */
	/* when the worker was asked to leave by rule 3; SZ_SHARE_NEVER: it was not */
	int64_t asked_at;
	int evictions; /* the number of passes in a row that were ended by rule 4 */
	int workers;   /* the number of its owner's workers; set by sz_share_count */
} SzShareClaim;

/* The grace of rule 3 and the slice of rule 4. */
typedef struct SzShareLimits
{
	int64_t grace;
	int64_t slice; /* 0: rule 4 is off */
} SzShareLimits;

/* Which workers to ask and to end. */
typedef struct SzShareDecision
{
	/* the claim whose worker is asked to leave; -1: none.  Any other is no longer asked. */
	int ask;
	int end;       /* the claim whose worker is ended; -1: none */
	bool by_slice; /* it is ended by rule 4 */
	int64_t next;  /* when to decide again; INT64_MAX: not before a claim changes */
} SzShareDecision;

/* Set the number of workers of each claim's owner. */
extern void sz_share_count(SzShareClaim *claims, int count);

/* The claim that gets the next free worker by rule 1; -1: none waits. */
extern int sz_share_next(const SzShareClaim *claims, int count);

/* Whether a claim's worker leaves after its pass, by rule 2. */
extern bool sz_share_leaves(const SzShareClaim *claims, int count, int claim);

/* Decide by rules 3 and 4 which worker makes room.  To be called if no worker is free. */
extern SzShareDecision
sz_share_decide(const SzShareClaim *claims, int count, const SzShareLimits *limits, int64_t now);

#endif /* SESSIONIZE_SHARE_H */
