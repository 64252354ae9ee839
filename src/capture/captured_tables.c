/*
 * captured_tables.c
 *		Which tables a pipeline's capture watches: the only file that names sessionize.captured_table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "capture/captured_tables.h"
#include "capture/trigger_state.h"
#include "catalog/owner_scope.h"
#include "spi/scope.h"
#include "spi/sql.h"

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

/* A statement's parameters: an id, and for each table its OID, a trigger's, and a number. */
typedef struct Parameters
{
	int32 pipeline;
	const List *tables;
	const List *triggers; /* NIL: none */
	Datum blocks;         /* bigint[]; 0: none */
} Parameters;

/*
 * execute runs a statement as the extension's owner, inside a connection to SPI, and returns the scope; both stay
 * open.
 */
static OwnerScope
execute(const char *sql, bool read_only, const Parameters *parameters)
{
	Oid types[] = {INT4OID, OIDARRAYOID, OIDARRAYOID, INT8ARRAYOID, INT8OID};
	Datum values[] = {Int32GetDatum(parameters->pipeline), oid_array(parameters->tables),
					  oid_array(parameters->triggers), parameters->blocks,
					  Int64GetDatum((int64) GetSystemIdentifier())};
	OwnerScope scope;

	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args(sql, lengthof(types), types, values,
							  parameters->blocks == (Datum) 0 ? "   n " : NULL, read_only, 0) < 0)
		elog(ERROR, "could not use sessionize.captured_table");
	return scope;
}

/*
 * finish ends what execute has begun.
 */
static void
finish(OwnerScope *scope)
{
	SPI_finish();
	owner_scope_leave(scope);
}

/*
 * write_rows runs a statement that writes.
 */
static void
write_rows(const char *sql, const Parameters *parameters)
{
	OwnerScope scope = execute(sql, false, parameters);

	finish(&scope);
}

/*
 * row_oid returns a column of a row that a statement found, InvalidOid for NULL.
 */
static Oid
row_oid(uint64 row, int column)
{
	bool isnull;
	Datum value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(value);
}

/*
 * captured_tables_read returns a pipeline's tables.  pg_upgrade keeps the OIDs of tables, not those of triggers.
 */
List *
captured_tables_read(int32 pipeline)
{
	MemoryContext context = CurrentMemoryContext;
	OwnerScope scope = execute("SELECT t.relid, CASE WHEN t.made_in = $5 THEN t.row_trigger END "
							   "FROM sessionize.captured_table AS t WHERE t.pipeline_id = $1 ORDER BY 1",
							   true, &(Parameters){.pipeline = pipeline});
	List *tables = NIL;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(context);
		CapturedTable *table = palloc(sizeof(CapturedTable));

		*table = (CapturedTable){row_oid(i, 1), row_oid(i, 2)};
		tables = lappend(tables, table);
		MemoryContextSwitchTo(caller);
	}
	finish(&scope);
	return tables;
}

/*
 * captured_tables_load returns their OIDs.
 */
List *
captured_tables_load(int32 pipeline)
{
	List *oids = NIL;
	ListCell *cell;

	foreach (cell, captured_tables_read(pipeline))
		oids = lappend_oid(oids, ((const CapturedTable *) lfirst(cell))->relid);
	return oids;
}

/*
 * row_triggers returns the triggers for deleted rows of members.
 */
static List *
row_triggers(int32 pipeline, const List *members)
{
	List *triggers = NIL;
	ListCell *cell;

	foreach (cell, members)
		triggers = lappend_oid(
			triggers, trigger_state(pipeline, ((const RawMember *) lfirst(cell))->relid, NULL).row_trigger);
	return triggers;
}

/* Rows for members; in one order, so that two who write the same wait for each other and no more. */
#define FROM_MEMBERS "FROM unnest($2, $3) AS u (relid, trigger) ORDER BY u.relid"

/*
 * captured_tables_add adds members.
 */
