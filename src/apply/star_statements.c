/*
 * star_statements.c
 *		The SQL that writes a star table from the rows of a tuplestore.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "apply/star_statements.h"
#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "spi/key_relation.h"
#include "spi/sql.h"
#include "star/star.h"

/*
 * append_columns appends the names of the table's columns from number first on, each with a
 * prefix.  assign: as assignments of UPDATE.
 */
static void
append_columns(StringInfo sql, const StarTable *table, int first, const char *prefix, bool assign)
{
	for (int i = first; i < table->ncolumns; i++)
	{
		const char *name = quote_identifier(table->columns[i].name);

		appendStringInfo(sql, "%s", i > first ? ", " : "");
		if (assign)
			appendStringInfo(sql, "%s = ", name);
		appendStringInfo(sql, "%s%s", prefix, name);
	}
}

/*
 * star_insert_sql inserts rows.
 */
char *
star_insert_sql(const StarTable *table, const Pipeline *pipeline, const char *rows)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (", star_table_name(table, pipeline));
	append_columns(&sql, table, 0, "", false);
	appendStringInfo(&sql, "%s%s%s%s) SELECT ", table->surrogate ? ", " : "",
					 table->surrogate ? table->surrogate : "", table->stamp ? ", " : "",
					 table->stamp ? table->stamp : "");
	append_columns(&sql, table, 0, "s.", false);
	appendStringInfo(&sql, "%s%s FROM %s AS s ON CONFLICT DO NOTHING",
					 table->surrogate ? ", s.row_extra" : "", table->stamp ? ", now()" : "", rows);
	return sql.data;
}

/*
 * star_update_sql updates rows.
 */
char *
star_update_sql(const StarTable *table, const Pipeline *pipeline, const char *rows)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE ONLY %s AS f SET ", star_table_name(table, pipeline));
	append_columns(&sql, table, table->identity, "s.", true);
	if (table->stamp != NULL && !table->stamp_stays)
		appendStringInfo(&sql, ", %s = now()", table->stamp);
	appendStringInfo(&sql, " FROM %s AS s WHERE f.ctid = s.row_at AND f.xmin = s.row_xmin", rows);
	return sql.data;
}

/*
 * star_delete_sql deletes rows.
 */
char *
star_delete_sql(const StarTable *table, const Pipeline *pipeline, const char *rows)
{
	return psprintf(
		"DELETE FROM ONLY %s AS f USING %s AS s WHERE f.ctid = s.row_at AND f.xmin = s.row_xmin",
		star_table_name(table, pipeline), rows);
}

/*
 * star_delete_same_sql deletes rows by the value of the first column.
 */
char *
star_delete_same_sql(const StarTable *table, const Pipeline *pipeline, const char *rows)
{
	return psprintf("DELETE FROM ONLY %s AS f USING %s AS s WHERE f.%s = s.%s",
					star_table_name(table, pipeline), rows, table->columns[0].name,
					table->columns[0].name);
}

/*
 * star_alias_sql writes session_alias.
 */
char *
star_alias_sql(const Pipeline *pipeline, const char *deleted, const char *added)
{
	return star_sql(
		pipeline,
		"INSERT INTO @session_alias (old_session_id, new_session_id, session_key, reason) "
		"SELECT o.session_id, n.session_id, o.session_key, CASE WHEN n.session_id IS NULL THEN "
		"'gone' WHEN n.session_id IN (SELECT m.session_id FROM %s AS m) THEN 'moved' ELSE 'merged' "
		"END "
		"FROM %s AS o LEFT JOIN LATERAL (SELECT f.session_id FROM ONLY @fact_session AS f "
		"WHERE f.session_key %s o.session_key AND f.started_at <= o.ended_at AND f.ended_at >= "
		"o.started_at "
		"ORDER BY f.started_at, f.session_id LIMIT 1) AS n ON true "
		"WHERE o.session_id IS NOT NULL AND o.session_key" SQL_IS_NOT_NULL,
		added, deleted, key_equals_sql(pipeline->types[SRC_SESSION_KEY]));
}
