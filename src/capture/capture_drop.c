/*
 * capture_drop.c
 *		The event trigger for dropped objects: raw tables, their partitions and their triggers.
 *
 * It looks only at the tables that capture watches, which are known by OID.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/event_trigger.h"
#include "fmgr.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "capture/captured_tables.h"
#include "capture/seal_retention.h"
#include "capture/trigger_state.h"
#include "catalog/extension_sql.h"
#include "dirty/rebuild_need.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_capture_drop);

/* A table that was dropped, or of which a trigger was dropped. */
typedef struct DroppedFrom
{
	Oid table;
	char *name; /* of a dropped table: qualified and quoted */
} DroppedFrom;

/*
 * add_dropped adds a row of list_dropped to a list.
 */
static void
add_dropped(void *arg, const SqlRow *row)
{
	List **list = arg;
	DroppedFrom *dropped = palloc0(sizeof(DroppedFrom));

	dropped->table = sql_row_oid(row, 1);
	dropped->name = sql_row_text(row, 2);
	if (!OidIsValid(dropped->table))
		dropped->table =
			get_relname_relid(sql_row_text(row, 3), get_namespace_oid(dropped->name, true));
	if (OidIsValid(dropped->table))
		*list = lappend(*list, dropped);
}

/*
 * list_dropped returns the rows of a query, an OID and two texts, as a list of DroppedFrom. If the
 * OID is NULL, the texts are the schema and the name of a table that still exists.
 */
static List *
list_dropped(const char *sql)
{
	List *list = NIL;

	extension_visit(sql, SQL_READ_WRITE, SQL_NO_VALUES, add_dropped, &list);
	return list;
}

/*
 * dropped_tables lists the tables that were dropped.
 */
static List *
dropped_tables(void)
{
	return list_dropped(
		"SELECT o.objid, o.object_identity, NULL::text "
		"FROM pg_event_trigger_dropped_objects() AS o "
		"WHERE o.classid = 'pg_class'::regclass AND o.objsubid = 0 AND NOT o.is_temporary "
		"AND o.object_type IN ('table', 'foreign table') ORDER BY 2");
}

/*
 * dropped_triggers lists the tables that still exist, but of which triggers were dropped.
 */
static List *
dropped_triggers(void)
{
	return list_dropped(
		"SELECT DISTINCT NULL::oid, o.address_names[1], o.address_names[2] "
		"FROM pg_event_trigger_dropped_objects() AS o "
		"WHERE o.classid = 'pg_trigger'::regclass AND NOT o.is_temporary ORDER BY 2, 3");
}

/*
 * watched_among returns the tables that a pipeline watches. If the raw table is among them, it
 * returns only the raw table, since its partitions are dropped with it.
 */
static List *
watched_among(const PipelineRef *pipeline, const List *dropped)
{
	List *watched = captured_tables_oids(captured_tables_now(pipeline->id));
	List *found = NIL;
	ListCell *cell;

	foreach (cell, dropped)
	{
		DroppedFrom *table = lfirst(cell);

		if (table->table == pipeline->source && list_member_oid(watched, table->table))
			return list_make1(table);
		if (list_member_oid(watched, table->table))
			found = lappend(found, table);
	}
	return found;
}

/*
 * oids_of returns the tables' OIDs.
 */
static List *
oids_of(const List *dropped)
{
	List *oids = NIL;
	ListCell *cell;

	foreach (cell, dropped)
		oids = lappend_oid(oids, ((const DroppedFrom *) lfirst(cell))->table);
	return oids;
}

/*
 * after_table notes a need of a rebuild because a table was dropped, unless all its rows are
 * sealed.
 */
static void
after_table(const PipelineRef *pipeline, const DroppedFrom *dropped)
{
	if (!seal_retention(pipeline, dropped->table, list_make1_oid(dropped->table)).is_all)
		rebuild_need_note(pipeline, NEED_ROWS_REMOVED,
						  psprintf("Table %s was dropped.", dropped->name));
}

/*
 * after_trigger notes a need of a rebuild if a table lacks one of our triggers.
 */
static void
after_trigger(const PipelineRef *pipeline, const DroppedFrom *dropped)
{
	const List *members = raw_tree_members(dropped->table, NULL);

	if (members != NIL && !trigger_state_has_all(pipeline->id, linitial(members)))
		rebuild_need_note(pipeline, NEED_NOT_CAPTURED,
						  psprintf("A capture trigger of table %s was dropped.",
								   sql_qualified_name(dropped->table)));
}

/*
 * look_at calls a function for each pipeline and each of the tables that the pipeline watches.
 */
static void
look_at(const List *dropped, void (*after)(const PipelineRef *pipeline, const DroppedFrom *dropped))
{
	ListCell *cell;

	if (dropped == NIL)
		return;
	foreach (cell, captured_tables_pipelines(oids_of(dropped)))
	{
		const PipelineRef *pipeline = lfirst(cell);
		ListCell *table;

		foreach (table, watched_among(pipeline, dropped))
			after(pipeline, lfirst(table));
	}
}

/*
 * forget_tables has no pipeline watch the tables any longer.
 */
static void
forget_tables(const List *dropped)
{
	ListCell *cell;

	if (dropped == NIL)
		return;
	foreach (cell, captured_tables_pipelines(oids_of(dropped)))
		captured_tables_remove(((const PipelineRef *) lfirst(cell))->id, oids_of(dropped));
}

/*
 * sessionize_capture_drop handles dropped objects.
 */
Datum
sessionize_capture_drop(PG_FUNCTION_ARGS)
{
	List *tables;

	check_event_trigger(fcinfo);
	if (captured_tables_none())
		PG_RETURN_NULL();
	tables = dropped_tables();
	look_at(tables, after_table);
	forget_tables(tables);
	tables = dropped_triggers();
	look_at(tables, after_trigger);
	if (tables != NIL)
		captured_tables_forget_triggers(oids_of(tables));
	PG_RETURN_NULL();
}
