/*
 * share.h
 *		Who gets a worker, and who has to give one up: plain arithmetic, the clock is an argument.
 *
 * Workers are shared between owners, an owner being a role in a database.
 *
 * 1. A worker that is free goes to the owner with the fewest workers, and of his pipelines to the one that is due for the
 *    longest time.
 * 2. While somebody waits, a worker leaves after its pass, if the one who waits is of the same owner, or of one
 *    with fewer workers.
 * 3. Where an owner waits who has at least two workers less than another, the owner with the most is asked to give up
 *    the one that came last, and after the grace it is ended.
 * 4. Where an owner waits who has fewer workers than another, a pass of the other's is ended that has lasted for a slice.  It
 *    gets twice the time after each time that this was done to it.
 *
 * So, as long as there are no more owners than workers, whoever waits and has no worker has one after the grace: if he had
 * none, somebody would have two.  If there are more owners, after a slice, doubled as often as that was too short for
 * all of those who have one.  And what takes long is done in the end: by 3. the worker that an owner has had for the longest
 * time is never taken away, by 4. a pass gets as much time as it needs after less than that again was lost.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SHARE_H
#define SESSIONIZE_SHARE_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* A pipeline that has a worker, or is due and has none. */
typedef struct ShareClaim
{
	int slot;
	Oid database;
	Oid owner;
	bool has_worker;
	TimestampTz since;      /* it has the worker, or is due */
	TimestampTz busy_since; /* the worker does something; DT_NOBEGIN: it does not */
	TimestampTz asked_at;   /* the worker was asked to leave; DT_NOBEGIN: it was not */
	int evictions;          /* passes in a row that were ended for others */
	int workers;            /* of its owner; share_count sets it */
} ShareClaim;

/* How long others wait, in microseconds. */
typedef struct ShareLimits
{
	int64 grace;
	int64 slice; /* 0: no pass is ended by rule 4 */
} ShareLimits;

/* Whom to end, or to ask. */
typedef struct ShareDecision
{
	int ask;          /* a claim, -1: none; all others were not asked */
	int end;          /* a claim, -1: none */
	bool by_slice;    /* to end by rule 4 */
	TimestampTz next; /* look again then */
} ShareDecision;

/* Count the workers of each claim's owner. */
extern void share_count(ShareClaim *claims, int count);

/* The claim that gets the next worker, -1 where none waits. */
extern int share_next(const ShareClaim *claims, int count);

/* Whether the worker of a claim should leave after its pass. */
extern bool share_should_leave(const ShareClaim *claims, int count, int claim);

/* Who has to make room, where no worker is free. */
extern ShareDecision
share_decide(const ShareClaim *claims, int count, const ShareLimits *limits, TimestampTz now);

#endif /* SESSIONIZE_SHARE_H */
