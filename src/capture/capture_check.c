/*
 * capture_check.c
 *		The error for a pipeline of which not every change of raw rows is logged.
 *
 * ALTER TABLE ... DISABLE and ENABLE TRIGGER ALL leave a trigger that fires in ordinary sessions
 * only, and DDL that runs while event triggers are disabled is not noticed. So capture is checked
 * again and again, at the lowest possible cost.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "fmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "capture/capture_check.h"
#include "capture/capture_intact.h"
#include "capture/captured_tables.h"
#include "catalog/pipeline.h"
#include "dirty/dirty.h"
#include "dirty/dirty_table.h"
#include "source/source_mapping.h"
#include "spi/sql.h"

PG_FUNCTION_INFO_V1(sessionize_capture_state);

/* The last pipeline that was found intact, and the tables that this depends on. */
static struct
{
	int32 pipeline; /* 0 if there is none */
	List *tables;   /* in TopMemoryContext */
} intact = {0, NIL};

/*
 * at_relation_change forgets that the pipeline is intact when one of the tables changes
 * (InvalidOid: any table).
 */
static void
at_relation_change(Datum arg pg_attribute_unused(), Oid relation)
{
	if (intact.pipeline != 0 && (!OidIsValid(relation) || list_member_oid(intact.tables, relation)))
		intact.pipeline = 0;
}

/*
 * relations_of returns the relations on which it depends whether capture is intact.
 */
static List *
relations_of(const Pipeline *pipeline, const List *members)
{
	return lappend_oid(lappend_oid(raw_tree_oids(members), pipeline->source_view),
					   dirty_table(pipeline));
}

/*
 * remember notes that a pipeline is intact, until one of the tables changes.
 */
static void
remember(const Pipeline *pipeline, const List *members)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	intact.pipeline = 0;
	list_free(intact.tables);
	intact.tables = relations_of(pipeline, members);
	intact.pipeline = pipeline->id;
	MemoryContextSwitchTo(caller);
}

/*
 * lacks_triggers tells whether the trigger of some table has not been recorded.
 */
static bool
lacks_triggers(const List *tables)
{
	ListCell *cell;

	foreach (cell, tables)
		if (!OidIsValid(((const CapturedTable *) lfirst(cell))->row_trigger))
			return true;
	return tables == NIL;
}

/*
 * complete records what is missing in captured_table: the tables of a pipeline that was restored
 * from a dump, and the triggers of all tables.
 */
static void
complete(const Pipeline *pipeline, const List *members)
{
	List *tables;
	bool is_restored;

	PushActiveSnapshot(GetLatestSnapshot());
	tables = captured_tables_read(pipeline->id);
	is_restored = tables == NIL || captured_tables_restored(pipeline->id).tables > 0;
	PopActiveSnapshot();
	if (is_restored)
		captured_tables_add_restored(pipeline->id, members);
	if (is_restored || lacks_triggers(tables))
		captured_tables_learn(pipeline->id, members);
}

/*
 * look_anew looks for a fault. If there is none, and nothing has changed meanwhile, it remembers
 * this.
 */
static CaptureFault
look_anew(const Pipeline *pipeline)
{
	CaptureFault fault;
	List *members;

	/* to be done before the snapshot is taken, so that later changes are noticed */
	remember(pipeline, raw_tree_members(pipeline->source, NULL));
	fault = capture_find_fault(pipeline, GetLatestSnapshot(), &members);
	if (fault.kind == FAULT_NONE)
		complete(pipeline, members);
	if (fault.kind != FAULT_NONE || !equal(intact.tables, relations_of(pipeline, members)))
		intact.pipeline = 0;
	return fault;
}

/*
 * look looks for a fault, unless the pipeline is remembered as intact.
 */
static CaptureFault
look(const Pipeline *pipeline)
{
	static bool registered = false;

	if (intact.pipeline == pipeline->id)
		return (CaptureFault){.kind = FAULT_NONE};
	if (!registered)
		CacheRegisterRelcacheCallback(at_relation_change, (Datum) 0);
	registered = true;
	return look_anew(pipeline);
}

