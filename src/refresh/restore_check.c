/*
 * restore_check.c
 *		Whether a star that comes out of a dump, and its raw rows, are completely restored.
 *
 * pg_restore creates the indexes of a table after it has loaded the table's rows, and loads tables
 * in any order.  A worker that sees the schedule before the last table is loaded must not write
 * rows that the dump is about to bring.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "audit/reconcile.h"
#include "capture/captured_tables.h"
#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "dirty/rebuild_need.h"
#include "refresh/restore_check.h"
#include "source/sealed_rows.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "star/star_ddl.h"
#include "star/star_upkeep.h"

/*
 * has_index tells whether a table of the star has an index or is marked as bare on purpose.
 * relhasindex stays true after the last index is dropped, until VACUUM.
 */
static bool
has_index(const Pipeline *pipeline, StarRelationId table)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(star_relation_oid(pipeline, table)));
	bool has = HeapTupleIsValid(tuple) && ((Form_pg_class) GETSTRUCT(tuple))->relhasindex;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return has || star_is_marked_bare(pipeline, table);
}

/*
 * find_bare returns the name of the first table without any index; NULL if there is none.
 */
static const char *
find_bare(const Pipeline *pipeline)
{
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star_relation_is(i, STAR_IS_INDEXED) && star_relation_is_used(pipeline, i) &&
			!has_index(pipeline, i))
			return star_relation(pipeline, i);
	return NULL;
}

/*
 * catalog_has_row tells whether a query of the extension's own tables, with the pipeline's id as
 * $1, finds anything.
 */
static bool
catalog_has_row(const char *query, const Pipeline *pipeline)
{
	return extension_run(query, SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id))) > 0;
}

/*
 * was_rebuilt_here tells whether the pipeline was ever rebuilt in this database, by the log of
 * runs, which is not dumped.
 */
static bool
was_rebuilt_here(const Pipeline *pipeline)
{
	return catalog_has_row(
		"SELECT FROM sessionize.run WHERE pipeline_id = $1 AND kind = 'rebuild' LIMIT 1", pipeline);
}

/*
 * lacks_account tells whether the star has rows but no row in sessionize.ledger, which every writer
 * of the star creates first.
 */
static bool
lacks_account(const Pipeline *pipeline)
{
	OwnerScope scope;
	bool empty;

	if (pipeline->built ||
		catalog_has_row("SELECT FROM sessionize.ledger WHERE pipeline_id = $1", pipeline))
		return false;
	owner_scope_enter(&scope, pipeline);
	empty = star_is_empty(pipeline);
	owner_scope_leave(&scope);
	return !empty;
}

/*
 * report_half reports a star that is being restored.
 */
pg_noreturn static void
report_half(const Pipeline *pipeline, const char *bare)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		 errmsg("the star of pipeline \"%s\" is not restored yet", pipeline->name),
		 bare == NULL
			 ? errdetail("It has rows, but sessionize.ledger has none of it.")
			 : errdetail("Table %s has no index, and no rebuild was ever run in this database.",
						 bare),
		 errhint("Wait until the dump is restored. If there is none: CALL sessionize.rebuild(%s);",
				 quote_literal_cstr(pipeline->name))));
}

/*
 * report_missing reports a star whose raw rows were not restored.
 */
pg_noreturn static void
report_missing(const Pipeline *pipeline, const MissingRows *rows)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the raw rows of pipeline \"%s\" were not restored with it", pipeline->name),
			 errdetail("Its star stands for " INT64_FORMAT " rows, and there are " INT64_FORMAT
					   ". To refresh a key would take away what it had.",
					   rows->represented, rows->rows),
			 errhint("Restore the rows of %s; or, to have the star say what is there, CALL "
					 "sessionize.rebuild(%s);",
					 sql_qualified_name(pipeline->source), quote_literal_cstr(pipeline->name))));
}

/*
 * is_missing tells whether raw rows that the star accounts for are missing.
 *
 * If the star is built, it is known which keys are pending, and the account of all other keys must
 * close; otherwise rows can only be counted.  But rows that were written since the restore may
 * belong to any key.  So a raw table that came out of the dump empty is a sign of its own, unless
 * all keys of the star were dirty before the restore.
 */
static bool
is_missing(const Pipeline *pipeline, const RestoredTables *tables, const MissingRows *rows)
{
	if (tables->blocks == 0 && reconcile_rows_settled(pipeline, tables->since) > 0)
		return true;
	return pipeline->built ? rows->missing > 0 : rows->rows < rows->represented;
}

/*
 * check_raw_rows checks once after a restore whether the raw rows that the star accounts for have
 * been restored.
 */
static void
check_raw_rows(Pipeline *pipeline)
{
	PipelineRef ref = {.id = pipeline->id, .name = pipeline->name, .source = pipeline->source};
	RestoredTables tables;
	MissingRows rows;

	PushActiveSnapshot(GetLatestSnapshot());
	tables = captured_tables_restored(pipeline->id);
	if (tables.tables > 0)
	{
		catalog_read_seal(pipeline);
		rows = reconcile_missing(pipeline);
		if (is_missing(pipeline, &tables, &rows))
			report_missing(pipeline, &rows);
		captured_tables_settle(pipeline->id);
		if (pipeline->built && rows.missing < 0)
			rebuild_need_note(&ref, NEED_ROWS_ADDED,
							  "Rows were there that the restored star did not have.");
	}
	PopActiveSnapshot();
}

/*
 * restore_check reports a star that is being restored, or was restored without its raw rows.
 *
 * An index that is missing in a star that is not being restored was dropped by an interrupted first
 * build, which leaves a mark, or by a user, which costs only time.
 */
void
restore_check(Pipeline *pipeline)
{
	const char *bare = find_bare(pipeline);

	if ((bare != NULL || lacks_account(pipeline)) && !was_rebuilt_here(pipeline))
		report_half(pipeline, bare);
	check_raw_rows(pipeline);
}
