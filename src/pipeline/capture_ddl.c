/*
 * capture_ddl.c
 *		Event triggers and the TRUNCATE trigger: what no row trigger sees of a raw table's rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "pipeline/capture_ddl.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "pipeline/capture_source.h"
#include "pipeline/capture_table.h"
#include "pipeline/capture_trigger.h"
#include "pipeline/seal_retention.h"
#include "pipeline/sql.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(sessionize_capture_ddl);
PG_FUNCTION_INFO_V1(sessionize_capture_drop);
PG_FUNCTION_INFO_V1(sessionize_capture_truncate);

/* What becomes of a part of ALTER TABLE of a table, for one of its pipelines. */
typedef void (*AfterCommand)(const PipelineRef *pipeline, Oid table, const AlterTableCmd *command);

/* The partition being attached has rows that were moved. */
static bool attaching_moved = false;

/*
 * capture_ddl_attach_moved attaches a partition whose rows were moved.
 */
void
capture_ddl_attach_moved(const char *sql)
{
	attaching_moved = true;
	PG_TRY();
	{
		(void) sql_execute(sql);
	}
	PG_FINALLY();
	{
		attaching_moved = false;
	}
	PG_END_TRY();
}

/*
 * pipelines_of returns the pipelines that capture what changes in a table or in what it is a partition of.
 */
static List *
pipelines_of(Oid table)
{
	List *tables = list_make1_oid(table);

	if (get_rel_relispartition(table))
		tables = list_concat(tables, get_partition_ancestors(table));
	return catalog_pipelines_on(tables);
}

/*
 * after_attach takes a new partition's rows in, and has it tell of TRUNCATE.
 */
static void
after_attach(const PipelineRef *pipeline, Oid table pg_attribute_unused(), const AlterTableCmd *command)
{
	Oid partition = RangeVarGetRelid(castNode(PartitionCmd, command->def)->name, NoLock, true);

	ListCell *cell;

	if (!OidIsValid(partition))
		return;
	foreach (cell, find_all_inheritors(partition, AccessShareLock, NULL))
		capture_trigger_add_truncate(pipeline->id, lfirst_oid(cell));
	if (!attaching_moved)
		capture_whole_table(partition, pipeline, NEED_ROWS_ADDED, "attached");
}

/*
 * after_detach takes a former partition's rows out.
 */
static void
after_detach(const PipelineRef *pipeline, Oid table pg_attribute_unused(), const AlterTableCmd *command)
{
	Oid partition = RangeVarGetRelid(castNode(PartitionCmd, command->def)->name, NoLock, true);

	ListCell *cell;

	if (!OidIsValid(partition))
		return;
	foreach (cell, find_all_inheritors(partition, AccessExclusiveLock, NULL))
		capture_trigger_drop_truncate(pipeline->id, lfirst_oid(cell));
	capture_whole_table(partition, pipeline, NEED_ROWS_REMOVED, "detached");
}

/*
 * after_trigger_change notes that changes will be missed as long as the capture trigger does not always fire.
 */
static void
after_trigger_change(const PipelineRef *pipeline, Oid table,
					 const AlterTableCmd *command pg_attribute_unused())
{
	if (!capture_trigger_fires(pipeline->id, table))
		rebuild_need_note(pipeline, NEED_NOT_CAPTURED,
						  psprintf("The capture trigger of table %s does not always fire any more.",
								   sql_qualified_name(table)));
}

/*
 * may_have_quarantine tells whether the pipeline keeps rows as a whole.
 */
static bool
may_have_quarantine(const PipelineRef *pipeline)
{
	Oid schema = get_namespace_oid(pipeline->name, true);
	Oid quarantine = OidIsValid(schema) ? get_relname_relid("quarantine", schema) : InvalidOid;
	Relation relation;
	bool has_rows;

	if (!OidIsValid(quarantine) || get_rel_relkind(quarantine) != RELKIND_RELATION)
		return false;
	relation = table_open(quarantine, AccessShareLock);
	has_rows = RelationGetNumberOfBlocks(relation) > 0;
	table_close(relation, AccessShareLock);
	return has_rows;
}

/*
 * after_column_change notes that the rows' digests have changed, where these stand for a row id.
 */
static void
after_column_change(const PipelineRef *pipeline, Oid table,
					const AlterTableCmd *command pg_attribute_unused())
{
	if (!pipeline->has_raw_id || may_have_quarantine(pipeline))
		rebuild_need_note(
			pipeline, NEED_ROWS_CHANGED,
			psprintf("Columns of table %s have changed, and with them what is kept of whole rows.",
					 sql_qualified_name(table)));
}

/*
 * what_of returns what becomes of a part of ALTER TABLE: most parts mean nothing.
 */
static AfterCommand
what_of(AlterTableType subtype)
{
	switch (subtype)
	{
		case AT_AttachPartition:
			return after_attach;
		case AT_DetachPartition:
		case AT_DetachPartitionFinalize:
			return after_detach;
		case AT_EnableTrig:
		case AT_EnableReplicaTrig:
		case AT_DisableTrig:
		case AT_EnableTrigAll:
		case AT_DisableTrigAll:
		case AT_EnableTrigUser:
		case AT_DisableTrigUser:
			return after_trigger_change;
		case AT_AddColumn:
		case AT_DropColumn:
		case AT_AlterColumnType:
			return after_column_change;
		default:
			return NULL;
	}
}

