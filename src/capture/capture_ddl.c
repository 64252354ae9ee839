/*
 * capture_ddl.c
 *		The event trigger for DDL on raw tables, which changes rows without firing row triggers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/event_trigger.h"
#include "nodes/parsenodes.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "capture/capture_ddl.h"
#include "capture/capture_restored.h"
#include "capture/capture_table.h"
#include "capture/capture_trigger.h"
#include "capture/captured_tables.h"
#include "capture/source_name.h"
#include "capture/trigger_state.h"
#include "catalog/extension_sql.h"
#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_capture_ddl);

/* Handles one command of an ALTER TABLE of a table, for one of the table's pipelines. */
typedef void (*AfterCommand)(const PipelineRef *pipeline, Oid table, const AlterTableCmd *command);

/* Whether the rows of the partition being attached were moved from another one. */
static bool attaching_moved = false;

/*
 * capture_ddl_attach_moved attaches a partition whose rows are logged already.
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
 * pipelines_of returns the pipelines that capture changes of a table or of its ancestors.
 */
static List *
pipelines_of(Oid table)
{
	return catalog_pipelines_on(raw_tree_ancestors(table));
}

/*
 * watch has capture watch a table that has become part of a raw table, with its partitions, and
 * creates their triggers for TRUNCATE. If changes of one of them can't be captured, the error
 * undoes the statement.
 */
static void
watch(const PipelineRef *pipeline, Oid table)
{
	List *members = raw_tree_members(table, NULL);
	ListCell *cell;

	if (members == NIL)
		return;
	((RawMember *) linitial(members))->is_child = !get_rel_relispartition(table);
	raw_members_check(members, pipeline->name);
	foreach (cell, members)
		capture_trigger_add_truncate(pipeline->id, ((const RawMember *) lfirst(cell))->relid);
	captured_tables_add(pipeline->id, members);
}

/*
 * after_attach logs the rows of a new partition.
 */
static void
after_attach(const PipelineRef *pipeline, Oid table pg_attribute_unused(),
			 const AlterTableCmd *command)
{
	Oid partition = RangeVarGetRelid(castNode(PartitionCmd, command->def)->name, NoLock, true);

	if (!OidIsValid(partition))
		return;
	watch(pipeline, partition);
	if (!attaching_moved)
		capture_whole_table(partition, pipeline, NEED_ROWS_ADDED, "attached");
}

/*
 * is_watched tells whether a pipeline watches a table; true if it is not known which tables it
 * watches.
 */
static bool
is_watched(const PipelineRef *pipeline, Oid table)
{
	List *watched = captured_tables_oids(captured_tables_now(pipeline->id));

	return watched == NIL || list_member_oid(watched, table);
}

/*
 * after_detach logs the rows of a former partition.
 *
 * DETACH CONCURRENTLY has waited, so the name may belong to another table by now, or to none. Then
 * the next check of capture finds that a watched table is gone.
 */
static void
after_detach(const PipelineRef *pipeline, Oid table pg_attribute_unused(),
			 const AlterTableCmd *command)
{
	Oid partition = RangeVarGetRelid(castNode(PartitionCmd, command->def)->name, NoLock, true);
	List *tables;
	ListCell *cell;

	if (!OidIsValid(partition) || !is_watched(pipeline, partition))
		return;
	tables = raw_tree_oids(raw_tree_members(partition, NULL));
	foreach (cell, tables)
		capture_trigger_drop_truncate(pipeline->id, lfirst_oid(cell));
	captured_tables_remove(pipeline->id, tables);
	capture_whole_table(partition, pipeline, NEED_ROWS_REMOVED, "detached");
}

/*
 * after_inherit reports a table that has become an inheritance child of a raw table.
 */
static void
after_inherit(const PipelineRef *pipeline, Oid table,
			  const AlterTableCmd *command pg_attribute_unused())
{
	if (table != pipeline->source)
		watch(pipeline, table);
}

/*
 * after_trigger_change notes a need of a rebuild if a capture trigger does not always fire any
 * more.
 */
static void
after_trigger_change(const PipelineRef *pipeline, Oid table,
					 const AlterTableCmd *command pg_attribute_unused())
{
	const List *members = raw_tree_members(table, NULL);

	if (members != NIL && !trigger_state_has_all(pipeline->id, linitial(members)))
		rebuild_need_note(pipeline, NEED_NOT_CAPTURED,
						  psprintf("A capture trigger of table %s does not always fire any more.",
								   sql_qualified_name(table)));
}

/*
 * after_set_unlogged reports a raw table that a crash would empty from now on.
 */
static void
after_set_unlogged(const PipelineRef *pipeline, Oid table,
				   const AlterTableCmd *command pg_attribute_unused())
{
	raw_members_check(raw_tree_members(table, NULL), pipeline->name);
}

/*
 * may_have_quarantine tells whether the pipeline may have quarantined rows, which it keeps as whole
 * rows.
 */
