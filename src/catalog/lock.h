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
 * The lock that rebuild (for its session, over its transactions) and drop (for its transaction) hold.
 * Both give up at once with a clear error when another session has it; for refreshes at work drop waits.
 */
extern void pipeline_lock_session(const Pipeline *pipeline);
extern bool pipeline_try_lock_session(const Pipeline *pipeline);
extern void pipeline_unlock_session(const Pipeline *pipeline);
extern void pipeline_lock_transaction(const Pipeline *pipeline);

/*
 * The same in two parts, for who has a lot to do before: first rebuilds, drops and their like are kept away, while refreshes either go
 * on, but not without knowing of it (as beside a rebuild), or don't; then, by pipeline_lock_transaction, refreshes as well.
 */
extern void pipeline_lock_change(const Pipeline *pipeline);
extern void pipeline_lock_concurrent(const Pipeline *pipeline);

/* Until the transaction's end, or pipeline_hide_progress: let others find the counters of what it does (progress.h). */
extern void pipeline_show_progress(const Pipeline *pipeline, uint32 handle);
extern void pipeline_hide_progress(const Pipeline *pipeline, uint32 handle);

/*
 * A rebuild keeps refreshes away, or they go on beside it: then each that begins from now on knows of it, and those
 * at work that don't have finished when the lock is there.  For the session, after pipeline_lock_session.
 */
typedef enum RebuildMode
{
	REBUILD_EXCLUSIVE,
	REBUILD_CONCURRENT
} RebuildMode;

extern void pipeline_lock_rebuild(const Pipeline *pipeline, RebuildMode mode);
extern void pipeline_unlock_rebuild(const Pipeline *pipeline, RebuildMode mode);

/*
 * The locks of a refresh, each until the transaction's end: that of all refreshes of a pipeline, which excludes
 * drop and rebuilds that are alone; that which keeps rebuilds beside refreshes from beginning; and that of one lane.  False, at
 * once, where another session has one that conflicts.
 */
extern bool pipeline_try_refresh_lock(const Pipeline *pipeline);
extern bool pipeline_try_hold_rebuild(const Pipeline *pipeline);
extern bool pipeline_try_lane_lock(const Pipeline *pipeline, int lane);

/*
 * A rebuild and the refreshes beside it take turns, transaction by transaction, in the order of asking: the rebuild alone, or any
 * number of refreshes.
 */
extern void pipeline_take_write_turn(const Pipeline *pipeline, bool for_session);
extern void pipeline_end_write_turn(const Pipeline *pipeline);
extern void pipeline_share_write_turn(const Pipeline *pipeline);

/* The lane lock, waited for; and given back before the end, with nothing done under it. */
extern void pipeline_lock_lane(const Pipeline *pipeline, int lane);
extern void pipeline_unlock_lane(const Pipeline *pipeline, int lane);

/* Who adds members to dimensions takes this one before, until the transaction's end; it waits. */
extern void pipeline_lock_dimensions(const Pipeline *pipeline);

#endif /* SESSIONIZE_LOCK_H */
