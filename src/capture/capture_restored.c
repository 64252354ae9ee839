/*
 * capture_restored.c
 *		Capture triggers that are restored from a dump.
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
 * find_table returns a trigger's table; InvalidOid if there is no such trigger.
 */
static Oid
find_table(Oid trigger, Relation catalog)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	Oid table = InvalidOid;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(trigger));
	scan = systable_beginscan(catalog, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		table = ((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid;
	systable_endscan(scan);
	return table;
}

/*
 * watched_by returns the parts of a table that are watched once the table has a certain trigger.
 * For a TRUNCATE trigger, which a dump creates after the table's rows, it is the table itself. For
 * a row trigger, which the server also creates on partitions, these are the partitioned tables.
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
 * watch_by has a pipeline watch the tables that one of its triggers is for.
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
 * capture_restored_trigger handles a trigger that was created.
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
