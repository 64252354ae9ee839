/*
 * capture_enable.c
 *		enable_capture: what is wrong with a pipeline's capture put right.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "fmgr.h"
#include "pipeline/capture_intact.h"
#include "pipeline/capture_table.h"
#include "pipeline/capture_trigger.h"
#include "pipeline/captured_tables.h"
#include "pipeline/privileges.h"
#include "pipeline/raw_table.h"
#include "pipeline/rebuild_need.h"
#include "pipeline/sql.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(sessionize_enable_capture);

/*
 * has_all_triggers tells whether the triggers on all tables are as they should be.
 */
static bool
has_all_triggers(int32 pipeline, const List *members)
{
	ListCell *cell;

	foreach (cell, members)
		if (!capture_has_triggers(pipeline, lfirst(cell), NULL))
			return false;
	return true;
}

/*
 * lacks_new_alone tells whether only tables that are not watched lack triggers: partitions that came without
 * an event trigger have those for rows from the start.
 */
static bool
lacks_new_alone(int32 pipeline, const List *members, const List *watched)
{
	List *known = NIL;
	ListCell *cell;

	if (watched == NIL)
		return false;
	foreach (cell, members)
		if (list_member_oid(watched, ((const RawMember *) lfirst(cell))->relid))
			known = lappend(known, lfirst(cell));
	return has_all_triggers(pipeline, known);
}

/*
 * make_triggers makes the triggers anew, unless only new partitions lack that for TRUNCATE.
 */
static void
make_triggers(const PipelineRef *ref, Relation raw, const List *members, const List *watched, bool was_off)
{
	ListCell *cell;

	if (!was_off && lacks_new_alone(ref->id, members, watched))
	{
		foreach (cell, members)
			capture_trigger_add_truncate(ref->id, ((const RawMember *) lfirst(cell))->relid);
		if (has_all_triggers(ref->id, members))
			return;
	}
	capture_trigger_drop(ref->id, RelationGetRelid(raw));
	capture_trigger_create(ref->id, raw);
	rebuild_need_note(ref, NEED_NOT_CAPTURED, "Changes were not logged before enable_capture.");
}

/*
 * take_in takes the rows of tables in that have become part of the raw table unnoticed.  What has changed in
 * them since, the triggers for rows have logged, which a partition has from the start.
 */
static void
take_in(const PipelineRef *ref, const List *members, const List *watched)
{
	ListCell *cell;

	foreach (cell, members)
	{
		const RawMember *member = lfirst(cell);

		if (!list_member_oid(watched, member->relid) && raw_member_has_rows(member))
			capture_whole_table(member->relid, ref, NEED_ROWS_ADDED, "attached");
	}
}

/*
 * leave_out notes that tables are no longer part of the raw table: what has become of their rows, nobody
 * knows.
 */
static void
leave_out(const PipelineRef *ref, const List *members, const List *watched)
{
	List *gone = list_difference_oid(watched, raw_tree_oids(members));
	ListCell *cell;

	foreach (cell, gone)
	{
		Oid table = lfirst_oid(cell);

		if (get_rel_name(table) != NULL)
			capture_trigger_drop_truncate(ref->id, table);
		rebuild_need_note(ref, NEED_ROWS_REMOVED,
						  get_rel_name(table) != NULL
							  ? psprintf("Table %s was detached.", sql_qualified_name(table))
							  : psprintf("The table with OID %u was dropped.", table));
	}
	captured_tables_remove(ref->id, gone);
}

/*
 * load_watched returns the tables that a pipeline watches now.
 */
static List *
load_watched(int32 pipeline)
{
	List *watched;

	PushActiveSnapshot(GetLatestSnapshot());
	watched = captured_tables_load(pipeline);
	PopActiveSnapshot();
	return watched;
}

/*
 * enable makes capture what it should be.
 */
static void
enable(const Pipeline *pipeline)
{
	PipelineRef ref = {.id = pipeline->id, .name = pipeline->name, .source = pipeline->source};
	/* no partition comes or goes, and nobody writes, until the transaction ends */
	Relation raw = table_open(pipeline->source, ShareRowExclusiveLock);
	List *members = raw_tree_members(pipeline->source, NULL);
	List *watched = load_watched(pipeline->id);

	raw_members_check(members, pipeline->name);
	make_triggers(&ref, raw, members, watched, !pipeline->capture);
	if (watched != NIL)
		take_in(&ref, members, watched);
	leave_out(&ref, members, watched);
	captured_tables_add(pipeline->id, members);
	table_close(raw, NoLock);
}

/*
 * sessionize_enable_capture has the changes of a pipeline's raw rows logged from now on, and takes it that the
 * raw table is called what it is called now.
 */
Datum
sessionize_enable_capture(PG_FUNCTION_ARGS)
{
	Pipeline *pipeline = pipeline_load(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	pipeline_check_owner(pipeline);
	check_may_add_triggers(pipeline->source);
	raw_table_check_distributed(pipeline->source);
	if (!capture_is_intact(pipeline))
		enable(pipeline);
	catalog_set_capture(pipeline->id, sql_qualified_name(pipeline->source));
	PG_RETURN_VOID();
}
