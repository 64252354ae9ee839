/*
 * lock.h
 *		The locks of a pipeline: who may work on it at the same time as who.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LOCK_H
#define SESSIONIZE_LOCK_H

#include "catalog/pipeline.h"

/*
 * How long a lock is held: until the transaction's end, or over transactions until it is given back
 * or the session ends.
 */
typedef enum LockSpan
{
	LOCK_FOR_TRANSACTION,
	LOCK_FOR_SESSION
} LockSpan;

/*
 * The lock that a rebuild (for its session, over its transactions) and a drop (for its transaction)
 * hold.  Both give up at once, with an error that says so, when another session has it; a drop
 * waits for the refreshes at work.
 */
extern void pipeline_lock_session(const Pipeline *pipeline);
extern bool pipeline_try_lock_session(const Pipeline *pipeline);
extern void pipeline_unlock_session(const Pipeline *pipeline);
extern void pipeline_lock_transaction(const Pipeline *pipeline);

/*
 * The lock of a drop in two parts, for work that takes long: pipeline_lock_change keeps rebuilds,
 * drops, alterations and seals away; pipeline_lock_concurrent lets the refreshes that begin from
 * then on know of the work; and pipeline_lock_transaction, at the end, keeps refreshes away as
 * well.
 */
extern void pipeline_lock_change(const Pipeline *pipeline);
extern void pipeline_lock_concurrent(const Pipeline *pipeline);

/* Until the transaction's end, or pipeline_hide_progress: let others find the counters of what it does (progress.h). */
extern void pipeline_show_progress(const Pipeline *pipeline, uint32 handle);
extern void pipeline_hide_progress(const Pipeline *pipeline, uint32 handle);

/*
 * A rebuild keeps refreshes away, or lets them go on: then each refresh that begins while the lock
 * is held knows of the rebuild, and those that began before have finished when the lock is
 * granted.  For the session, after pipeline_lock_session.
 */
typedef enum RebuildMode
{
	REBUILD_EXCLUSIVE,
	REBUILD_CONCURRENT
} RebuildMode;

extern void pipeline_lock_rebuild(const Pipeline *pipeline, RebuildMode mode);
extern void pipeline_unlock_rebuild(const Pipeline *pipeline, RebuildMode mode);

/*
 * The locks of a refresh, each until the transaction's end: the lock of all refreshes of a
 * pipeline, which excludes drops and rebuilds without refreshes; the lock that keeps a rebuild with
 * refreshes from beginning; and the lock of one lane. False, at once, where another session has a
 * lock that conflicts.
 */
extern bool pipeline_try_refresh_lock(const Pipeline *pipeline);
extern bool pipeline_try_hold_rebuild(const Pipeline *pipeline);
extern bool pipeline_try_lane_lock(const Pipeline *pipeline, int lane);

/*
 * A rebuild and the refreshes that go on meanwhile take turns in writing, transaction by
 * transaction, in the order in which they ask: either the rebuild writes, or any number of
 * refreshes.
 */
extern void pipeline_take_write_turn(const Pipeline *pipeline, LockSpan span);
extern void pipeline_end_write_turn(const Pipeline *pipeline);
extern void pipeline_share_write_turn(const Pipeline *pipeline);

/*
 * The lane's lock, waited for; and given back before the transaction's end, when nothing was done
 * under it.
 */
extern void pipeline_lock_lane(const Pipeline *pipeline, int lane);
extern void pipeline_unlock_lane(const Pipeline *pipeline, int lane);

/* Taken, and waited for, before members are added to dimensions, until the transaction's end. */
extern void pipeline_lock_dimensions(const Pipeline *pipeline);

#endif /* SESSIONIZE_LOCK_H */
