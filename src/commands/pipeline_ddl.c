/*
 * pipeline_ddl.c
 *		Event triggers that warn when objects of a pipeline are renamed, moved, given away or
 *		dropped.
 *
 * They warn and say what to do.  The statement goes on, since DROP OWNED or a restore must not fail
 * because of a pipeline.  Every function that works on a pipeline checks its objects itself
 * (pipeline_objects.h), so nothing depends on these triggers being enabled.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "commands/event_trigger.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "utils/snapmgr.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_objects.h"
#include "spi/statement.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_pipeline_ddl);
PG_FUNCTION_INFO_V1(sessionize_pipeline_drop);

/*
 * The pipelines whose view "source", dirty log or schema a command has changed, or another relation
 * in the schema.
 */
#define CHANGED_PIPELINES                                                                          \
	"SELECT p.pipeline_id FROM sessionize.pipeline AS p WHERE EXISTS ("                            \
	"SELECT FROM pg_catalog.pg_event_trigger_ddl_commands() AS c "                                 \
	"JOIN pg_catalog.pg_class AS o ON o.oid IN (p.source_view::oid, p.dirty_log::oid) "            \
	"WHERE (c.classid = 'pg_class'::regclass AND (c.objid = o.oid OR o.relnamespace = "            \
	"(SELECT r.relnamespace FROM pg_catalog.pg_class AS r WHERE r.oid = c.objid))) "               \
	"OR (c.classid = 'pg_namespace'::regclass AND c.objid = o.relnamespace)) ORDER BY 1"

/* The pipelines whose view "source" or dirty log was dropped. */
#define DROPPED_PIPELINES                                                                          \
	"SELECT p.pipeline_id FROM sessionize.pipeline AS p WHERE EXISTS ("                            \
	"SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() AS d "                              \
	"WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0 "                                   \
	"AND d.objid IN (p.source_view::oid, p.dirty_log::oid)) ORDER BY 1"

/*
 * changes_owner tells whether ALTER TABLE or ALTER VIEW has an OWNER TO.
 */
static bool
changes_owner(const AlterTableStmt *statement)
{
	ListCell *cell;

	foreach (cell, statement->cmds)
		if (lfirst_node(AlterTableCmd, cell)->subtype == AT_ChangeOwner)
			return true;
	return false;
}

/*
 * may_concern tells whether a statement may change the name, schema or owner of a schema, view or
 * table.
 */
static bool
may_concern(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_RenameStmt:
			return castNode(RenameStmt, statement)->renameType != OBJECT_COLUMN;
		case T_AlterObjectSchemaStmt:
		case T_AlterOwnerStmt:
			return true;
		case T_AlterTableStmt:
			return changes_owner(castNode(AlterTableStmt, statement));
		default:
			return false;
	}
}

/*
 * warn warns of a pipeline that is not whole, and says what to do.
 */
static void
warn(const Pipeline *pipeline)
{
	if (pipeline->fault == PIPELINE_DETACHED)
		return;
	if (pipeline->fault != PIPELINE_WHOLE)
		ereport(WARNING, (errmsg("pipeline \"%s\" can't be refreshed any more", pipeline->name),
						  errdetail_internal("%s", pipeline_fault_text(pipeline)),
						  errhint("%s", pipeline_fault_hint(pipeline))));
	else if (!OidIsValid(pipeline->dirty_log))
		ereport(
			WARNING,
			(errmsg("pipeline \"%s\" can't be refreshed any more", pipeline->name),
			 errdetail(
				 "Its table dirty was dropped, renamed or moved, and with it what is known of "
				 "raw rows that have changed."),
			 errhint("Drop the pipeline with sessionize.drop_pipeline() and create it again.")));
}

/*
 * sessionize_pipeline_ddl is the event trigger for ddl_command_end.
 */
Datum
sessionize_pipeline_ddl(PG_FUNCTION_ARGS)
{
	ListCell *cell;

	check_event_trigger(fcinfo);
	if (!may_concern(((EventTriggerData *) fcinfo->context)->parsetree))
		PG_RETURN_NULL();
	foreach (cell, extension_ids_now(CHANGED_PIPELINES, SQL_NO_VALUES))
		warn(pipeline_find_now(lfirst_int(cell)));
	PG_RETURN_NULL();
}

/*
 * sessionize_pipeline_drop is the event trigger for sql_drop.  It has the catalog forget the OIDs
 * of dropped objects, which the server may give to others.
 */
Datum
sessionize_pipeline_drop(PG_FUNCTION_ARGS)
{
	ListCell *cell;

	check_event_trigger(fcinfo);
	foreach (cell, extension_ids_now(DROPPED_PIPELINES, SQL_NO_VALUES))
	{
		Pipeline *pipeline = pipeline_find_now(lfirst_int(cell));

		catalog_set_objects(pipeline);
		warn(pipeline);
	}
	PG_RETURN_NULL();
}
