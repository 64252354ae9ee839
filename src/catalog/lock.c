/*
 * lock.c
 *		The locks of a pipeline.
 *
 * Each is an advisory lock on the pipeline and a number (LockField):
 *
 *		LOCK_PIPELINE      the pipeline as a whole
 *		LOCK_CONCURRENT    whether a rebuild or a seal is at work that lets refreshes go on
 *		LOCK_WRITE_TURN    who writes the star: such a rebuild, or the refreshes
 *		LOCK_FIRST_LANE..  the session keys of one lane of the dirty log; the last lane: large keys
 *		LOCK_DIMENSIONS    adding members to the dimensions
 *		LOCK_PERSONS       changing the persons (src/identity)
 *		LOCK_FUSE          holding the pipeline, and releasing it; in a transaction of its own
 *		LOCK_INCIDENTS     opening, joining and closing incidents (src/checks); who waits for it has
 *		                   none of the others but LOCK_FUSE, and does not wait for them
 *		LOCK_FIRST_EXPORT.. an export; none of the others is taken with it
 *
 * Who takes which lock in which mode:
 *
 *		                              LOCK_PIPELINE   LOCK_CONCURRENT  LOCK_WRITE_TURN  a lane
 *		drop, alter, change of owner  U at once, X
 *		rebuild without refreshes     U at once, X                     X
 *		rebuild with refreshes        U at once       X                X
 *		seal                          U at once, X *  X
 *		refresh                       R at once       S at once **     S **             X at once
 *		erasure                       R at once       S at once                         X
 *		removal of raw rows that are  R at once       S at once
 *		sealed (capture)
 *
 * U is ShareUpdateExclusiveLock, X ExclusiveLock, R RowExclusiveLock, S ShareLock.  On one lock, U
 * excludes U and X, R excludes X, S excludes X, and X excludes every mode.  "At once" means that
 * the lock is not waited for: whoever does not get it reports that the pipeline is busy, leaves the
 * work to others, or goes on without the lock.
 *
 *		*   in the end, when the seal is moved; from the beginning where refreshes can't go on
 *		**  a refresh that does not get LOCK_CONCURRENT knows that a rebuild or a seal is at work,
 *		    and takes LOCK_WRITE_TURN instead
 *
 * So drops, alterations, rebuilds and seals exclude each other, and refreshes exclude each other
 * lane by lane.  A rebuild holds its locks for the session, but LOCK_WRITE_TURN only while it
 * writes.  Whoever holds LOCK_WRITE_TURN or a lane waits for no other lock than LOCK_DIMENSIONS and
 * then LOCK_PERSONS, except that an erasure takes the lane of the large keys first and then waits
 * for the key's lane or, if it erases a person, for all lanes in order.  So nobody waits in a
 * circle.
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

/* The class of advisory locks whose last field is the handle of a session's progress counters. */
#define PROGRESS_LOCK_CLASS 0x535B

/* The third number of a lock's tag.  The view sessionize.runs knows LOCK_PIPELINE. */
typedef enum LockField
{
	LOCK_PIPELINE = 0,
	LOCK_FIRST_LANE = 1,
	LOCK_INCIDENTS = 0xFFFA,
	LOCK_FUSE = 0xFFFB,
	LOCK_PERSONS = 0xFFFC,
	LOCK_WRITE_TURN = 0xFFFD,
	LOCK_CONCURRENT = 0xFFFE,
	LOCK_DIMENSIONS = 0xFFFF,
	LOCK_FIRST_EXPORT = 0x10000
} LockField;

/* What to do when another session has a lock. */
typedef enum LockWait
{
	WAIT_FOR_LOCK,
	FAIL_AT_ONCE
} LockWait;

/*
 * lane_field returns the field of a lane's lock.
 */
static LockField
lane_field(int lane)
{
	return (LockField) (LOCK_FIRST_LANE + lane);
}

/*
 * pipeline_lock_tag fills the tag of one of a pipeline's locks.
 */
static void
pipeline_lock_tag(const Pipeline *pipeline, LockField field, LOCKTAG *tag)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) pipeline->id, (uint32) field,
						 PIPELINE_LOCK_CLASS);
}

/*
 * acquire takes one of a pipeline's locks. With FAIL_AT_ONCE it returns false, without waiting, if
 * another session has a lock that conflicts.
 */
static bool
acquire(const Pipeline *pipeline, LockField field, LOCKMODE mode, LockSpan span, LockWait wait)
{
	LOCKTAG tag;

	pipeline_lock_tag(pipeline, field, &tag);
	return LockAcquire(&tag, mode, span == LOCK_FOR_SESSION, wait == FAIL_AT_ONCE) !=
		   LOCKACQUIRE_NOT_AVAIL;
}

/*
 * release gives back a lock before its span ends.
 */
