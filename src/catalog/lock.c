/*
 * lock.c
 *		The locks of a pipeline.
 *
 * The first conflicts decide who may be at work at all, the others who waits for whom:
 *
 *		                       drop, alter    rebuild    seal       refresh    erasure
 *		all of it              S E            S (E)      S, E last  R          R
 *		beside                                E          E          H if free  H
 *		turn                                  E                     H without "beside"
 *		lanes                                                       E          E
 *
 * S excludes S; E excludes all others; R excludes E; H (share) excludes E.  S, R, and "beside" of refresh and erasure
 * are never waited for.  A rebuild has E on all of it if it has to be alone, else on "beside", as long as it lasts; it has a turn
 * for the length of a transaction.  A seal has E on "beside" while it reads, and on all of it in the end.  Whoever has a turn or a lane waits at most for the dimensions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/lock.h"

#include "catalog/lock.h"
#include "catalog/pipeline.h"

/* The class of our advisory locks: pg_advisory_lock() uses 1 and 2, so a user's can't meet ours. */
#define PIPELINE_LOCK_CLASS 0x535A

/* The class of those whose last field says where the counters of somebody's progress are. */
#define PROGRESS_LOCK_CLASS 0x535B

/* The last field of a lock's tag: 0 for all of the pipeline, 1 and up for the lanes, and these. */
#define TURN_LOCK       0xFFFD
#define BESIDE_LOCK     0xFFFE
#define DIMENSIONS_LOCK 0xFFFF

/*
 * pipeline_lock_tag fills the tag of one of a pipeline's locks.
 */
static void
pipeline_lock_tag(const Pipeline *pipeline, uint32 field, LOCKTAG *tag)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) pipeline->id, field, PIPELINE_LOCK_CLASS);
}

/*
 * acquire takes one of a pipeline's locks; false where it was not to be waited for and another session has it.
 */
static bool
acquire(const Pipeline *pipeline, uint32 field, LOCKMODE mode, bool for_session, bool wait)
{
	LOCKTAG tag;

	pipeline_lock_tag(pipeline, field, &tag);
	return LockAcquire(&tag, mode, for_session, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * release gives back a lock that was taken for the session.
 */
static void
release(const Pipeline *pipeline, uint32 field, LOCKMODE mode)
{
	LOCKTAG tag;

	pipeline_lock_tag(pipeline, field, &tag);
	(void) LockRelease(&tag, mode, true);
}

/*
 * report_busy reports that another session rebuilds or drops the pipeline.
 */
static void
report_busy(const Pipeline *pipeline)
{
	ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg("pipeline \"%s\" is busy", pipeline->name),
					errdetail("Another session is rebuilding, sealing or dropping it."),
					errhint("Try again when that has finished; SELECT * FROM sessionize.pipelines shows "
							"the pipelines, pg_stat_activity what sessions do.")));
}

/*
 * pipeline_lock_session takes the lock of who rebuilds, until pipeline_unlock_session or the session's end.  It
 * excludes its like alone.
 */
void
pipeline_lock_session(const Pipeline *pipeline)
{
	if (!pipeline_try_lock_session(pipeline))
		report_busy(pipeline);
}

/*
 * pipeline_try_lock_session does the same, unless another session has it.
 */
bool
pipeline_try_lock_session(const Pipeline *pipeline)
{
	return acquire(pipeline, 0, ShareUpdateExclusiveLock, true, false);
}

/*
 * pipeline_unlock_session gives back what pipeline_lock_session took.
 */
void
pipeline_unlock_session(const Pipeline *pipeline)
{
	release(pipeline, 0, ShareUpdateExclusiveLock);
}

/*
 * pipeline_lock_rebuild keeps refreshes away, or lets them go on beside the rebuild, but not without knowing of it.
 * It waits for the transactions at work, which wait for nobody who waits for us.
 */
void
pipeline_lock_rebuild(const Pipeline *pipeline, RebuildMode mode)
{
	(void) acquire(pipeline, mode == REBUILD_EXCLUSIVE ? 0 : BESIDE_LOCK, ExclusiveLock, true, true);
}

/*
 * pipeline_unlock_rebuild gives back what pipeline_lock_rebuild took.
 */
void
pipeline_unlock_rebuild(const Pipeline *pipeline, RebuildMode mode)
{
	release(pipeline, mode == REBUILD_EXCLUSIVE ? 0 : BESIDE_LOCK, ExclusiveLock);
}

