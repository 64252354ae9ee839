/*
 * survey.c
 *		The short-lived process that copies one database's schedule into the slots.
 *
 * It also looks for rows of dirty logs that no commit has announced: of a restored dump, of a
 * prepared transaction, or from before a crash.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "dirty/dirty_look.h"
#include "guc.h"
#include "spi/statement.h"
#include "utils/pass_limit.h"
#include "utils/subtransaction.h"
#include "wakeup/shared.h"
#include "worker/failure.h"
#include "worker/process.h"
#include "worker/survey.h"

/* A pipeline that workers refresh. */
typedef struct ScheduleEntry
{
	int32 pipeline_id;
	NameData name;
	Oid owner;
	int64 every; /* in microseconds */
	bool on_commit;
	bool paused;
	int32 failures;
	TimestampTz retry_at;  /* DT_NOBEGIN: now */
	TimestampTz checks_at; /* when the next check of the data is due; DT_NOEND: never */
	bool has_work;
} ScheduleEntry;

/*
 * leave notes that the database is no longer being surveyed.
 */
static void
leave(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	worker_shared->survey_database = InvalidOid;
	worker_shared->survey_pid = 0;
	LWLockRelease(worker_shared->lock);
}

/*
 * enter notes that the database is being surveyed; false if it is held.
 */
static bool
enter(Oid database)
{
	bool held;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	held = is_held(database, 0);
	if (!held)
	{
		worker_shared->survey_database = database;
		worker_shared->survey_pid = MyProcPid;
	}
	LWLockRelease(worker_shared->lock);
	return !held;
}

/*
 * look finds a pipeline's owner, and whether its dirty log has rows.  If the log is locked, the
 * next survey looks again.  If the log is lost, a pass is started to report that.
 */
static void
look(void *arg)
{
	ScheduleEntry *entry = arg;
	Pipeline *pipeline = pipeline_find_by_id(entry->pipeline_id);
	bool any;

	if (pipeline == NULL)
		return;
	entry->owner = pipeline->owner;
	if (!entry->paused && !entry->has_work)
		entry->has_work = dirty_look_any(pipeline, &any) == DIRTY_LOST || any;
}

/*
 * look_at_all looks at the scheduled pipelines.  If that fails for one of them, its pass will
 * report the error.
 */
static void
look_at_all(List *entries)
{
	ListCell *cell;

	foreach (cell, entries)
	{
		ScheduleEntry *entry = lfirst(cell);

		CHECK_FOR_INTERRUPTS();
		if (!try_whatever_fails(look, entry, NULL))
			entry->has_work = !entry->paused;
	}
}

/*
 * add_entry adds an entry for a row of the schedule.
 */
static void
add_entry(void *arg, const SqlRow *row)
{
	List **entries = arg;
	ScheduleEntry *entry = palloc(sizeof(ScheduleEntry));
	bool isnull;
	Datum retry_at = sql_row_datum(row, 7, &isnull);
	Datum checks_at;

	entry->pipeline_id = sql_row_int4(row, 1);
	namestrcpy(&entry->name, sql_row_text(row, 2));
	entry->every = sql_row_int8(row, 3);
	entry->on_commit = sql_row_bool(row, 4);
	entry->paused = sql_row_bool(row, 5);
	entry->failures = sql_row_int4(row, 6);
	entry->retry_at = isnull ? DT_NOBEGIN : DatumGetTimestampTz(retry_at);
	/* a star that is not built is work of which no dirty row tells */
	entry->has_work = !entry->paused && !sql_row_bool(row, 8);
	entry->owner = sql_row_oid(row, 9);
	checks_at = sql_row_datum(row, 10, &isnull);
	entry->checks_at = isnull ? DT_NOEND : DatumGetTimestampTz(checks_at);
	*entries = lappend(*entries, entry);
}

/*
 * read_schedule returns the entries of this database's schedule; NIL without the extension.
 */
static List *
read_schedule(void)
{
	List *entries = NIL;
	Oid schema = get_namespace_oid("sessionize", true);

	if (!OidIsValid(get_extension_oid("pg_sessionize", true)) || !OidIsValid(schema) ||
		!OidIsValid(get_relname_relid("schedule_failure", schema)))
		return NIL;
	extension_visit(
		"SELECT s.pipeline_id, p.pipeline_name, "
		"(extract(epoch FROM s.every) * 1000000)::bigint, s.on_commit, "
		"s.paused OR p.source::oid = 0, "
		"coalesce(f.failures, 0), f.retry_at, coalesce(l.built, false), "
		"p.owner::oid, (SELECT min(coalesce(t.next_at, '-infinity')) FROM sessionize.data_check AS "
		"d LEFT JOIN sessionize.check_state AS t USING (pipeline_id, check_name) "
		"WHERE d.pipeline_id = s.pipeline_id) "
		"FROM sessionize.schedule AS s JOIN sessionize.pipeline AS p USING (pipeline_id) "
		"LEFT JOIN sessionize.schedule_failure AS f USING (pipeline_id) "
		"LEFT JOIN sessionize.ledger AS l USING (pipeline_id) WHERE s.via = 'worker'",
		SQL_READ_ONLY, SQL_NO_VALUES, add_entry, &entries);
	return entries;
}

