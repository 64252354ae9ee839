/*
 * capture_intact.c
 *		Whether every change of a pipeline's raw rows is logged.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "storage/lmgr.h"
#include "utils/snapmgr.h"

#include "capture/capture_intact.h"
#include "capture/captured_tables.h"
#include "capture/trigger_state.h"
#include "catalog/pipeline.h"
#include "dirty/dirty.h"
#include "dirty/dirty_table.h"
#include "dirty/rebuild_need.h"
#include "functions/distributed.h"
#include "source/source_mapping.h"

/*
 * find_oid returns the position of an OID in a sorted list; -1 if it is not in the list.
 */
static int
find_oid(const List *oids, Oid oid)
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
	return low < list_length(oids) && list_nth_oid(oids, low) == oid ? low : -1;
}

/* The tables that a pipeline watches. */
typedef struct Watched
{
	List *tables;     /* CapturedTable *, sorted by OID */
	List *oids;       /* the OIDs of the tables */
	bool is_restored; /* restored from a dump, so some tables may be missing */
} Watched;

/*
 * read_watched returns the watched tables as the active snapshot sees them.
 */
static Watched
read_watched(int32 pipeline)
{
	Watched watched = {captured_tables_read(pipeline), NIL, true};

	watched.oids = captured_tables_oids(watched.tables);
	if (watched.tables != NIL)
		watched.is_restored = captured_tables_restored(pipeline).tables > 0;
	return watched;
}

/*
 * fault_of returns what is wrong with one of the raw table's parts.
 */
static CaptureFaultKind
fault_of(const Pipeline *pipeline, const RawMember *table, const Watched *watched,
		 Snapshot snapshot)
{
	int place = find_oid(watched->oids, table->relid);
	const CapturedTable *known = place < 0 ? NULL : list_nth(watched->tables, place);
	TriggerState state;

	if (raw_member_problem(table) != RAW_FINE)
		return FAULT_PROBLEM;
	if (known == NULL && !watched->is_restored)
		return FAULT_UNWATCHED;
	state = trigger_state(pipeline->id, table->relid, snapshot);
	if (!trigger_state_is_complete(&state, table))
		return FAULT_TRIGGERS;
	if (known != NULL && OidIsValid(known->row_trigger) && known->row_trigger != state.row_trigger)
		return FAULT_REMADE;
	return FAULT_NONE;
}

/*
 * find_gone returns the first watched table that is not part of the raw table; InvalidOid if there
 * is none.
 */
static Oid
find_gone(const Watched *watched, const List *members)
{
	List *oids = raw_tree_oids(members);
	ListCell *cell;

	list_sort(oids, list_oid_cmp);
	foreach (cell, watched->oids)
		if (find_oid(oids, lfirst_oid(cell)) < 0)
			return lfirst_oid(cell);
	return InvalidOid;
}

/*
 * has_view tells whether a pipeline's view is as create_pipeline made it; true if the view is
 * locked, since then it can't be read.
 */
static bool
has_view(Pipeline *pipeline)
{
	bool is_ours;

	if (!OidIsValid(pipeline->source_view) || !pipeline_load_types(pipeline))
		return false;
	if (!ConditionalLockRelationOid(pipeline->source_view, AccessShareLock))
		return true;
	is_ours = source_mapping_find(pipeline) != NULL;
	UnlockRelationOid(pipeline->source_view, AccessShareLock);
	return is_ours;
}

/*
 * has_log tells whether a pipeline's dirty log is as create_pipeline made it; true if the log is
 * locked, since then it can't be opened.
 */
static bool
has_log(const Pipeline *pipeline)
{
	Oid log = dirty_table(pipeline);
	DirtyTable table;
	bool is_ours;

	if (!OidIsValid(log))
		return false;
	if (!ConditionalLockRelationOid(log, AccessShareLock))
		return true;
	is_ours = dirty_table_open(&table, log, pipeline->types[SRC_SESSION_KEY], AccessShareLock);
	if (is_ours)
		relation_close(table.relation, AccessShareLock);
	UnlockRelationOid(log, AccessShareLock);
	return is_ours;
}

/*
 * fault_of_schema returns what is wrong with the pipeline's view or dirty log.
 */
static CaptureFaultKind
fault_of_schema(const Pipeline *pipeline)
{
	Pipeline copy = *pipeline;

	if (!has_view(&copy))
		return FAULT_VIEW;
	return has_log(&copy) ? FAULT_NONE : FAULT_LOG;
}

/*
 * look_at_all returns the first fault of the raw table's parts.
 */
static CaptureFault
look_at_all(const Pipeline *pipeline, const List *members, const Watched *watched,
			Snapshot snapshot)
{
	CaptureFault fault = {FAULT_NONE, {.relid = distributed_first(raw_tree_oids(members))}};
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
 * capture_find_fault returns the first fault of a pipeline's capture.
 */
CaptureFault
capture_find_fault(const Pipeline *pipeline, Snapshot snapshot, List **members)
{
	CaptureFault fault = {FAULT_GONE, {.relid = pipeline->source}};
	Watched watched;
	List *tables;

	snapshot = RegisterSnapshot(snapshot);
	tables = raw_tree_members(pipeline->source, snapshot);
	PushActiveSnapshot(snapshot);
	watched = read_watched(pipeline->id);
	PopActiveSnapshot();
	if (tables != NIL)
		fault.kind = fault_of_schema(pipeline);
	if (fault.kind == FAULT_NONE)
		fault = look_at_all(pipeline, tables, &watched, snapshot);
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

/*
 * capture_settled_needs returns the ids of the notes that a derivation of all keys settles.
 */
ArrayType *
capture_settled_needs(const Pipeline *pipeline)
{
	return capture_was_intact(pipeline, GetActiveSnapshot()) ? rebuild_need_ids(pipeline) : NULL;
}
