/*
 * lock.c
 *		The lock of a whole pipeline: what rebuilds or drops it excludes every other that does.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pipeline/pipeline.h"
#include "storage/lock.h"

/* The class of our advisory locks: pg_advisory_lock() uses 1 and 2, so a user's can't meet ours. */
#define PIPELINE_LOCK_CLASS 0x535A

/*
 * pipeline_lock_tag fills the tag of a pipeline's lock.
 */
static void
pipeline_lock_tag(const Pipeline *pipeline, LOCKTAG *tag)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) pipeline->id, 0, PIPELINE_LOCK_CLASS);
}

/*
 * pipeline_lock takes the pipeline's lock or reports that another session has it.
 */
static void
pipeline_lock(const Pipeline *pipeline, bool for_session)
{
	LOCKTAG tag;

	pipeline_lock_tag(pipeline, &tag);
	if (LockAcquire(&tag, ExclusiveLock, for_session, true) == LOCKACQUIRE_NOT_AVAIL)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg("pipeline \"%s\" is busy", pipeline->name),
				 errdetail("Another session is rebuilding or dropping it."),
				 errhint("Try again when that has finished; SELECT * FROM sessionize.pipelines shows "
						 "the pipelines, pg_stat_activity what sessions do.")));
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
}

/*
 * pipeline_lock_transaction takes the lock until the transaction's end.
 */
void
pipeline_lock_transaction(const Pipeline *pipeline)
{
	pipeline_lock(pipeline, false);
}