/*
 * find_entry returns the pipeline's entry; NULL if there is none.
 */
static const ScheduleEntry *
find_entry(List *entries, int32 pipeline_id)
{
	ListCell *cell;

	foreach (cell, entries)
		if (((const ScheduleEntry *) lfirst(cell))->pipeline_id == pipeline_id)
			return lfirst(cell);
	return NULL;
}

/*
 * update_slot copies an entry into its slot, and wakes the worker or the launcher.
 */
static void
update_slot(WorkerSlot *slot, const ScheduleEntry *entry)
{
	slot->removed = false;
	slot->name = entry->name;
	slot->owner = entry->owner;
	slot->timing.every = entry->every;
	slot->timing.on_commit = entry->on_commit;
	slot->timing.paused = entry->paused;
	slot->timing.checks_at = entry->checks_at;
	if (!slot->failure_unnoted)
	{
		slot->timing.failures = entry->failures;
		slot->timing.retry_at = entry->retry_at;
	}
	if (entry->has_work)
		pg_atomic_write_u32(&slot->wanted, 1);
	if (entry->paused)
		slot_end_work(slot);
	slot_wake(slot);
}

/*
 * publish makes the slots of a database equal to the entries of its schedule.
 */
static void
publish(Oid database, List *entries)
{
	ListCell *cell;
	bool full = false;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < worker_shared->slots; i++)
	{
		WorkerSlot *slot = &worker_shared->slot[i];

		if (slot->state != SLOT_FREE && slot->database == database &&
			find_entry(entries, slot->pipeline_id) == NULL)
			slot_remove(slot);
	}
	foreach (cell, entries)
	{
		const ScheduleEntry *entry = lfirst(cell);
		WorkerSlot *slot = slot_find(database, entry->pipeline_id);

		if (slot == NULL)
			slot = slot_add(database, entry->pipeline_id);
		if (slot == NULL)
			full = true;
		else
			update_slot(slot, entry);
	}
	LWLockRelease(worker_shared->lock);
	if (full)
		ereport(LOG, (errmsg("pg_sessionize: more than %d pipelines are scheduled", WORKER_SLOTS),
					  errdetail("Some of them are not refreshed."),
					  errhint("Unschedule some, or let pg_cron run CALL sessionize.refresh().")));
}

/*
 * next_unnoted finds a pipeline of the database whose last failure is not in the table yet, and
 * clears the mark; false if there is none.
 */
static bool
next_unnoted(Oid database, int32 *pipeline_id, PassTiming *timing)
{
	bool found = false;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < worker_shared->slots && !found; i++)
	{
		WorkerSlot *slot = &worker_shared->slot[i];

		if (slot->state == SLOT_FREE || slot->database != database || !slot->failure_unnoted)
			continue;
		slot->failure_unnoted = false;
		*pipeline_id = slot->pipeline_id;
		*timing = slot->timing;
		found = true;
	}
	LWLockRelease(worker_shared->lock);
	return found;
}

/*
 * note_failures notes the failures of workers that were terminated for lack of progress.
 */
static void
note_failures(Oid database)
{
	ErrorData error = {.sqlerrcode = ERRCODE_QUERY_CANCELED,
					   .message = pass_limit_message(sessionize_pass_timeout)};
	int32 pipeline_id;
	PassTiming timing;

	while (next_unnoted(database, &pipeline_id, &timing))
		(void) failure_record(pipeline_id, timing.failures, timing.retry_at, &error);
}

/*
 * sessionize_survey_main is the main function of the process.
 */
void
sessionize_survey_main(Datum argument)
{
	Oid database = DatumGetObjectId(argument);
	List *entries;

	worker_process_begin();
	before_shmem_exit(leave, (Datum) 0);
	if (!enter(database))
		proc_exit(0);
	worker_process_connect(database);
	pgstat_report_activity(STATE_RUNNING, "reading the schedule");
	note_failures(database);
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	entries = read_schedule();
	look_at_all(entries);
	publish(database, entries);
	PopActiveSnapshot();
	CommitTransactionCommand();
	proc_exit(0);
}
