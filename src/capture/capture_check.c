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

#include "access/relation.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "miscadmin.h"
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
#include "utils/subtransaction.h"

PG_FUNCTION_INFO_V1(sessionize_capture_state);

/* The last pipeline that was found intact, and the tables looked at. */
static struct
{
	int32 pipeline; /* 0: none */
	List *tables;   /* in TopMemoryContext */
} intact = {0, NIL};

/*
 * at_relation_change forgets what was found, when one of its tables changes (InvalidOid: any).
 */
static void
at_relation_change(Datum arg pg_attribute_unused(), Oid relation)
{
	if (intact.pipeline != 0 && (!OidIsValid(relation) || list_member_oid(intact.tables, relation)))
		intact.pipeline = 0;
}

/*
 * relations_of returns the relations on which it depends whether a pipeline is intact.
 */
static List *
relations_of(const Pipeline *pipeline, const List *members)
{
	return lappend_oid(lappend_oid(raw_tree_oids(members), pipeline->source_view), dirty_table(pipeline));
}

/*
 * remember keeps in mind that a pipeline is intact, until one of the tables changes.
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
 * lacks_triggers tells whether it is not known of all tables which triggers they have.
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
 * complete writes down what is not known of a pipeline's tables: of one that comes out of a dump, that they are
 * watched; and which triggers they have.
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
 * look_anew looks for a fault.  If there is none, and nothing has changed meanwhile, that is remembered.
 */
static CaptureFault
look_anew(const Pipeline *pipeline)
{
	CaptureFault fault;
	List *members;

	/* before the snapshot is taken, so that what it does not see is heard of */
	remember(pipeline, raw_tree_members(pipeline->source, NULL));
	fault = capture_find_fault(pipeline, GetLatestSnapshot(), &members);
	if (fault.kind == FAULT_NONE)
		complete(pipeline, members);
	if (fault.kind != FAULT_NONE || !equal(intact.tables, relations_of(pipeline, members)))
		intact.pipeline = 0;
	return fault;
}

/*
 * look looks for a fault, unless it is known that there is none.
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
		[FAULT_TRIGGERS] =
			"A trigger of it on sessionize.capture() or sessionize.capture_truncate() is gone, was "
			"replaced, or does not always fire.",
		[FAULT_REMADE] =
			"It was taken out of the raw table and put back, or its triggers were made anew, while "
			"event triggers were disabled.",
		[FAULT_UNWATCHED] = "It has become part of the raw table while event triggers were disabled.",
		[FAULT_GONE] = "It has ceased to be part of the raw table while event triggers were disabled.",
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
 * capture_report_unlogged reports a pipeline of which no change is logged, whatever its triggers do.
 */
void
capture_report_unlogged(const Pipeline *pipeline)
{
	DirtyTable table;

	(void) source_mapping(pipeline);
	if (!dirty_table_open(&table, dirty_table(pipeline), pipeline->types[SRC_SESSION_KEY], AccessShareLock))
		dirty_report_lost(pipeline);
	relation_close(table.relation, NoLock);
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
		case FAULT_VIEW:
		case FAULT_LOG:
			capture_report_unlogged(pipeline);
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

/* A pipeline of which the state of the capture is asked for. */
typedef struct StateQuestion
{
	int32 pipeline_id;
	const char *state; /* NULL: nobody may know */
} StateQuestion;

/*
 * answer finds the state.
 */
static void
answer(void *arg)
{
	StateQuestion *question = arg;
	Pipeline *pipeline = pipeline_find_now(question->pipeline_id);

	if (pipeline != NULL && (has_privs_of_role(GetUserId(), pipeline->owner) ||
							 has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS)))
		question->state = state_of(pipeline);
}

/*
 * sessionize_capture_state tells whether the changes of a pipeline's raw rows are logged, if the user may
 * know.  It locks none of the tables, so it waits for nobody; and what it can't tell is no error, for the status
 * asks for all pipelines.
 */
Datum
sessionize_capture_state(PG_FUNCTION_ARGS)
{
	StateQuestion question = {.pipeline_id = PG_GETARG_INT32(0)};

	if (!try_whatever_fails(answer, &question, NULL) || question.state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(question.state));
}