/*
 * after_command looks at a part of ALTER TABLE.
 */
static void
after_command(Oid table, const AlterTableCmd *command)
{
	AfterCommand after = what_of(command->subtype);
	ListCell *cell;

	if (after == NULL)
		return;
	foreach (cell, pipelines_of(table))
		after(lfirst(cell), table, command);
}

/*
 * after_alter_table looks at an ALTER TABLE.
 */
static void
after_alter_table(const AlterTableStmt *statement)
{
	Oid table = RangeVarGetRelid(statement->relation, NoLock, true);
	ListCell *cell;

	if (!OidIsValid(table))
		return;
	foreach (cell, statement->cmds)
		after_command(table, lfirst_node(AlterTableCmd, cell));
}

/*
 * after_create_partition has a new, empty partition tell of TRUNCATE.
 */
static void
after_create_partition(const CreateStmt *statement)
{
	Oid table = RangeVarGetRelid(statement->relation, NoLock, true);
	ListCell *cell;

	if (!OidIsValid(table))
		return;
	foreach (cell, pipelines_of(table))
		capture_trigger_add_truncate(((PipelineRef *) lfirst(cell))->id, table);
}

/*
 * check_event_call reports a call that is not of our event triggers.
 */
static void
check_event_call(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("this function can only be called by an event trigger of pg_sessionize")));
}

/*
 * sessionize_capture_ddl looks at DDL that has been done.
 */
Datum
sessionize_capture_ddl(PG_FUNCTION_ARGS)
{
	Node *tree;

	check_event_call(fcinfo);
	tree = ((EventTriggerData *) fcinfo->context)->parsetree;
	if (IsA(tree, AlterTableStmt))
		after_alter_table((AlterTableStmt *) tree);
	else if (IsA(tree, CreateStmt) && ((CreateStmt *) tree)->partbound != NULL)
		after_create_partition((CreateStmt *) tree);
	PG_RETURN_NULL();
}

/*
 * after_drop notes that a table was dropped, or by itself its capture trigger.
 */
static void
after_drop(int32 pipeline_id, const char *table, Oid table_oid, bool trigger_alone)
{
	PipelineRef *pipeline = catalog_pipeline_ref(pipeline_id);

	if (pipeline == NULL)
		return;
	if (trigger_alone)
		rebuild_need_note(pipeline, NEED_NOT_CAPTURED,
						  psprintf("The capture trigger of table %s was dropped.", table));
	else if (!OidIsValid(table_oid) || !seal_retention(pipeline, table_oid, list_make1_oid(table_oid)).is_all)
		rebuild_need_note(pipeline, NEED_ROWS_REMOVED, psprintf("Table %s was dropped.", table));
}

/*
 * sessionize_capture_drop looks at what has been dropped: with a partition go its capture triggers, whose names
 * tell the pipeline.
 */
Datum
sessionize_capture_drop(PG_FUNCTION_ARGS)
{
	const char *sql =
		"SELECT DISTINCT pg_catalog.substring(o.address_names[3], '[0-9]+$')::pg_catalog.int4, "
		"pg_catalog.quote_ident(o.address_names[1]) OPERATOR(pg_catalog.||) '.' "
		"OPERATOR(pg_catalog.||) pg_catalog.quote_ident(o.address_names[2]), "
		"coalesce((SELECT t.objid FROM pg_catalog.pg_event_trigger_dropped_objects() AS t "
		"WHERE t.object_type OPERATOR(pg_catalog.=) 'table' "
		"AND t.address_names OPERATOR(pg_catalog.=) o.address_names[1:2] LIMIT 1), 0::pg_catalog.oid) "
		"FROM pg_catalog.pg_event_trigger_dropped_objects() AS o "
		"WHERE o.object_type OPERATOR(pg_catalog.=) 'trigger' "
		"AND o.address_names[3] OPERATOR(pg_catalog.~) '^sessionize_capture_(insert_)?[0-9]{1,9}$' ORDER BY "
		"2";
	bool trigger_alone;

	check_event_call(fcinfo);
	trigger_alone = ((EventTriggerData *) fcinfo->context)->tag == CMDTAG_DROP_TRIGGER;
	SPI_connect();
	if (SPI_execute(sql, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not list dropped objects");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		bool isnull;

		after_drop(DatumGetInt32(SPI_getbinval(row, desc, 1, &isnull)), SPI_getvalue(row, desc, 2),
				   DatumGetObjectId(SPI_getbinval(row, desc, 3, &isnull)), trigger_alone);
	}
	SPI_finish();
	PG_RETURN_NULL();
}

/*
 * sessionize_capture_truncate takes the rows out that TRUNCATE is about to.
 */
Datum
sessionize_capture_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	ListCell *cell;
	Oid table;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("sessionize.capture_truncate() can only be a trigger BEFORE TRUNCATE"),
						errhint("create_pipeline() makes it on the raw table and its partitions.")));
	table = RelationGetRelid(data->tg_relation);
	foreach (cell, pipelines_of(table))
	{
		PipelineRef *pipeline = lfirst(cell);

		if (pipeline->id == capture_pipeline_id(data->tg_trigger))
			capture_whole_table(table, pipeline, NEED_ROWS_REMOVED, "truncated");
	}
	return PointerGetDatum(NULL);
}
