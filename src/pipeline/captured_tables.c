/*
 * captured_tables.c
 *		Which tables a pipeline's capture watches: the only file that names sessionize.captured_table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "pipeline/captured_tables.h"
#include "pipeline/sql.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/*
 * oid_array returns OIDs as an array.
 */
static Datum
oid_array(const List *oids)
{
	Datum *values = palloc(Max(list_length(oids), 1) * sizeof(Datum));
	int n = 0;
	ListCell *cell;

	foreach (cell, oids)
		values[n++] = ObjectIdGetDatum(lfirst_oid(cell));
	return PointerGetDatum(construct_array(values, n, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
}

/*
 * execute runs a statement with a pipeline's id, an array of OIDs and one of bigints as its parameters, as
 * the extension's owner.
 */
static void
execute(const char *sql, int32 pipeline, const List *oids, Datum blocks)
{
	Oid types[] = {INT4OID, OIDARRAYOID, INT8ARRAYOID};
	Datum values[] = {Int32GetDatum(pipeline), oid_array(oids), blocks};
	const char *nulls = blocks == (Datum) 0 ? "  n" : "   ";
	OwnerScope scope;

	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args(sql, lengthof(types), types, values, nulls, false, 0) < 0)
		elog(ERROR, "could not write sessionize.captured_table");
	SPI_finish();
	owner_scope_leave(&scope);
}

/*
 * read_oids returns the first column of a query's rows as a list; the query has an id and an array of OIDs
 * as its parameters.  In the active snapshot.
 */
static List *
read_oids(const char *sql, int32 pipeline, const List *oids)
{
	MemoryContext context = CurrentMemoryContext;
	Oid types[] = {INT4OID, OIDARRAYOID};
	Datum values[] = {Int32GetDatum(pipeline), oid_array(oids)};
	List *result = NIL;
	OwnerScope scope;

	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args(sql, lengthof(types), types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read sessionize.captured_table");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(context);
		bool isnull;

		result = lappend_oid(result, DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i],
																	SPI_tuptable->tupdesc, 1, &isnull)));
		MemoryContextSwitchTo(caller);
	}
	SPI_finish();
	owner_scope_leave(&scope);
	return result;
}

/*
 * captured_tables_load returns a pipeline's tables.
 */
List *
captured_tables_load(int32 pipeline)
{
	return read_oids("SELECT t.relid FROM sessionize.captured_table AS t WHERE t.pipeline_id = $1 "
					 "ORDER BY t.relid",
					 pipeline, NIL);
}

/*
 * captured_tables_add adds members.
 */
void
captured_tables_add(int32 pipeline, const List *members)
{
	/* in one order, so that two who add the same wait for each other and no more */
	execute("INSERT INTO sessionize.captured_table (pipeline_id, relid) "
			"SELECT $1, o FROM unnest($2) AS u (o) ORDER BY o ON CONFLICT DO NOTHING",
			pipeline, raw_tree_oids(members), (Datum) 0);
}

/*
 * count_blocks returns how many blocks of rows a table has, -1 for one that has no rows of its own.
 */
static int64
count_blocks(const RawMember *member)
{
	Relation relation;
	int64 blocks;

	if (!raw_member_has_rows(member))
		return -1;
	relation = relation_open(member->relid, AccessShareLock);
	blocks = RelationGetNumberOfBlocks(relation);
	relation_close(relation, NoLock);
	return blocks;
}

/*
 * captured_tables_add_restored adds members that come out of a dump.
 */
void
captured_tables_add_restored(int32 pipeline, const List *members)
{
	Datum *blocks = palloc(Max(list_length(members), 1) * sizeof(Datum));
	int n = 0;
	ListCell *cell;

	foreach (cell, members)
		blocks[n++] = Int64GetDatum(count_blocks(lfirst(cell)));
	execute("INSERT INTO sessionize.captured_table (pipeline_id, relid, restored_blocks) "
			"SELECT $1, o, nullif(b, -1) FROM unnest($2, $3) AS u (o, b) ORDER BY o ON CONFLICT DO NOTHING",
			pipeline, raw_tree_oids(members),
			PointerGetDatum(
				construct_array(blocks, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)));
}

/*
 * captured_tables_remove removes tables.
 */
void
captured_tables_remove(int32 pipeline, const List *oids)
{
	execute("DELETE FROM sessionize.captured_table WHERE pipeline_id = $1 AND relid = ANY ($2)", pipeline,
			oids, (Datum) 0);
}

/*
 * captured_tables_restored tells about the tables that come out of a dump, as the active snapshot sees it.
 */
RestoredTables
captured_tables_restored(int32 pipeline)
{
	int64 numbers[2] = {0};
	OwnerScope scope;

	extension_scope_enter(&scope);
	(void) sql_query_bigints(psprintf("SELECT count(*), coalesce(sum(t.restored_blocks), 0)::bigint "
									  "FROM sessionize.captured_table AS t "
									  "WHERE t.pipeline_id = %d AND t.restored_blocks IS NOT NULL",
									  pipeline),
							 numbers, lengthof(numbers));
	owner_scope_leave(&scope);
	return (RestoredTables){numbers[0], numbers[1]};
}

/*
 * captured_tables_settle notes that nothing is to be asked about them any more.
 */
void
captured_tables_settle(int32 pipeline)
{
	OwnerScope scope;

	extension_scope_enter(&scope);
	sql_executef("UPDATE sessionize.captured_table SET restored_blocks = NULL "
				 "WHERE pipeline_id = %d AND restored_blocks IS NOT NULL",
				 pipeline);
	owner_scope_leave(&scope);
}

/*
 * captured_tables_pipelines returns the pipelines of tables.
 */
List *
captured_tables_pipelines(const List *oids)
{
	List *refs = NIL;
	List *ids;
	ListCell *cell;

	PushActiveSnapshot(GetLatestSnapshot());
	ids = read_oids("SELECT DISTINCT t.pipeline_id::oid FROM sessionize.captured_table AS t "
					"WHERE t.relid = ANY ($2) ORDER BY 1",
					0, oids);
	PopActiveSnapshot();
	foreach (cell, ids)
	{
		PipelineRef *ref = catalog_pipeline_ref((int32) lfirst_oid(cell));

		if (ref != NULL)
			refs = lappend(refs, ref);
	}
	return refs;
}

/*
 * captured_tables_none tells whether there is no pipeline.
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
