/*
 * share.h
 *		Who gets a background worker, and who has to give one up.
 *
 * Workers are shared between owners, an owner being a role in a database.
 *
 * 1. A worker that is free goes to the owner with the fewest workers, and of his pipelines to the
 *    one that is due for the longest time.
 * 2. While a pipeline waits, a worker leaves after its pass, if the pipeline that waits is of the
 *    same owner, or of one with fewer workers.
 * 3. Where an owner waits who has at least two workers less than another, the owner with the most
 *    is asked to give up the worker that came last, and after the grace it is ended.
 * 4. Where an owner waits who has fewer workers than another, a pass of the other's is ended that
 *    has lasted for a slice.  It gets twice the time after each time that this was done to it, up
 *    to SZ_SHARE_DOUBLED times.
 *
 * Therefore, as long as there are no more owners than workers, an owner who waits and has no worker
 * gets one after the grace: all workers are taken, and if he has none, somebody has two.  With more
 * owners than workers he gets one after a slice, doubled as often as that was too short for all who
 * have one.  And what takes long is done in the end: rule 3 never takes the worker away that an
 * owner has had for the longest time, and by rule 4 a pass loses no more time than it needs before
 * it has enough.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SHARE_H
#define SESSIONIZE_SHARE_H

#include "core/core.h"

/* An instant that is not. */
#define SZ_SHARE_NEVER INT64_MIN

/* A slice is doubled so many times at most. */
#define SZ_SHARE_DOUBLED 7

/* A pipeline that has a worker, or is due and has none. */
typedef struct SzShareClaim
{
	int slot;
	uint32_t database;
	uint32_t owner;
	bool has_worker;
	int64_t since;      /* it has the worker, or is due */
	int64_t busy_since; /* the worker does something; SZ_SHARE_NEVER: it does not */
	int64_t asked_at;   /* the worker was asked to leave by rule 3; SZ_SHARE_NEVER: it was not */
	int evictions;      /* passes in a row that were ended by rule 4 */
	int workers;        /* of its owner; sz_share_count sets it */
} SzShareClaim;

/* How long others wait. */
typedef struct SzShareLimits
{
	int64_t grace;
	int64_t slice; /* 0: no pass is ended by rule 4 */
} SzShareLimits;

/* Whom to ask and to end. */
typedef struct SzShareDecision
{
	int ask;       /* a claim, -1: none; whoever else was asked is not any more */
	int end;       /* a claim, -1: none */
	bool by_slice; /* it is ended by rule 4 */
	int64_t next;  /* decide again then; INT64_MAX: not before something changes */
} SzShareDecision;

/* Count the workers of each claim's owner. */
extern void sz_share_count(SzShareClaim *claims, int count);

/* The claim that gets the next worker, by rule 1; -1 where none waits. */
extern int sz_share_next(const SzShareClaim *claims, int count);

/* Whether the worker of a claim leaves after its pass, by rule 2. */
extern bool sz_share_leaves(const SzShareClaim *claims, int count, int claim);

/* Who makes room, by rules 3 and 4, where no worker is free. */
extern SzShareDecision
sz_share_decide(const SzShareClaim *claims, int count, const SzShareLimits *limits, int64_t now);

#endif /* SESSIONIZE_SHARE_H */
