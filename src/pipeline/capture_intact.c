/*
 * capture_intact.c
 *		Whether every change of a pipeline's raw rows is logged.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "pipeline/capture_intact.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "functions/distributed.h"
#include "pipeline/capture_condition.h"
#include "pipeline/capture_trigger.h"
#include "pipeline/captured_tables.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* What a table's row triggers have to fire for. */
#define ALL_EVENTS (TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE)

/* What is looked for in pg_trigger, and what was found. */
typedef struct TriggerSearch
{
	int32 pipeline;
	CaptureFunctions functions;
	int16 events;  /* whose rows are captured */
	bool truncate; /* so is TRUNCATE */
} TriggerSearch;

/*
 * text_column returns a column of a row of pg_trigger that is a text, NULL where it is NULL.
 */
static char *
text_column(Relation catalog, HeapTuple tuple, AttrNumber column)
{
	bool isnull;
	Datum value = heap_getattr(tuple, column, RelationGetDescr(catalog), &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * has_our_argument tells whether a trigger's only argument is the pipeline's id.
 */
static bool
has_our_argument(Relation catalog, HeapTuple tuple, int32 pipeline)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

	/* the arguments are one bytea, each with a null byte behind it */
	return form->tgnargs == 1 &&
		   strcmp(text_column(catalog, tuple, Anum_pg_trigger_tgargs), psprintf("%d", pipeline)) == 0;
}

/*
 * captured_events returns the events whose rows a trigger captures: none if it has another condition than ours.
 */
static int16
captured_events(Relation catalog, HeapTuple tuple, int32 pipeline)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
	const char *condition = text_column(catalog, tuple, Anum_pg_trigger_tgqual);

	if (!TRIGGER_FOR_ROW(form->tgtype) || !TRIGGER_FOR_AFTER(form->tgtype) || form->tgattr.dim1 > 0)
		return 0;
	if (condition == NULL)
		return form->tgtype & ALL_EVENTS;
	return capture_condition_is_ours(condition, pipeline) ? form->tgtype & TRIGGER_TYPE_INSERT : 0;
}

/*
 * look_at_trigger takes a trigger into account.
 */
static void
look_at_trigger(TriggerSearch *search, Relation catalog, HeapTuple tuple)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

	if (form->tgenabled != TRIGGER_FIRES_ALWAYS || !has_our_argument(catalog, tuple, search->pipeline))
		return;
	if (form->tgfoid == search->functions.capture)
		search->events |= captured_events(catalog, tuple, search->pipeline);
	else if (form->tgfoid == search->functions.truncate)
		search->truncate |= TRIGGER_FOR_TRUNCATE(form->tgtype) && TRIGGER_FOR_BEFORE(form->tgtype) &&
							text_column(catalog, tuple, Anum_pg_trigger_tgqual) == NULL;
}

/*
 * capture_has_triggers tells whether all triggers of a pipeline are on a table, and always fire.
 */
bool
capture_has_triggers(int32 pipeline, const RawMember *table, Snapshot snapshot)
{
	TriggerSearch search = {.pipeline = pipeline, .functions = capture_functions()};
	Relation catalog = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(table->relid));
	scan = systable_beginscan(catalog, TriggerRelidNameIndexId, true, snapshot, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		look_at_trigger(&search, catalog, tuple);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return search.events == ALL_EVENTS && (search.truncate || !raw_member_has_rows(table));
}

/*
 * has_oid tells whether an OID is in a list that is in order.
 */
static bool
has_oid(const List *oids, Oid oid)
{
	int low = 0;
	int high = list_length(oids);

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (list_nth_oid(oids, middle) < oid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list_length(oids) && list_nth_oid(oids, low) == oid;
}

/*
 * fault_of returns what is wrong with one of the raw table's tables.
 */
static CaptureFaultKind
fault_of(const Pipeline *pipeline, const RawMember *table, const List *watched, Snapshot snapshot)
{
	if (raw_member_problem(table) != RAW_FINE)
		return FAULT_PROBLEM;
	/* none is watched of a pipeline that has come out of a dump; that is told apart elsewhere */
	if (watched != NIL && !has_oid(watched, table->relid))
		return FAULT_UNWATCHED;
	return capture_has_triggers(pipeline->id, table, snapshot) ? FAULT_NONE : FAULT_TRIGGERS;
}

/*
 * find_gone returns the first watched table that is not part of the raw table, InvalidOid where there is none.
 */
static Oid
find_gone(const List *watched, const List *members)
{
	List *oids = raw_tree_oids(members);
	ListCell *cell;

	list_sort(oids, list_oid_cmp);
	foreach (cell, watched)
		if (!has_oid(oids, lfirst_oid(cell)))
			return lfirst_oid(cell);
	return InvalidOid;
}

/*
 * find_distributed returns the first member whose rows are on other servers, InvalidOid where there is none.
 */
static Oid
find_distributed(const List *members)
{
	return distributed_any() ? distributed_first(raw_tree_oids(members)) : InvalidOid;
}

/*
 * look_at_all returns the first fault.
 */
static CaptureFault
look_at_all(const Pipeline *pipeline, const List *members, const List *watched, Snapshot snapshot)
{
	CaptureFault fault = {FAULT_NONE, {.relid = find_distributed(members)}};
	ListCell *cell;

	if (OidIsValid(fault.table.relid))
		fault.kind = FAULT_DISTRIBUTED;
	foreach (cell, members)
	{
		if (fault.kind != FAULT_NONE)
			return fault;
		fault.table = *(const RawMember *) lfirst(cell);
		fault.kind = fault_of(pipeline, &fault.table, watched, snapshot);
	}
	if (fault.kind == FAULT_NONE)
	{
		fault.table = (RawMember){.relid = find_gone(watched, members)};
		fault.kind = OidIsValid(fault.table.relid) ? FAULT_GONE : FAULT_NONE;
	}
	return fault;
}

/*
 * capture_find_fault returns the first fault of a pipeline.
 */
CaptureFault
capture_find_fault(const Pipeline *pipeline, Snapshot snapshot, List **members)
{
	CaptureFault fault = {FAULT_GONE, {.relid = pipeline->source}};
	List *watched;
	List *tables;

	snapshot = RegisterSnapshot(snapshot);
	tables = raw_tree_members(pipeline->source, snapshot);
	PushActiveSnapshot(snapshot);
	watched = captured_tables_load(pipeline->id);
	PopActiveSnapshot();
	if (tables != NIL)
		fault = look_at_all(pipeline, tables, watched, snapshot);
	UnregisterSnapshot(snapshot);
	if (members != NULL)
		*members = tables;
	return fault;
}

/*
 * capture_was_intact tells whether a pipeline has capture and no fault.
 */
bool
capture_was_intact(const Pipeline *pipeline, Snapshot snapshot)
{
	return pipeline->capture && capture_find_fault(pipeline, snapshot, NULL).kind == FAULT_NONE;
}
