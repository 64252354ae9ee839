/*
 * status.c
 *		The columns of pipeline_status that come from shared memory, the dirty log and the lock
 *		table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_objects.h"
#include "dirty/dirty_look.h"
#include "dirty/large_keys.h"
#include "guc.h"
#include "spi/privileges.h"
#include "spi/statement.h"
#include "utils/arguments.h"
#include "utils/subtransaction.h"
#include "wakeup/shared.h"

/* The columns of sessionize.worker_state(). */
enum
{
	STATE_PRELOADED,
	STATE_STATE,
	STATE_PID,
	STATE_NEXT_PASS,
	STATE_LAST_SUCCESS,
	STATE_PASSES,
	STATE_STARTS,
	STATE_COLUMNS
};

/* The columns of sessionize.pipeline_backlog(). */
enum
{
	BACKLOG_ROWS,
	BACKLOG_KEYS,
	BACKLOG_SINCE,
	BACKLOG_LARGE_KEYS,
	BACKLOG_WRITER_PID,
	BACKLOG_WRITER_SINCE,
	BACKLOG_AS_OF,
	BACKLOG_PROBLEM,
	BACKLOG_COLUMNS
};

/* The result of sessionize.pipeline_backlog(). */
typedef struct Backlog
{
	int32 pipeline_id;
	Datum values[BACKLOG_COLUMNS];
	bool isnull[BACKLOG_COLUMNS];
} Backlog;

PG_FUNCTION_INFO_V1(sessionize_worker_state);
PG_FUNCTION_INFO_V1(sessionize_pipeline_backlog);

/*
 * set_time sets a column to an instant; an infinite one becomes NULL.
 */
static void
set_time(Datum *values, bool *isnull, int column, TimestampTz time)
{
	isnull[column] = TIMESTAMP_NOT_FINITE(time);
	values[column] = TimestampTzGetDatum(time);
}

/*
 * state_name names the state of a slot's worker.  due: when the next pass is due.
 */
static const char *
state_name(const WorkerSlot *slot, TimestampTz due)
{
	TimestampTz now = GetCurrentTimestamp();

	switch (slot->state)
	{
		case SLOT_STARTING:
			return "starting";
		case SLOT_RUNNING:
			return "running";
		default:
			break;
	}
	if (slot->timing.failures > 0 && slot->timing.retry_at > now)
		return "backing off";
	return due <= now ? "waiting for a worker" : "idle";
}

/*
 * fill_state fills in the columns of a slot.
 */
static void
fill_state(const WorkerSlot *slot, bool wanted, Datum *values, bool *isnull)
{
	bool running = slot->state == SLOT_RUNNING;
	TimestampTz due =
		pass_due(&slot->timing, wanted, running, sessionize_min_interval * INT64CONST(1000));

	values[STATE_STATE] = CStringGetTextDatum(state_name(slot, due));
	values[STATE_PID] = Int32GetDatum(slot->pid);
	values[STATE_PASSES] = Int64GetDatum(slot->passes);
	values[STATE_STARTS] = Int64GetDatum(slot->starts);
	isnull[STATE_STATE] = isnull[STATE_PASSES] = isnull[STATE_STARTS] = false;
	isnull[STATE_PID] = !running;
	set_time(values, isnull, STATE_NEXT_PASS, due);
	set_time(values, isnull, STATE_LAST_SUCCESS, slot->last_success);
}

/*
 * sessionize_worker_state returns the state of the worker of a pipeline of this database.  All
 * columns but the first are NULL if the pipeline has no slot, or the user may not see it.
 */
Datum
sessionize_worker_state(PG_FUNCTION_ARGS)
{
	int32 pipeline_id = PG_GETARG_INT32(0);
	Datum values[STATE_COLUMNS] = {0};
	bool isnull[STATE_COLUMNS];
	WorkerSlot copy = {.state = SLOT_FREE};
	bool wanted = false;

	memset(isnull, true, sizeof(isnull));
	values[STATE_PRELOADED] = BoolGetDatum(worker_shared != NULL);
	isnull[STATE_PRELOADED] = false;
	if (worker_shared != NULL)
	{
		WorkerSlot *slot;

		LWLockAcquire(worker_shared->lock, LW_SHARED);
		slot = slot_find(MyDatabaseId, pipeline_id);
		if (slot != NULL)
		{
			copy = *slot;
			wanted = pg_atomic_read_u32(&slot->wanted) != 0;
		}
		LWLockRelease(worker_shared->lock);
	}
	if (copy.state != SLOT_FREE && may_see_state(copy.owner))
		fill_state(&copy, wanted, values, isnull);
	PG_RETURN_DATUM(result_row(fcinfo, values, isnull));
}

/*
 * set_problem sets the problem because of which nothing is known of a pipeline; as_of becomes NULL,
 * too.
 */
static void
set_problem(Backlog *backlog, const char *problem)
{
	memset(backlog->isnull, true, sizeof(backlog->isnull));
	backlog->values[BACKLOG_PROBLEM] = CStringGetTextDatum(problem);
	backlog->isnull[BACKLOG_PROBLEM] = false;
}

