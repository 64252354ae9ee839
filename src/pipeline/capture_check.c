/*
 * capture_check.c
 *		Reports that not every change of a pipeline's raw rows is logged.
 *
 * ALTER TABLE ... DISABLE and ENABLE TRIGGER ALL leave a trigger that fires in ordinary sessions only, and what
 * is done while event triggers are disabled nobody hears of.  So this is looked at again and again, as cheaply
 * as can be.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pipeline/capture_intact.h"
#include "pipeline/capture_trigger.h"
#include "pipeline/captured_tables.h"
#include "pipeline/raw_table.h"
#include "pipeline/sql.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(sessionize_capture_state);

/* The last pipeline that was found intact, and the tables looked at. */
static struct
{
	int32 pipeline; /* 0: none */
	List *tables;   /* in TopMemoryContext */
} intact = {0, NIL};

/* How many changes of relations this session has heard of. */
static uint64 changes = 0;

/*
 * at_relation_change forgets what was found, when one of its tables changes (InvalidOid: any).
 */
static void
at_relation_change(Datum arg pg_attribute_unused(), Oid relation)
{
	changes++;
	if (intact.pipeline != 0 && (!OidIsValid(relation) || list_member_oid(intact.tables, relation)))
		intact.pipeline = 0;
}

/*
 * remember keeps in mind that a pipeline is intact.
 */
static void
remember(const Pipeline *pipeline, const List *members)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	intact.pipeline = 0;
	list_free(intact.tables);
	intact.tables = raw_tree_oids(members);
	intact.pipeline = pipeline->id;
	MemoryContextSwitchTo(caller);
}

/*
 * watch_restored has the tables of a pipeline watched that comes out of a dump: none is yet.
 */
static void
watch_restored(const Pipeline *pipeline, const List *members)
{
	List *watched;

	PushActiveSnapshot(GetLatestSnapshot());
	watched = captured_tables_load(pipeline->id);
	PopActiveSnapshot();
	if (watched == NIL)
		captured_tables_add_restored(pipeline->id, members);
}

/*
 * look looks for a fault, unless it is known that there is none.
 */
static CaptureFault
look(const Pipeline *pipeline)
{
	static bool registered = false;
	uint64 changes_before = changes;
	CaptureFault fault = {.kind = FAULT_NONE};
	List *members;

	if (intact.pipeline == pipeline->id)
		return fault;
	if (!registered)
		CacheRegisterRelcacheCallback(at_relation_change, (Datum) 0);
	registered = true;
	fault = capture_find_fault(pipeline, GetLatestSnapshot(), &members);
	if (fault.kind == FAULT_NONE)
	{
		watch_restored(pipeline, members);
		if (changes == changes_before)
			remember(pipeline, members);
	}
	return fault;
}

/*
 * capture_is_intact tells whether every change is logged.
 */
bool
capture_is_intact(const Pipeline *pipeline)
{
	return pipeline->capture && look(pipeline).kind == FAULT_NONE;
}

/*
 * report_off reports that a pipeline does without capture.
 */
pg_noreturn static void
report_off(const Pipeline *pipeline)
{
	const char *name = quote_literal_cstr(pipeline->name);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("changes of the raw rows of pipeline \"%s\" are not logged", pipeline->name),
			 errdetail("It was created with capture => false."),
			 errhint("CALL sessionize.rebuild(%s); or SELECT sessionize.enable_capture(%s);", name, name)));
}

/*
 * fault_table returns what a message calls the table of a fault, which may be gone.
 */
static char *
fault_table(const CaptureFault *fault)
{
	return get_rel_name(fault->table.relid) == NULL ? psprintf("with OID %u", fault->table.relid)
													: sql_qualified_name(fault->table.relid);
}

/*
 * report_fault reports a fault that enable_capture does something about.
 */
pg_noreturn static void
report_fault(const Pipeline *pipeline, const CaptureFault *fault)
{
	static const char *const details[] = {
		[FAULT_TRIGGERS] = "One of its triggers on sessionize.capture() and sessionize.capture_truncate() is "
						   "gone, was replaced, or does not always fire.",
		[FAULT_UNWATCHED] =
			"It has become part of the raw table without an event trigger: they were disabled.",
		[FAULT_GONE] = "It is no longer part of the raw table, and no event trigger has told: they were "
					   "disabled.",
	};
	const char *name = quote_literal_cstr(pipeline->name);

	ereport(
		ERROR,
		(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		 errmsg("changes of table %s are not logged for pipeline \"%s\"", fault_table(fault), pipeline->name),
		 errdetail("%s", details[fault->kind]),
		 errhint("SELECT sessionize.enable_capture(%s); and CALL sessionize.rebuild(%s);", name, name)));
}

/*
 * capture_check reports that not every change is logged.
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
			raw_table_check_distributed(pipeline->source);
			break;
		default:
			report_fault(pipeline, &fault);
	}
}

/*
 * state_of returns the word for whether a pipeline's changes are logged.
 */
static const char *
state_of(const Pipeline *pipeline)
{
	if (!pipeline->capture)
		return "off";
	return capture_was_intact(pipeline, GetLatestSnapshot()) ? "on" : "broken";
}

/*
 * sessionize_capture_state tells whether the changes of a pipeline's raw rows are logged, if the user may
 * know.  It locks none of the tables, so it waits for nobody.
 */
Datum
sessionize_capture_state(PG_FUNCTION_ARGS)
{
	Pipeline *pipeline;

	PushActiveSnapshot(GetLatestSnapshot());
	pipeline = pipeline_find_by_id(PG_GETARG_INT32(0));
	PopActiveSnapshot();
	if (pipeline == NULL || (!has_privs_of_role(GetUserId(), pipeline->owner) &&
							 !has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS)))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(state_of(pipeline)));
}
