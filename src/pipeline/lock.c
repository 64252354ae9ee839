/*
 * lock.c
 *		The locks of a pipeline: of all of it, of a lane of its keys, of its dimensions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pipeline/pipeline.h"
#include "storage/lock.h"

/* The class of our advisory locks: pg_advisory_lock() uses 1 and 2, so a user's can't meet ours. */
#define PIPELINE_LOCK_CLASS 0x535A

/* The last field of the lock of a pipeline's dimensions; lanes have 1 and up. */
#define DIMENSIONS_LOCK 0xFFFF

/*
 * pipeline_lock_tag fills the tag of a pipeline's lock.
 */
static void
pipeline_lock_tag(const Pipeline *pipeline, LOCKTAG *tag)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) pipeline->id, 0, PIPELINE_LOCK_CLASS);
}

/*
 * report_busy reports that another session rebuilds or drops the pipeline.
 */
static void
report_busy(const Pipeline *pipeline)
{
	ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg("pipeline \"%s\" is busy", pipeline->name),
					errdetail("Another session is rebuilding or dropping it."),
					errhint("Try again when that has finished; SELECT * FROM sessionize.pipelines shows "
							"the pipelines, pg_stat_activity what sessions do.")));
}

/*
 * pipeline_lock takes the pipeline's lock or reports that another session has it.  The first mode excludes only
 * its like; the second waits for the refreshes at work, which are short and wait for nobody who waits for us.
 */
static void
pipeline_lock(const Pipeline *pipeline, bool for_session)
{
	LOCKTAG tag;

	pipeline_lock_tag(pipeline, &tag);
	if (LockAcquire(&tag, ShareUpdateExclusiveLock, for_session, true) == LOCKACQUIRE_NOT_AVAIL)
		report_busy(pipeline);
	PG_TRY();
	{
		(void) LockAcquire(&tag, ExclusiveLock, for_session, false);
	}
	PG_CATCH();
	{
		if (for_session)
			(void) LockRelease(&tag, ShareUpdateExclusiveLock, true);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/*
 * pipeline_lock_session takes the lock until pipeline_unlock_session or the session's end.
 */
void
pipeline_lock_session(const Pipeline *pipeline)
{
	pipeline_lock(pipeline, true);
}

/*
 * pipeline_unlock_session gives back what pipeline_lock_session took.
 */
void
pipeline_unlock_session(const Pipeline *pipeline)
{
	LOCKTAG tag;

	pipeline_lock_tag(pipeline, &tag);
	(void) LockRelease(&tag, ExclusiveLock, true);
	(void) LockRelease(&tag, ShareUpdateExclusiveLock, true);
}

/*
 * pipeline_lock_transaction takes the lock until the transaction's end.
 */
void
pipeline_lock_transaction(const Pipeline *pipeline)
{
	pipeline_lock(pipeline, false);
}

/*
 * pipeline_try_refresh_lock takes the lock of a refresh until the transaction's end, unless the pipeline is being
 * rebuilt or dropped.
 */
bool
pipeline_try_refresh_lock(const Pipeline *pipeline)
{
	LOCKTAG tag;

	pipeline_lock_tag(pipeline, &tag);
	return LockAcquire(&tag, RowExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * pipeline_try_lane_lock takes the lock of a lane until the transaction's end, unless another session has it.
 */
bool
pipeline_try_lane_lock(const Pipeline *pipeline, int lane)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) pipeline->id, 1 + lane, PIPELINE_LOCK_CLASS);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * pipeline_lock_lane takes, or waits for, the lock of a lane until the transaction's end.
 */
void
pipeline_lock_lane(const Pipeline *pipeline, int lane)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) pipeline->id, 1 + lane, PIPELINE_LOCK_CLASS);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
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
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) pipeline->id, DIMENSIONS_LOCK, PIPELINE_LOCK_CLASS);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}