static void
release(const Pipeline *pipeline, LockField field, LOCKMODE mode, LockSpan span)
{
	LOCKTAG tag;

	pipeline_lock_tag(pipeline, field, &tag);
	(void) LockRelease(&tag, mode, span == LOCK_FOR_SESSION);
}

/*
 * report_busy reports that another session is rebuilding, sealing or dropping the pipeline.
 */
static void
report_busy(const Pipeline *pipeline)
{
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg("pipeline \"%s\" is busy", pipeline->name),
			 errdetail("Another session is rebuilding, sealing or dropping it."),
			 errhint("Try again when that has finished; SELECT * FROM sessionize.pipelines shows "
					 "the pipelines, pg_stat_activity what sessions do.")));
}

/*
 * pipeline_lock_session takes the lock of a rebuild, or reports that the pipeline is busy.
 */
void
pipeline_lock_session(const Pipeline *pipeline)
{
	if (!pipeline_try_lock_session(pipeline))
		report_busy(pipeline);
}

/*
 * pipeline_try_lock_session takes the lock of a rebuild; false if another session has it.
 */
bool
pipeline_try_lock_session(const Pipeline *pipeline)
{
	return acquire(pipeline, LOCK_PIPELINE, ShareUpdateExclusiveLock, LOCK_FOR_SESSION,
				   FAIL_AT_ONCE);
}

/*
 * pipeline_unlock_session gives back what pipeline_lock_session took.
 */
void
pipeline_unlock_session(const Pipeline *pipeline)
{
	release(pipeline, LOCK_PIPELINE, ShareUpdateExclusiveLock, LOCK_FOR_SESSION);
}

/*
 * rebuild_field returns the lock that a rebuild takes in ExclusiveLock, to exclude refreshes or to
 * let them know of the rebuild.
 */
static LockField
rebuild_field(RebuildMode mode)
{
	return mode == REBUILD_EXCLUSIVE ? LOCK_PIPELINE : LOCK_CONCURRENT;
}

/*
 * pipeline_lock_rebuild takes the second lock of a rebuild. It waits for the refreshes at work.
 * These wait for no session that waits for the rebuild, so there is no deadlock.
 */
void
pipeline_lock_rebuild(const Pipeline *pipeline, RebuildMode mode)
{
	(void) acquire(pipeline, rebuild_field(mode), ExclusiveLock, LOCK_FOR_SESSION, WAIT_FOR_LOCK);
}

/*
 * pipeline_unlock_rebuild gives back what pipeline_lock_rebuild took.
 */
void
pipeline_unlock_rebuild(const Pipeline *pipeline, RebuildMode mode)
{
	release(pipeline, rebuild_field(mode), ExclusiveLock, LOCK_FOR_SESSION);
}

/*
 * pipeline_lock_change keeps rebuilds, drops and changes away until the transaction's end. If one
 * of them is at work, the pipeline is reported as busy.
 */
void
pipeline_lock_change(const Pipeline *pipeline)
{
	if (!acquire(pipeline, LOCK_PIPELINE, ShareUpdateExclusiveLock, LOCK_FOR_TRANSACTION,
				 FAIL_AT_ONCE))
		report_busy(pipeline);
}

/*
 * pipeline_lock_concurrent waits for the refreshes at work. Refreshes that begin later, before the
 * transaction's end, know of the caller's work.
 */
void
pipeline_lock_concurrent(const Pipeline *pipeline)
{
	(void) acquire(pipeline, LOCK_CONCURRENT, ExclusiveLock, LOCK_FOR_TRANSACTION, WAIT_FOR_LOCK);
}

/*
 * pipeline_show_progress takes a lock whose tag has the handle of the progress counters. Other
 * sessions see the lock in pg_locks, whereas they can't see rows that are not committed.
 */
void
pipeline_show_progress(const Pipeline *pipeline, uint32 handle)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) pipeline->id, handle, PROGRESS_LOCK_CLASS);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * pipeline_hide_progress releases the lock of pipeline_show_progress.
 */
void
pipeline_hide_progress(const Pipeline *pipeline, uint32 handle)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) pipeline->id, handle, PROGRESS_LOCK_CLASS);
	(void) LockRelease(&tag, ExclusiveLock, false);
}

/*
 * pipeline_lock_transaction keeps all other work off the pipeline until the transaction's end. It
 * waits for refreshes, but not for rebuilds, seals and drops.
 */
void
pipeline_lock_transaction(const Pipeline *pipeline)
{
	pipeline_lock_change(pipeline);
	(void) acquire(pipeline, LOCK_PIPELINE, ExclusiveLock, LOCK_FOR_TRANSACTION, WAIT_FOR_LOCK);
}

/*
 * pipeline_try_refresh_lock takes the lock of a refresh until the transaction's end. It returns
 * false if the pipeline is being dropped, altered or rebuilt without refreshes.
 */