/*
 * pipeline_lock_change keeps rebuilds, drops and changes away until the transaction's end; none is waited for.
 */
void
pipeline_lock_change(const Pipeline *pipeline)
{
	if (!acquire(pipeline, 0, ShareUpdateExclusiveLock, false, false))
		report_busy(pipeline);
}

/*
 * pipeline_lock_concurrent waits for the refreshes at work; those that begin from now until the transaction's end know of us.
 */
void
pipeline_lock_concurrent(const Pipeline *pipeline)
{
	(void) acquire(pipeline, BESIDE_LOCK, ExclusiveLock, false, true);
}

/*
 * pipeline_show_progress takes a lock that tells where the counters are, for that is what others see of a transaction.
 */
void
pipeline_show_progress(const Pipeline *pipeline, uint32 handle)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) pipeline->id, handle, PROGRESS_LOCK_CLASS);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * pipeline_hide_progress gives it back.
 */
void
pipeline_hide_progress(const Pipeline *pipeline, uint32 handle)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) pipeline->id, handle, PROGRESS_LOCK_CLASS);
	(void) LockRelease(&tag, ExclusiveLock, false);
}

/*
 * pipeline_lock_transaction keeps everybody away until the transaction's end: rebuilds are not waited for,
 * refreshes are.
 */
void
pipeline_lock_transaction(const Pipeline *pipeline)
{
	pipeline_lock_change(pipeline);
	(void) acquire(pipeline, 0, ExclusiveLock, false, true);
}

/*
 * pipeline_try_refresh_lock takes the lock of a refresh until the transaction's end, unless the pipeline is being
 * dropped, or rebuilt by a session that has to be alone.
 */
bool
pipeline_try_refresh_lock(const Pipeline *pipeline)
{
	return acquire(pipeline, 0, RowExclusiveLock, false, false);
}

/*
 * pipeline_try_hold_rebuild keeps rebuilds beside refreshes from beginning until the transaction's end; false where
 * one is at work or about to begin.
 */
bool
pipeline_try_hold_rebuild(const Pipeline *pipeline)
{
	return acquire(pipeline, BESIDE_LOCK, ShareLock, false, false);
}

/*
 * pipeline_take_write_turn waits until no refresh beside the rebuild is at work, and keeps them from beginning: until
 * the transaction's end, or for the session, until pipeline_end_write_turn.
 */
void
pipeline_take_write_turn(const Pipeline *pipeline, bool for_session)
{
	(void) acquire(pipeline, TURN_LOCK, ExclusiveLock, for_session, true);
}

/*
 * pipeline_end_write_turn gives back the session's turn.
 */
void
pipeline_end_write_turn(const Pipeline *pipeline)
{
	release(pipeline, TURN_LOCK, ExclusiveLock);
}

/*
 * pipeline_share_write_turn waits until the rebuild beside which a refresh works is not writing, and keeps it from that
 * until the transaction's end.
 */
void
pipeline_share_write_turn(const Pipeline *pipeline)
{
	(void) acquire(pipeline, TURN_LOCK, ShareLock, false, true);
}

/*
 * pipeline_try_lane_lock takes the lock of a lane until the transaction's end, unless another session has it.
 */
bool
pipeline_try_lane_lock(const Pipeline *pipeline, int lane)
{
	return acquire(pipeline, 1 + lane, ExclusiveLock, false, false);
}

/*
 * pipeline_lock_lane takes, or waits for, the lock of a lane until the transaction's end.
 */
void
pipeline_lock_lane(const Pipeline *pipeline, int lane)
{
	(void) acquire(pipeline, 1 + lane, ExclusiveLock, false, true);
}

/*
 * pipeline_unlock_lane gives back what pipeline_lock_lane took.
 */
void
pipeline_unlock_lane(const Pipeline *pipeline, int lane)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) pipeline->id, 1 + lane, PIPELINE_LOCK_CLASS);
	(void) LockRelease(&tag, ExclusiveLock, false);
}

/*
 * pipeline_lock_dimensions takes, or waits for, the lock of who adds members to dimensions, until the transaction's
 * end.
 */
void
pipeline_lock_dimensions(const Pipeline *pipeline)
{
	(void) acquire(pipeline, DIMENSIONS_LOCK, ExclusiveLock, false, true);
}
