/*
 * lock.h
 *		The locks of a pipeline: what work on it can go on at the same time.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LOCK_H
#define SESSIONIZE_LOCK_H

#include "catalog/pipeline.h"

/*
 * How long a lock is held: until the transaction's end, or across transactions until it is released
 * or the session ends.
 */
typedef enum LockSpan
{
	LOCK_FOR_TRANSACTION,
	LOCK_FOR_SESSION
} LockSpan;

/*
 * The lock of a rebuild (held by the session, across transactions) and of a drop (held by the
 * transaction). Neither waits for another session that rebuilds, seals or drops the pipeline:
 * pipeline_try_lock_session returns false, the other functions raise an error that says so. A drop
 * waits for the refreshes at work.
 */
extern void pipeline_lock_session(const Pipeline *pipeline);
extern bool pipeline_try_lock_session(const Pipeline *pipeline);
extern void pipeline_unlock_session(const Pipeline *pipeline);
extern void pipeline_lock_transaction(const Pipeline *pipeline);

/*
 * The lock of a drop in steps, for work that takes long: pipeline_lock_change keeps rebuilds,
 * drops, alterations and seals away; pipeline_lock_concurrent lets the refreshes that begin from
 * then on know of the work; pipeline_lock_transaction, at the end, keeps refreshes away as well.
 */
extern void pipeline_lock_change(const Pipeline *pipeline);
extern void pipeline_lock_concurrent(const Pipeline *pipeline);

/*
 * Let other sessions find the counters of this session's progress (progress.h), until the
 * transaction's end or until pipeline_hide_progress.
 */
extern void pipeline_show_progress(const Pipeline *pipeline, uint32 handle);
extern void pipeline_hide_progress(const Pipeline *pipeline, uint32 handle);

/*
 * Whether a rebuild keeps refreshes away or runs concurrently with them. In the latter case,
 * refreshes that began before the lock is granted have finished by then, and each refresh that
 * begins while the lock is held knows of the rebuild. The lock is held by the session, and taken
 * after pipeline_lock_session.
 */
typedef enum RebuildMode
{
	REBUILD_EXCLUSIVE,
	REBUILD_CONCURRENT
} RebuildMode;

extern void pipeline_lock_rebuild(const Pipeline *pipeline, RebuildMode mode);
extern void pipeline_unlock_rebuild(const Pipeline *pipeline, RebuildMode mode);

/*
 * The locks of a refresh, each until the transaction's end: the lock shared by all refreshes of a
 * pipeline, which excludes drops and rebuilds without refreshes; the lock that keeps a rebuild with
 * refreshes from beginning; and the lock of one lane. None is waited for: the functions return
 * false if another session has a lock that conflicts.
 */
extern bool pipeline_try_refresh_lock(const Pipeline *pipeline);
extern bool pipeline_try_hold_rebuild(const Pipeline *pipeline);
extern bool pipeline_try_lane_lock(const Pipeline *pipeline, int lane);

/*
 * The write turn: a rebuild and the refreshes concurrent with it write the star in turns,
 * transaction by transaction, in the order in which they ask. Either the rebuild writes, or any
 * number of refreshes.
 */
extern void pipeline_take_write_turn(const Pipeline *pipeline, LockSpan span);
extern void pipeline_end_write_turn(const Pipeline *pipeline);
extern void pipeline_share_write_turn(const Pipeline *pipeline);

/*
 * The lane's lock, waited for. It may be released before the transaction's end if nothing was done
 * under it.
 */
extern void pipeline_lock_lane(const Pipeline *pipeline, int lane);
extern void pipeline_unlock_lane(const Pipeline *pipeline, int lane);

/*
 * Wait for and take, until the transaction's end, the lock under which members are added to
 * dimensions.
 */
extern void pipeline_lock_dimensions(const Pipeline *pipeline);

/*
 * Wait for and take, until the transaction's end, the lock under which the persons are changed.  It
 * is the last lock that a transaction waits for.
 */
extern void pipeline_lock_persons(const Pipeline *pipeline);

/*
 * Wait for and take, until the transaction's end, the lock under which a fuse holds the pipeline or
 * is released, and its notes are forgotten; or take it unless another session has it.
 */
extern void pipeline_lock_fuse(const Pipeline *pipeline);
extern bool pipeline_try_lock_fuse(const Pipeline *pipeline);

/*
 * Take the lock of an export, of a name with this hash, until the session ends; false if another
 * session has it.
 */
extern bool pipeline_try_lock_export(const Pipeline *pipeline, uint32 name_hash);

/*
 * Wait for and take, until the transaction's end, the lock under which incidents are opened, joined
 * and closed.
 */
extern void pipeline_lock_incidents(const Pipeline *pipeline);

#endif /* SESSIONIZE_LOCK_H */
