/*
 * captured_tables.c
 *		The tables that a pipeline's capture watches: the only file that names
 *		sessionize.captured_table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "capture/captured_tables.h"
#include "capture/trigger_state.h"
#include "catalog/extension_sql.h"
#include "spi/statement.h"

/* The identity of this database cluster, in which recorded triggers were created. */
#define THIS_SYSTEM SQL_INT8((int64) GetSystemIdentifier())

/*
 * add_table adds a row's table and trigger to a list.
 */
static void
add_table(void *arg, const SqlRow *row)
{
	List **tables = arg;
	CapturedTable *table = palloc(sizeof(CapturedTable));

	*table = (CapturedTable){sql_row_oid(row, 1), sql_row_oid(row, 2)};
	*tables = lappend(*tables, table);
}

/*
 * captured_tables_read returns a pipeline's watched tables. The recorded triggers of another
 * cluster are left out, since pg_upgrade keeps the OIDs of tables, but not of triggers.
 */
List *
captured_tables_read(int32 pipeline)
{
	List *tables = NIL;

	extension_visit("SELECT t.relid, CASE WHEN t.made_in = $2 THEN t.row_trigger END "
					"FROM sessionize.captured_table AS t WHERE t.pipeline_id = $1 ORDER BY 1",
					SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline), THIS_SYSTEM), add_table, &tables);
	return tables;
}

/*
 * captured_tables_oids returns the OIDs of watched tables.
 */
List *
captured_tables_oids(const List *tables)
{
	List *oids = NIL;
	ListCell *cell;

	foreach (cell, tables)
		oids = lappend_oid(oids, ((const CapturedTable *) lfirst(cell))->relid);
	return oids;
}

/*
 * captured_tables_now returns a pipeline's watched tables, as of now.
 */
List *
captured_tables_now(int32 pipeline)
{
	List *tables;

	PushActiveSnapshot(GetLatestSnapshot());
	tables = captured_tables_read(pipeline);
	PopActiveSnapshot();
	return tables;
}

/*
 * row_triggers returns the members' triggers for deleted rows.
 */
static List *
row_triggers(int32 pipeline, const List *members)
{
	List *triggers = NIL;
	ListCell *cell;

	foreach (cell, members)
		triggers = lappend_oid(
			triggers,
			trigger_state(pipeline, ((const RawMember *) lfirst(cell))->relid, NULL).row_trigger);
	return triggers;
}

/*
 * captured_tables_add adds members, or records their triggers, in a fixed order, so that sessions
 * that write the same rows can't deadlock.
 */
void
captured_tables_add(int32 pipeline, const List *members)
{
	extension_run(
		"INSERT INTO sessionize.captured_table (pipeline_id, relid, row_trigger, made_in) "
		"SELECT $1, u.relid, nullif(u.trigger, 0), $4 "
		"FROM unnest($2, $3) AS u (relid, trigger) ORDER BY u.relid "
		"ON CONFLICT (relid, pipeline_id) "
		"DO UPDATE SET (row_trigger, made_in) = (excluded.row_trigger, excluded.made_in)",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline), SQL_OIDS(raw_tree_oids(members)),
				   SQL_OIDS(row_triggers(pipeline, members)), THIS_SYSTEM));
}

/*
 * captured_tables_learn records those triggers of members that are not recorded yet.
 */
void
captured_tables_learn(int32 pipeline, const List *members)
{
	extension_run(
		"UPDATE sessionize.captured_table AS t SET (row_trigger, made_in) = (u.trigger, $4) "
		"FROM unnest($2, $3) AS u (relid, trigger) WHERE t.pipeline_id = $1 AND t.relid = u.relid "
		"AND (t.row_trigger IS NULL OR t.made_in IS DISTINCT FROM $4)",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline), SQL_OIDS(raw_tree_oids(members)),
				   SQL_OIDS(row_triggers(pipeline, members)), THIS_SYSTEM));
}

/*
 * captured_tables_forget_triggers removes the recorded triggers of tables.
 */