void
captured_tables_add(int32 pipeline, const List *members)
{
	write_rows("INSERT INTO sessionize.captured_table (pipeline_id, relid, row_trigger, made_in) "
			   "SELECT $1, u.relid, nullif(u.trigger, 0), $5 " FROM_MEMBERS
			   " ON CONFLICT (relid, pipeline_id) "
			   "DO UPDATE SET (row_trigger, made_in) = (excluded.row_trigger, excluded.made_in)",
			   &(Parameters){pipeline, raw_tree_oids(members), row_triggers(pipeline, members), 0});
}

/*
 * captured_tables_learn notes the triggers of members that are not known.
 */
void
captured_tables_learn(int32 pipeline, const List *members)
{
	write_rows("UPDATE sessionize.captured_table AS t SET (row_trigger, made_in) = (u.trigger, $5) "
			   "FROM unnest($2, $3) AS u (relid, trigger) WHERE t.pipeline_id = $1 AND t.relid = u.relid "
			   "AND (t.row_trigger IS NULL OR t.made_in IS DISTINCT FROM $5)",
			   &(Parameters){pipeline, raw_tree_oids(members), row_triggers(pipeline, members), 0});
}

/*
 * captured_tables_forget_triggers forgets the triggers of tables.
 */
void
captured_tables_forget_triggers(const List *oids)
{
	write_rows("UPDATE sessionize.captured_table SET row_trigger = NULL WHERE relid = ANY ($2)",
			   &(Parameters){.tables = oids});
}

/*
 * count_blocks returns how many blocks of rows a table has.
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
 * captured_tables_add_restored adds members that come out of a dump.  Not all of their triggers need be there.
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
	write_rows("INSERT INTO sessionize.captured_table (pipeline_id, relid, restored_blocks, restored_at) "
			   "SELECT $1, u.relid, u.blocks, clock_timestamp() FROM unnest($2, $4) AS u (relid, blocks) "
			   "ORDER BY u.relid "
			   "ON CONFLICT DO NOTHING",
			   &(Parameters){pipeline, raw_tree_oids(members), NIL, PointerGetDatum(array)});
}

/*
 * captured_tables_remove removes tables.
 */
void
captured_tables_remove(int32 pipeline, const List *oids)
{
	write_rows("DELETE FROM sessionize.captured_table WHERE pipeline_id = $1 AND relid = ANY ($2)",
			   &(Parameters){.pipeline = pipeline, .tables = oids});
}

/*
 * captured_tables_restored tells about the tables that come out of a dump, as the active snapshot sees it.
 */
RestoredTables
captured_tables_restored(int32 pipeline)
{
	int64 numbers[3] = {0};
	OwnerScope scope;

	extension_scope_enter(&scope);
	/* an instant is a number of microseconds since the year 2000 */
	(void) sql_query_bigints(
		psprintf("SELECT count(*), coalesce(sum(t.restored_blocks), 0)::bigint, coalesce((extract(epoch FROM "
				 "min(t.restored_at) - '2000-01-01Z'::timestamptz) * 1000000)::bigint, 0) "
				 "FROM sessionize.captured_table AS t "
				 "WHERE t.pipeline_id = %d AND t.restored_blocks IS NOT NULL",
				 pipeline),
		numbers, lengthof(numbers));
	owner_scope_leave(&scope);
	return (RestoredTables){numbers[0], numbers[1], numbers[2]};
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
 * pipeline_ids returns the ids of the pipelines of tables.
 */
static List *
pipeline_ids(const List *oids)
{
	MemoryContext context = CurrentMemoryContext;
	List *ids = NIL;
	OwnerScope scope;

	PushActiveSnapshot(GetLatestSnapshot());
	scope = execute("SELECT DISTINCT t.pipeline_id::oid FROM sessionize.captured_table AS t "
					"WHERE t.relid = ANY ($2) ORDER BY 1",
					true, &(Parameters){.tables = oids});
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(context);

		ids = lappend_oid(ids, row_oid(i, 1));
		MemoryContextSwitchTo(caller);
	}
	finish(&scope);
	PopActiveSnapshot();
	return ids;
}

/*
 * captured_tables_pipelines returns the pipelines of tables.
 */
List *
captured_tables_pipelines(const List *oids)
{
	List *refs = NIL;
	ListCell *cell;

	foreach (cell, pipeline_ids(oids))
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