/*
 * capture_is_intact tells whether every change of raw rows is logged.
 */
bool
capture_is_intact(const Pipeline *pipeline)
{
	return pipeline->capture && look(pipeline).kind == FAULT_NONE;
}

/*
 * report_off reports that the pipeline was created without capture.
 */
pg_noreturn static void
report_off(const Pipeline *pipeline)
{
	const char *name = quote_literal_cstr(pipeline->name);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("changes of the raw rows of pipeline \"%s\" are not logged", pipeline->name),
			 errdetail("It was created with capture => false."),
			 errhint("CALL sessionize.rebuild(%s); or SELECT sessionize.enable_capture(%s);", name,
					 name)));
}

/*
 * fault_table returns the name of a fault's table, or its OID if the table is gone.
 */
static char *
fault_table(const CaptureFault *fault)
{
	return get_rel_name(fault->table.relid) == NULL ? psprintf("with OID %u", fault->table.relid)
													: sql_qualified_name(fault->table.relid);
}

/*
 * report_fault reports a fault that enable_capture can repair.
 */
pg_noreturn static void
report_fault(const Pipeline *pipeline, const CaptureFault *fault)
{
	static const char *const details[] = {
		[FAULT_TRIGGERS] =
			"A trigger of it on sessionize.capture() or sessionize.capture_truncate() is gone, was "
			"replaced, or does not always fire.",
		[FAULT_REMADE] =
			"It was taken out of the raw table and put back, or its triggers were made anew, while "
			"event triggers were disabled.",
		[FAULT_UNWATCHED] =
			"It has become part of the raw table while event triggers were disabled.",
		[FAULT_GONE] =
			"It has ceased to be part of the raw table while event triggers were disabled.",
	};
	const char *name = quote_literal_cstr(pipeline->name);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("changes of table %s are not logged for pipeline \"%s\"", fault_table(fault),
					pipeline->name),
			 errdetail("%s", details[fault->kind]),
			 errhint("SELECT sessionize.enable_capture(%s); and CALL sessionize.rebuild(%s);", name,
					 name)));
}

/*
 * capture_report_unlogged reports a pipeline that can't log any change, whatever its triggers are.
 */
void
capture_report_unlogged(const Pipeline *pipeline)
{
	DirtyTable table;

	(void) source_mapping(pipeline);
	if (!dirty_table_open(&table, dirty_table(pipeline), pipeline->types[SRC_SESSION_KEY],
						  AccessShareLock))
		dirty_report_lost(pipeline);
	relation_close(table.relation, NoLock);
}

/*
 * capture_check reports a pipeline of which not every change is logged.
 */
void
capture_check(const Pipeline *pipeline)
{
	CaptureFault fault;

	if (!pipeline->capture)
		report_off(pipeline);
	fault = look(pipeline);
	switch (fault.kind)
	{
		case FAULT_NONE:
			break;
		case FAULT_PROBLEM:
			raw_member_report(&fault.table, raw_member_problem(&fault.table), pipeline->name);
		case FAULT_DISTRIBUTED:
		case FAULT_VIEW:
		case FAULT_LOG:
			capture_report_unlogged(pipeline);
			break;
		default:
			report_fault(pipeline, &fault);
	}
}

/*
 * state_of returns the word for the state of a pipeline's capture.
 */
static const char *
state_of(const Pipeline *pipeline)
{
	if (!pipeline->capture)
		return "off";
	if (pipeline->is_detached)
		return "detached";
	return capture_was_intact(pipeline, GetLatestSnapshot()) ? "on" : "broken";
}

/*
 * sessionize_capture_state returns the state of a pipeline's capture. It locks none of the raw
 * table's tables, so it waits for nobody.
 */
Datum
sessionize_capture_state(PG_FUNCTION_ARGS)
{
	return pipeline_ask(fcinfo, state_of);
}
