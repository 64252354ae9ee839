/*
 * failure.c
 *		Keeps failed passes over a restart, in sessionize.schedule_failure.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline_catalog.h"
#include "spi/statement.h"
#include "worker/failure.h"

/*
 * has_table tells whether the tables still exist, since the extension may be dropped at any time.
 */
static bool
has_table(void)
{
	Oid schema = get_namespace_oid("sessionize", true);

	return OidIsValid(schema) && OidIsValid(get_relname_relid("schedule_failure", schema)) &&
		   OidIsValid(get_relname_relid("pipeline", schema));
}

/*
 * execute runs a statement as the extension's owner in a transaction, and returns how many rows it
 * has processed.
 */
static uint64
execute(const char *sql, SqlValues values)
{
	uint64 processed = 0;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (has_table())
		processed = extension_run(sql, SQL_READ_WRITE, values);
	PopActiveSnapshot();
	CommitTransactionCommand();
	return processed;
}

/*
 * failure_record notes a failed pass.
 */
bool
failure_record(int32 pipeline_id, int failures, TimestampTz retry_at, const ErrorData *error)
{
	const char *message = error->message != NULL ? error->message : "unknown error";

	return execute("INSERT INTO sessionize.schedule_failure AS f (pipeline_id, failures, retry_at, "
				   "sqlstate, error) "
				   "SELECT s.pipeline_id, $2, $3, $4, $5 FROM sessionize.schedule AS s WHERE "
				   "s.pipeline_id = $1 "
				   "ON CONFLICT (pipeline_id) DO UPDATE SET failures = excluded.failures, "
				   "retry_at = excluded.retry_at, sqlstate = excluded.sqlstate, error = "
				   "excluded.error, "
				   "failed_at = excluded.failed_at",
				   SQL_VALUES(SQL_INT4(pipeline_id), SQL_INT4(failures), SQL_TIMESTAMPTZ(retry_at),
							  SQL_TEXT(unpack_sql_state(error->sqlerrcode)), SQL_TEXT(message))) ==
		   1;
}

/*
 * count_failure counts a failed pass, and sets when the next may start.  The caller holds the lock
 * exclusively.
 */
static void
count_failure(WorkerSlot *slot, bool stuck)
{
	PassTiming *timing = &slot->timing;

	timing->failures++;
	timing->retry_at = GetCurrentTimestamp() + failure_delay(timing->failures);
	if (stuck)
		slot->stuck++;
	pg_atomic_write_u32(&slot->wanted, 1);
}

/*
 * failure_note_later counts a failed pass, which the next survey notes in the table.
 */
void
failure_note_later(WorkerSlot *slot, bool stuck)
{
	count_failure(slot, stuck);
	slot->failure_unnoted = true;
	request_survey_locked(slot->database);
}

/*
 * remove_slot removes the slot of a pipeline that is no longer scheduled, which may be why the pass
 * has failed.
 */
static void
remove_slot(WorkerSlot *slot, int32 pipeline_id)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	if (slot->state != SLOT_FREE && slot->pipeline_id == pipeline_id)
		slot_remove(slot);
	LWLockRelease(worker_shared->lock);
}

/*
 * failure_note counts a failed pass, in the slot and in the table.
 */
void
failure_note(WorkerSlot *slot, int32 pipeline_id, const ErrorData *error, bool stuck)
{
	static bool noting = false; /* writing to the table may fail, too */
	bool mine;
	PassTiming timing;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	mine = slot->state != SLOT_FREE && slot->pipeline_id == pipeline_id;
	if (mine)
		count_failure(slot, stuck);
	timing = slot->timing;
	LWLockRelease(worker_shared->lock);
	if (!mine || noting)
	{
		noting = false;
		return;
	}
	noting = true;
	if (!failure_record(pipeline_id, timing.failures, timing.retry_at, error))
		remove_slot(slot, pipeline_id);
	noting = false;
}

/*
 * failure_forget deletes the note, after a pass that succeeded.
 */
void
failure_forget(int32 pipeline_id)
{
	(void) execute("DELETE FROM sessionize.schedule_failure WHERE pipeline_id = $1",
				   SQL_VALUES(SQL_INT4(pipeline_id)));
}
