/*
 * capture_restored.c
 *		Capture triggers that come out of a dump.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_trigger.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "capture/capture_restored.h"
#include "capture/capture_source.h"
#include "capture/captured_tables.h"
#include "capture/trigger_state.h"

/*
 * find_table returns a trigger's table, InvalidOid where there is none.
 */
static Oid
find_table(Oid trigger, Relation catalog)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	Oid table = InvalidOid;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(trigger));
	scan = systable_beginscan(catalog, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		table = ((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid;
	systable_endscan(scan);
	return table;
}

/*
 * watched_by returns the members that are watched from the time on when a trigger is there: the table if it has
 * rows and the trigger is that for TRUNCATE, which a dump has after the rows; the partitioned tables on which
 * a trigger for rows makes others.
 */
static List *
watched_by(Oid table, bool for_rows)
{
	List *members = NIL;
	ListCell *cell;

	foreach (cell, raw_tree_members(table, NULL))
	{
		RawMember *member = lfirst(cell);

		if (raw_member_has_rows(member) ? !for_rows && member->relid == table : for_rows)
			members = lappend(members, member);
	}
	return members;
}

/*
 * watch_by has a pipeline watch the tables of one of its triggers.
 */
static void
watch_by(const Trigger *trigger, Oid table)
{
	CaptureFunctions functions = capture_functions();
	bool for_rows = trigger->tgfoid == functions.capture;
	PipelineRef *pipeline;

	if (!for_rows && trigger->tgfoid != functions.truncate)
		return;
	pipeline = catalog_pipeline_ref(capture_pipeline_id(trigger));
	if (pipeline != NULL && list_member_oid(raw_tree_ancestors(table), pipeline->source))
		captured_tables_add_restored(pipeline->id, watched_by(table, for_rows));
}

/*
 * capture_restored_trigger looks at a trigger that was made.
 */
Oid
capture_restored_trigger(Oid trigger)
{
	Relation catalog = table_open(TriggerRelationId, AccessShareLock);
	Oid table = find_table(trigger, catalog);
	Relation relation;

	table_close(catalog, AccessShareLock);
	relation = OidIsValid(table) ? try_relation_open(table, AccessShareLock) : NULL;
	if (relation == NULL)
		return InvalidOid;
	for (int i = 0; relation->trigdesc != NULL && i < relation->trigdesc->numtriggers; i++)
		if (relation->trigdesc->triggers[i].tgoid == trigger)
			watch_by(&relation->trigdesc->triggers[i], table);
	relation_close(relation, NoLock);
	return table;
}