/*
 * set_counts fills in the counts of the dirty log.
 */
static void
set_counts(Backlog *backlog, const DirtyCounts *counts)
{
	bool *isnull = backlog->isnull;

	backlog->values[BACKLOG_ROWS] = Int64GetDatum(counts->rows);
	backlog->values[BACKLOG_KEYS] = Int64GetDatum(counts->keys);
	backlog->values[BACKLOG_LARGE_KEYS] = Int64GetDatum(counts->large_keys);
	isnull[BACKLOG_ROWS] = isnull[BACKLOG_KEYS] = isnull[BACKLOG_LARGE_KEYS] = false;
	set_time(backlog->values, isnull, BACKLOG_SINCE, counts->since);
}

/*
 * read_dirty counts the dirty log, or tells why it can't be read.
 */
static void
read_dirty(Backlog *backlog, Pipeline *pipeline)
{
	List *large = large_keys_texts(pipeline);
	DirtyCounts counts;
	DirtyState state;

	/* taken after the search for writers */
	PushActiveSnapshot(GetTransactionSnapshot());
	state = dirty_look_count(pipeline, large, &counts);
	PopActiveSnapshot();
	switch (state)
	{
		case DIRTY_READABLE:
			set_counts(backlog, &counts);
			break;
		case DIRTY_LOCKED:
			set_problem(backlog, "dirty log locked");
			break;
		case DIRTY_LOST:
			set_problem(backlog, "dirty log lost");
			break;
	}
}

/*
 * set_writer sets the columns of the oldest writer.
 */
static void
set_writer(void *arg, const SqlRow *row)
{
	Backlog *backlog = arg;

	/* both types are passed by value */
	for (int i = 0; i < 2; i++)
		backlog->values[BACKLOG_WRITER_PID + i] =
			sql_row_datum(row, i + 1, &backlog->isnull[BACKLOG_WRITER_PID + i]);
}

/*
 * read_writers finds the oldest open transaction, which may be prepared, that has written to the
 * raw table.
 *
 * Every user of the function may see it, since the watermark depends on it.  So it is read as the
 * extension's owner.
 */
static void
read_writers(Backlog *backlog, const Pipeline *pipeline)
{
	extension_visit("SELECT l.pid, coalesce(a.xact_start, x.prepared) AS since FROM pg_locks AS l "
					"LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid "
					"LEFT JOIN pg_locks AS t ON l.pid IS NULL AND t.pid IS NULL AND t.locktype = "
					"'transactionid' "
					"AND t.virtualtransaction = l.virtualtransaction "
					"LEFT JOIN pg_prepared_xacts AS x ON x.transaction = t.transactionid "
					"WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted "
					"AND l.database = $2 AND l.relation = ANY ($1) "
					"AND coalesce(a.xact_start, x.prepared) IS NOT NULL ORDER BY since LIMIT 1",
					SQL_READ_WRITE,
					SQL_VALUES(SQL_OIDS(find_all_inheritors(pipeline->source, NoLock, NULL)),
							   SQL_OID(MyDatabaseId)),
					set_writer, backlog);
}

/*
 * look fills in the columns of a pipeline that the user may see.
 *
 * Whatever was written before as_of is in the star, in the dirty log, or written by an open
 * transaction.  So the clock is read first, then the writers, and then, in a later snapshot, the
 * log, which has the rows of writers that commit in between.  A transaction with a fixed snapshot
 * can't see these, so as_of is NULL there.
 */
static void
look(void *arg)
{
	Backlog *backlog = arg;
	Pipeline *pipeline = pipeline_find_by_id(backlog->pipeline_id);

	if (pipeline == NULL || !may_see_state(pipeline->owner))
		return;
	backlog->isnull[BACKLOG_AS_OF] = IsolationUsesXactSnapshot() || !OidIsValid(pipeline->source);
	backlog->values[BACKLOG_AS_OF] = TimestampTzGetDatum(GetCurrentTimestamp());
	if (OidIsValid(pipeline->source))
		read_writers(backlog, pipeline);
	if (pipeline->fault == PIPELINE_WHOLE)
		read_dirty(backlog, pipeline);
	else
		set_problem(backlog, pipeline_fault_text(pipeline));
}

/*
 * sessionize_pipeline_backlog returns what a pipeline's star does not have yet.
 *
 * An error becomes a result, so that one pipeline does not keep the view from showing the others.
 */
Datum
sessionize_pipeline_backlog(PG_FUNCTION_ARGS)
{
	Backlog backlog = {.pipeline_id = PG_GETARG_INT32(0)};
	char *message;

	memset(backlog.isnull, true, sizeof(backlog.isnull));
	if (!try_whatever_fails(look, &backlog, &message))
		set_problem(&backlog, psprintf("error: %s", message));
	PG_RETURN_DATUM(result_row(fcinfo, backlog.values, backlog.isnull));
}
