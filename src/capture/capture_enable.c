/*
 * capture_enable.c
 *		enable_capture(): repairing a pipeline's capture.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "capture/capture_check.h"
#include "capture/capture_table.h"
#include "capture/capture_trigger.h"
#include "capture/captured_tables.h"
#include "capture/reject_trigger.h"
#include "capture/trigger_state.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "dirty/rebuild_need.h"
#include "spi/privileges.h"
#include "spi/sql.h"
#include "wakeup/notify.h"

/* What there is to repair. */
typedef struct Repair
{
	const Pipeline *pipeline;
	PipelineRef ref;
	Relation raw;
	List *members;  /* RawMember *: the raw table and its parts */
	List *watched;  /* CapturedTable *: the tables that capture watches */
	List *oids;     /* the OIDs of the watched tables */
	List *gone;     /* the watched OIDs that are no longer part of the raw table */
	bool is_missed; /* changes may not have been logged */
} Repair;

/*
 * look_at_watched finds out whether a watched table lacks a trigger now, or has lacked one for a
 * while.
 */
static void
look_at_watched(Repair *repair, bool *is_lacking)
{
	ListCell *cell;

	foreach (cell, repair->watched)
	{
		const CapturedTable *table = lfirst(cell);
		TriggerState state;

		if (list_member_oid(repair->gone, table->relid))
			continue;
		state = trigger_state(repair->pipeline->id, table->relid, NULL);
		*is_lacking |=
			!trigger_state_is_complete(&state, linitial(raw_tree_members(table->relid, NULL)));
		repair->is_missed |=
			OidIsValid(table->row_trigger) && state.row_trigger != table->row_trigger;
	}
}

/*
 * has_all_triggers tells whether all tables have all triggers.
 */
static bool
has_all_triggers(const Repair *repair)
{
	ListCell *cell;

	foreach (cell, repair->members)
		if (!trigger_state_has_all(repair->pipeline->id, lfirst(cell)))
			return false;
	return true;
}

/*
 * add_truncate creates the missing triggers for TRUNCATE. A partition has its row triggers from the
 * start, even if it was attached while event triggers were disabled.
 */
static void
add_truncate(const Repair *repair)
{
	ListCell *cell;

	foreach (cell, repair->members)
		capture_trigger_add_truncate(repair->pipeline->id,
									 ((const RawMember *) lfirst(cell))->relid);
}

/*
 * make_triggers creates the missing triggers. If a watched table lacks one, all triggers are
 * created again.
 */
static void
make_triggers(Repair *repair)
{
	bool is_lacking = repair->watched == NIL;

	look_at_watched(repair, &is_lacking);
	if (!is_lacking)
		add_truncate(repair);
	if (is_lacking || !has_all_triggers(repair))
	{
		capture_trigger_drop(repair->pipeline->id, repair->pipeline->source);
		capture_trigger_create(repair->pipeline->id, repair->raw);
		repair->is_missed = true;
	}
	if (repair->is_missed)
		rebuild_need_note(&repair->ref, NEED_NOT_CAPTURED,
						  "Changes were not logged before enable_capture.");
}

/*
 * take_in logs the rows of tables that have become part of the raw table unnoticed. Later changes
 * of them are logged already by the row triggers, which a partition has from the start.
 */
static void
take_in(const Repair *repair)
{
	ListCell *cell;

	if (repair->watched == NIL)
		return;
	foreach (cell, repair->members)
	{
		const RawMember *member = lfirst(cell);

		if (raw_member_has_rows(member) && !list_member_oid(repair->oids, member->relid))
			capture_whole_table(member->relid, &repair->ref, NEED_ROWS_ADDED, "attached");
	}
}

/*
 * leave_out notes a need of a rebuild for each watched table that is no longer part of the raw
 * table, since it is not known what its rows were.
 */
static void
leave_out(const Repair *repair)
{
	ListCell *cell;

	foreach (cell, repair->gone)
	{
		Oid table = lfirst_oid(cell);
		bool exists = get_rel_name(table) != NULL;

		if (exists)
			capture_trigger_drop_truncate(repair->pipeline->id, table);
		rebuild_need_note(&repair->ref, NEED_ROWS_REMOVED,
						  exists ? psprintf("Table %s was detached.", sql_qualified_name(table))
								 : psprintf("The table with OID %u was dropped.", table));
	}
	captured_tables_remove(repair->pipeline->id, repair->gone);
}

/*
 * enable repairs capture.
 */
static void
enable(const Pipeline *pipeline)
{
	Repair repair = {.pipeline = pipeline};

	repair.ref =
		(PipelineRef){.id = pipeline->id, .name = pipeline->name, .source = pipeline->source};
	/* until the transaction ends, no partition comes or goes, and nobody writes */
	repair.raw = table_open(pipeline->source, ShareRowExclusiveLock);
	repair.members = raw_tree_members(pipeline->source, NULL);
	raw_members_check(repair.members, pipeline->name);
	repair.watched = captured_tables_now(pipeline->id);
	repair.oids = captured_tables_oids(repair.watched);
	repair.gone = list_difference_oid(repair.oids, raw_tree_oids(repair.members));
	make_triggers(&repair);
	take_in(&repair);
	leave_out(&repair);
	captured_tables_add(pipeline->id, repair.members);
	table_close(repair.raw, NoLock);
}

/*
 * sessionize_enable_capture has changes of a pipeline's raw rows logged from now on, and accepts
 * the raw table's present name.
 */
PIPELINE_FUNCTION(sessionize_enable_capture)
{
	Pipeline *pipeline = pipeline_load(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	PreventCommandIfReadOnly("sessionize.enable_capture()");
	pipeline_check_owner(pipeline);
	check_may_add_triggers(pipeline->source);
	capture_report_unlogged(pipeline);
	if (!capture_is_intact(pipeline))
		enable(pipeline);
	reject_trigger_ensure(pipeline);
	catalog_set_capture(pipeline->id, sql_qualified_name(pipeline->source));
	/* a star that was never built can be built by refreshes from now on */
	worker_notify_at_commit(pipeline->id);
	PG_RETURN_VOID();
}