void
captured_tables_forget_triggers(const List *oids)
{
	extension_run("UPDATE sessionize.captured_table SET row_trigger = NULL WHERE relid = ANY ($1)",
				  SQL_READ_WRITE, SQL_VALUES(SQL_OIDS(oids)));
}

/*
 * count_blocks returns the size of a table in blocks.
 */
static int64
count_blocks(const RawMember *member)
{
	Relation relation;
	int64 blocks;

	if (!raw_member_has_rows(member))
		return 0;
	relation = relation_open(member->relid, AccessShareLock);
	blocks = RelationGetNumberOfBlocks(relation);
	relation_close(relation, NoLock);
	return blocks;
}

/*
 * captured_tables_add_restored adds members that were restored from a dump.
 */
void
captured_tables_add_restored(int32 pipeline, const List *members)
{
	Datum *blocks = palloc(Max(list_length(members), 1) * sizeof(Datum));
	ArrayType *array;
	int n = 0;
	ListCell *cell;

	foreach (cell, members)
		blocks[n++] = Int64GetDatum(count_blocks(lfirst(cell)));
	array = construct_array(blocks, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	extension_run(
		"INSERT INTO sessionize.captured_table (pipeline_id, relid, restored_blocks, restored_at) "
		"SELECT $1, u.relid, u.blocks, clock_timestamp() FROM unnest($2, $3) AS u (relid, blocks) "
		"ORDER BY u.relid "
		"ON CONFLICT DO NOTHING",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline), SQL_OIDS(raw_tree_oids(members)),
				   sql_pointer_value(INT8ARRAYOID, array)));
}

/*
 * captured_tables_remove removes tables.
 */
void
captured_tables_remove(int32 pipeline, const List *oids)
{
	extension_run(
		"DELETE FROM sessionize.captured_table WHERE pipeline_id = $1 AND relid = ANY ($2)",
		SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline), SQL_OIDS(oids)));
}

/*
 * captured_tables_restored describes the tables that were restored from a dump, as the active
 * snapshot sees them.
 */
RestoredTables
captured_tables_restored(int32 pipeline)
{
	int64 numbers[3] = {0};

	/* a TimestampTz is a number of microseconds since the year 2000 */
	(void) extension_bigints(
		"SELECT count(*), coalesce(sum(t.restored_blocks), 0)::bigint, coalesce((extract(epoch "
		"FROM min(t.restored_at) - '2000-01-01Z'::timestamptz) * 1000000)::bigint, 0) "
		"FROM sessionize.captured_table AS t WHERE t.pipeline_id = $1 AND t.restored_blocks IS NOT "
		"NULL",
		SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline)), numbers, lengthof(numbers));
	return (RestoredTables){numbers[0], numbers[1], numbers[2]};
}

/*
 * captured_tables_settle notes that restored tables need no comparison with the star any longer.
 */
void
captured_tables_settle(int32 pipeline)
{
	extension_run("UPDATE sessionize.captured_table SET restored_blocks = NULL "
				  "WHERE pipeline_id = $1 AND restored_blocks IS NOT NULL",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline)));
}

/*
 * captured_tables_pipelines returns the pipelines that watch any of the tables.
 */
List *
captured_tables_pipelines(const List *oids)
{
	List *ids =
		extension_ids_now("SELECT DISTINCT t.pipeline_id FROM sessionize.captured_table AS t "
						  "WHERE t.relid = ANY ($1) ORDER BY 1",
						  SQL_VALUES(SQL_OIDS(oids)));
	List *refs = NIL;
	ListCell *cell;

	foreach (cell, ids)
	{
		PipelineRef *ref = catalog_pipeline_ref(lfirst_int(cell));

		if (ref != NULL)
			refs = lappend(refs, ref);
	}
	return refs;
}

/*
 * captured_tables_none tells whether the database has no pipeline.
 */
bool
captured_tables_none(void)
{
	Relation pipelines = try_relation_open(
		get_relname_relid("pipeline", get_namespace_oid("sessionize", false)), AccessShareLock);
	bool none = pipelines == NULL || RelationGetNumberOfBlocks(pipelines) == 0;

	if (pipelines != NULL)
		relation_close(pipelines, AccessShareLock);
	return none;
}
