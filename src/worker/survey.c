/*
 * survey.c
 *		The short-lived process that copies one database's schedule into the slots.
 *
 * It also looks whether anything is in the dirty logs that nobody has told of: rows of a restored dump, of a prepared
 * transaction, of the time before a crash.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/extension.h"
#include "compat.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "pipeline/catalog.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "worker/launcher.h"
#include "worker/shared.h"
#include "worker/survey.h"

/*
 * leave says that the database is no longer being surveyed.
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
 * enter says which database is being surveyed, unless somebody needs it for themselves.
 */
static bool
enter(Oid database)
{
	bool held;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	held = database_is_held(database);
	if (!held)
	{
		worker_shared->survey_database = database;
		worker_shared->survey_pid = MyProcPid;
	}
	LWLockRelease(worker_shared->lock);
	return !held;
}

/*
 * relation_has_rows tells whether a table has a row.  One that somebody has locked counts as one that has.
 *
 * It runs no code of the table's owner, so it needs no scope.
 */
static bool
relation_has_rows(Oid relid)
{
	Relation rel;
	TupleTableSlot *slot;
	TableScanDesc scan;
	bool found;

	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return true;
	rel = try_table_open(relid, NoLock);
	if (rel == NULL)
	{
		UnlockRelationOid(relid, AccessShareLock);
		return true;
	}
	slot = table_slot_create(rel, NULL);
	scan = sz_table_beginscan(rel, GetActiveSnapshot());
	found = table_scan_getnextslot(scan, ForwardScanDirection, slot);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, AccessShareLock);
	return found;
}

/*
 * has_work tells whether the pipeline has something in its dirty log, as far as a glance tells.  Where there is none, the pass
 * says what is wrong.
 */
static bool
has_work(const char *pipeline)
{
	Oid schema = get_namespace_oid(pipeline, true);
	Oid dirty = OidIsValid(schema) ? get_relname_relid("dirty", schema) : InvalidOid;

	return !OidIsValid(dirty) || get_rel_relkind(dirty) != RELKIND_RELATION || relation_has_rows(dirty);
}

/*
 * column returns a column of a row that SPI has found.
 */
static Datum
column(uint64 row, int number, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, number, isnull);
}

/*
 * read_row makes an entry of a row of the schedule.
 */
static ScheduleEntry *
read_row(uint64 row)
{
	ScheduleEntry *entry = SPI_palloc(sizeof(ScheduleEntry));
	bool isnull;
	Datum retry_at;

	entry->pipeline_id = DatumGetInt32(column(row, 1, &isnull));
	namestrcpy(&entry->name, NameStr(*DatumGetName(column(row, 2, &isnull))));
	entry->owner = DatumGetObjectId(column(row, 3, &isnull));
	entry->every = DatumGetInt64(column(row, 4, &isnull));
	entry->on_commit = DatumGetBool(column(row, 5, &isnull));
	entry->paused = DatumGetBool(column(row, 6, &isnull));
	entry->failures = DatumGetInt32(column(row, 7, &isnull));
	retry_at = column(row, 8, &isnull);
	entry->retry_at = isnull ? DT_NOBEGIN : DatumGetTimestampTz(retry_at);
	entry->has_work = false;
	return entry;
}

/*
 * schedule_read reads what the database wants of the workers.
 */
List *
schedule_read(void)
{
	List *entries = NIL;
	MemoryContext context = CurrentMemoryContext;
	OwnerScope scope;
	Oid schema = get_namespace_oid("sessionize", true);

	if (!OidIsValid(get_extension_oid("pg_sessionize", true)) || !OidIsValid(schema) ||
		!OidIsValid(get_relname_relid("schedule_failure", schema)))
		return NIL;
	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute("SELECT s.pipeline_id, p.pipeline_name, coalesce(v.relowner, p.owner::oid), "
					"(extract(epoch FROM s.every) * 1000000)::bigint, s.on_commit, s.paused, "
					"coalesce(f.failures, 0), f.retry_at "
					"FROM sessionize.schedule AS s JOIN sessionize.pipeline AS p USING (pipeline_id) "
					"LEFT JOIN sessionize.schedule_failure AS f USING (pipeline_id) "
					"LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = p.pipeline_name "
					"LEFT JOIN pg_catalog.pg_class AS v ON v.relnamespace = n.oid AND v.relname = 'source' "
					"WHERE s.via = 'worker'",
					true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read sessionize.schedule");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		ScheduleEntry *entry = read_row(i);
		MemoryContext old = MemoryContextSwitchTo(context);

		entries = lappend(entries, entry);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	owner_scope_leave(&scope);
	return entries;
}

/*
 * find_entry finds the pipeline's entry.
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
 * update_slot copies an entry into its slot, and wakes who must know.
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
	slot->timing.failures = entry->failures;
	slot->timing.retry_at = entry->retry_at;
	if (entry->has_work)
		pg_atomic_write_u32(&slot->wanted, 1);
	slot_wake(slot);
}

/*
 * schedule_publish makes the slots of a database those of the entries.
 */
void
schedule_publish(Oid database, List *entries)
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
 * sessionize_survey_main is the surveyor's life.
 */
void
sessionize_survey_main(Datum argument)
{
	Oid database = DatumGetObjectId(argument);
	List *entries;
	ListCell *cell;

	worker_process_begin();
	before_shmem_exit(leave, (Datum) 0);
	if (!enter(database))
		proc_exit(0);
	worker_process_connect(database);
	pgstat_report_activity(STATE_RUNNING, "reading the schedule");
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	entries = schedule_read();
	foreach (cell, entries)
	{
		ScheduleEntry *entry = lfirst(cell);

		CHECK_FOR_INTERRUPTS();
		entry->has_work = !entry->paused && has_work(NameStr(entry->name));
	}
	schedule_publish(database, entries);
	PopActiveSnapshot();
	CommitTransactionCommand();
	proc_exit(0);
}