static bool
may_have_quarantine(const PipelineRef *pipeline)
{
	Oid schema = get_namespace_oid(pipeline->name, true);
	Oid quarantine = OidIsValid(schema)
						 ? get_relname_relid(star_relations[STAR_QUARANTINE].name, schema)
						 : InvalidOid;
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
 * note_lost_view notes a need of a rebuild if a pipeline's view was dropped with a column.
 */
static void
note_lost_view(const PipelineRef *ref)
{
	Pipeline *pipeline;

	PushActiveSnapshot(GetLatestSnapshot());
	pipeline = pipeline_find_by_id(ref->id);
	PopActiveSnapshot();
	if (pipeline != NULL && !OidIsValid(pipeline->source_view))
		rebuild_need_note(
			ref, NEED_NOT_CAPTURED,
			"A column was dropped, and with it the view that says what a row's key is.");
}

/*
 * after_column_change notes a need of a rebuild if the raw id is a digest of the whole row, or if
 * quarantined rows are kept as a whole.
 */
static void
after_column_change(const PipelineRef *pipeline, Oid table, const AlterTableCmd *command)
{
	if (command->subtype == AT_DropColumn)
		note_lost_view(pipeline);
	if (!pipeline->has_raw_id || may_have_quarantine(pipeline))
		rebuild_need_note(
			pipeline, NEED_ROWS_CHANGED,
			psprintf("Columns of table %s have changed, and with them what is kept of whole rows.",
					 sql_qualified_name(table)));
}

/*
 * what_of returns the handler for a command of ALTER TABLE; NULL for most commands, which change no
 * rows.
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
		case AT_AddInherit:
			return after_inherit;
		case AT_SetUnLogged:
			return after_set_unlogged;
		case AT_AddColumn:
		case AT_DropColumn:
		case AT_AlterColumnType:
			return after_column_change;
		default:
			return NULL;
	}
}

/*
 * after_command handles one command of an ALTER TABLE.
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
 * after_alter_table handles an ALTER TABLE.
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

/* Kinds of objects that a command has created or changed, in pg_event_trigger_ddl_commands(). */
#define TABLES   "'pg_class'::regclass AND c.object_type IN ('table', 'foreign table')"
#define TRIGGERS "'pg_trigger'::regclass"

/*
 * add_oid adds the OID in a row to a list.
 */
static void
add_oid(void *arg, const SqlRow *row)
{
	List **oids = arg;

	*oids = lappend_oid(*oids, sql_row_oid(row, 1));
}

/*
 * affected returns the OIDs of the objects of a kind that the command has created or changed.
 */
static List *
affected(const char *kind)
{
	List *oids = NIL;

	extension_visit(psprintf("SELECT c.objid FROM pg_event_trigger_ddl_commands() AS c "
							 "WHERE c.objsubid = 0 AND c.classid = %s",
							 kind),
					SQL_READ_WRITE, SQL_NO_VALUES, add_oid, &oids);
	return oids;
}

/*
 * after_create has new partitions watched. They are empty, so there is nothing to log. CREATE
 * SCHEMA may create partitions, too.
 */
static void
after_create(void)
{
	ListCell *table;

	foreach (table, affected(TABLES))
	{
		ListCell *cell;

		foreach (cell, pipelines_of(lfirst_oid(table)))
			watch(lfirst(cell), lfirst_oid(table));
	}
}

/*
 * makes_part tells whether a statement may create a partition or an inheritance child.
 */
static bool
makes_part(Node *statement)
{
	ListCell *cell;

	if (IsA(statement, CreateStmt) || IsA(statement, CreateForeignTableStmt))
		return ((CreateStmt *) statement)->inhRelations != NIL;
	foreach (cell,
			 IsA(statement, CreateSchemaStmt) ? ((CreateSchemaStmt *) statement)->schemaElts : NIL)
		if (makes_part(lfirst(cell)))
			return true;
	return false;
}

/*
 * after_create_trigger handles a new trigger: it may be one of ours that is restored from a dump,
 * or it may have replaced one of ours.
 */
static void
after_create_trigger(const CreateTrigStmt *statement)
{
	ListCell *cell;

	foreach (cell, affected(TRIGGERS))
	{
		Oid table = capture_restored_trigger(lfirst_oid(cell));
		ListCell *pipeline;

		if (statement->replace && OidIsValid(table))
			foreach (pipeline, pipelines_of(table))
				after_trigger_change(lfirst(pipeline), table, NULL);
	}
}

/*
 * sessionize_capture_ddl handles a DDL command that has been executed.
 */
Datum
sessionize_capture_ddl(PG_FUNCTION_ARGS)
{
	Node *tree;

	check_event_trigger(fcinfo);
	tree = ((EventTriggerData *) fcinfo->context)->parsetree;
	if (captured_tables_none())
		PG_RETURN_NULL();
	switch (nodeTag(tree))
	{
		case T_AlterTableStmt:
			after_alter_table((AlterTableStmt *) tree);
			break;
		case T_CreateStmt:
		case T_CreateForeignTableStmt:
		case T_CreateSchemaStmt:
			if (makes_part(tree))
				after_create();
			break;
		case T_CreateTrigStmt:
			after_create_trigger((CreateTrigStmt *) tree);
			break;
		case T_RenameStmt:
		case T_AlterObjectSchemaStmt:
			source_name_changed(affected(TABLES));
			break;
		default:
			break;
	}
	PG_RETURN_NULL();
}