bool
pipeline_try_refresh_lock(const Pipeline *pipeline)
{
	return acquire(pipeline, LOCK_PIPELINE, RowExclusiveLock, LOCK_FOR_TRANSACTION, FAIL_AT_ONCE);
}

/*
 * pipeline_try_hold_rebuild keeps a rebuild with refreshes, and a seal, from beginning until the
 * transaction's end; false if one is at work or waits to begin.
 */
bool
pipeline_try_hold_rebuild(const Pipeline *pipeline)
{
	return acquire(pipeline, LOCK_CONCURRENT, ShareLock, LOCK_FOR_TRANSACTION, FAIL_AT_ONCE);
}

/*
 * pipeline_take_write_turn waits until no refresh writes, and keeps refreshes from writing for the
 * given span.
 */
void
pipeline_take_write_turn(const Pipeline *pipeline, LockSpan span)
{
	(void) acquire(pipeline, LOCK_WRITE_TURN, ExclusiveLock, span, WAIT_FOR_LOCK);
}

/*
 * pipeline_end_write_turn releases a write turn that was taken for the session.
 */
void
pipeline_end_write_turn(const Pipeline *pipeline)
{
	release(pipeline, LOCK_WRITE_TURN, ExclusiveLock, LOCK_FOR_SESSION);
}

/*
 * pipeline_share_write_turn waits until the rebuild is not writing, and keeps it from writing until
 * the transaction's end.
 */
void
pipeline_share_write_turn(const Pipeline *pipeline)
{
	(void) acquire(pipeline, LOCK_WRITE_TURN, ShareLock, LOCK_FOR_TRANSACTION, WAIT_FOR_LOCK);
}

/*
 * pipeline_try_lane_lock takes a lane's lock until the transaction's end; false if another session
 * has it.
 */
bool
pipeline_try_lane_lock(const Pipeline *pipeline, int lane)
{
	return acquire(pipeline, lane_field(lane), ExclusiveLock, LOCK_FOR_TRANSACTION, FAIL_AT_ONCE);
}

/*
 * pipeline_lock_lane waits for a lane's lock and takes it until the transaction's end.
 */
void
pipeline_lock_lane(const Pipeline *pipeline, int lane)
{
	(void) acquire(pipeline, lane_field(lane), ExclusiveLock, LOCK_FOR_TRANSACTION, WAIT_FOR_LOCK);
}

/*
 * pipeline_unlock_lane releases a lane's lock.
 */
void
pipeline_unlock_lane(const Pipeline *pipeline, int lane)
{
	release(pipeline, lane_field(lane), ExclusiveLock, LOCK_FOR_TRANSACTION);
}

/*
 * pipeline_lock_dimensions waits for the lock of the dimensions and takes it until the
 * transaction's end.
 */
void
pipeline_lock_dimensions(const Pipeline *pipeline)
{
	(void) acquire(pipeline, LOCK_DIMENSIONS, ExclusiveLock, LOCK_FOR_TRANSACTION, WAIT_FOR_LOCK);
}

/*
 * pipeline_lock_persons waits for the lock of the persons and takes it until the transaction's end.
 */
void
pipeline_lock_persons(const Pipeline *pipeline)
{
	(void) acquire(pipeline, LOCK_PERSONS, ExclusiveLock, LOCK_FOR_TRANSACTION, WAIT_FOR_LOCK);
}

/*
 * pipeline_lock_fuse waits for the lock of the fuse and takes it until the transaction's end.
 */
void
pipeline_lock_fuse(const Pipeline *pipeline)
{
	(void) acquire(pipeline, LOCK_FUSE, ExclusiveLock, LOCK_FOR_TRANSACTION, WAIT_FOR_LOCK);
}

/*
 * pipeline_try_lock_fuse takes the lock of the fuse until the transaction's end, unless another
 * session has it.
 */
bool
pipeline_try_lock_fuse(const Pipeline *pipeline)
{
	return acquire(pipeline, LOCK_FUSE, ExclusiveLock, LOCK_FOR_TRANSACTION, FAIL_AT_ONCE);
}

/*
 * pipeline_lock_incidents waits for the lock under which incidents are changed.
 */
void
pipeline_lock_incidents(const Pipeline *pipeline)
{
	(void) acquire(pipeline, LOCK_INCIDENTS, ExclusiveLock, LOCK_FOR_TRANSACTION, WAIT_FOR_LOCK);
}

/*
 * pipeline_try_lock_export takes the lock of an export until the session ends, unless another
 * session has it.
 */
bool
pipeline_try_lock_export(const Pipeline *pipeline, uint32 name_hash)
{
	return acquire(pipeline, (LockField) (LOCK_FIRST_EXPORT + (name_hash & 0x3FFFFFFF)),
				   ExclusiveLock, LOCK_FOR_SESSION, FAIL_AT_ONCE);
}
