/*
 * star_read.c
 *		Reading the rows of the star's tables.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "spi/key_index.h"
#include "spi/key_relation.h"
#include "spi/sql.h"
#include "star/star.h"
#include "star/star_read.h"
#include "star/stored_rows.h"

/*
 * star_sequence returns the sequence of a table's surrogate key.
 */
Oid
star_sequence(const Pipeline *pipeline, const StarTable *table)
{
	Datum sequence = DirectFunctionCall2Coll(pg_get_serial_sequence, InvalidOid,
											 CStringGetTextDatum(star_table_name(table, pipeline)),
											 CStringGetTextDatum(table->surrogate));

	return DatumGetObjectId(
		DirectFunctionCall1(regclassin, DirectFunctionCall1(textout, sequence)));
}

/*
 * append_query appends the query for the table's rows; from and condition select the rows.
 */
static void
append_query(StringInfo sql, const StarTable *table, const Pipeline *pipeline, const char *from,
			 const char *condition)
{
	appendStringInfoString(sql, "SELECT ");
	for (int i = 0; i < table->ncolumns; i++)
	{
		const StarColumn *column = &table->columns[i];

		appendStringInfo(sql, "%s%s, ", column->sql ? column->sql : "f.",
						 column->sql ? "" : quote_identifier(column->name));
	}
	appendStringInfo(sql, "%s, f.ctid, f.xmin FROM %sONLY %s AS f",
					 table->extra ? table->extra : "0::bigint", from,
					 star_table_name(table, pipeline));
	if (table->joins != NULL)
		appendStringInfoString(sql, star_sql_text(pipeline, table->joins));
	appendStringInfo(sql, " WHERE %s%s", table->where ? table->where : "true", condition);
}

/*
 * query_rows runs the query.  If it is for some keys only, and there is an index that begins with
 * the key, the planner is made to use the index.
 */
static StoredRows *
query_rows(MemoryContext parent, const StarTable *table, const StoredQuery *query)
{
	Oid relation = star_relation_oid(query->pipeline, table->relation);
	bool by_index =
		query->keys != NULL && (table->in_pieces || table->relation == STAR_QUARANTINE) &&
		OidIsValid(relation) && key_index_exists(relation, table->columns[table->session_key].name);
	int level = by_index ? key_index_enter() : 0;
	StoredRows *rows = stored_rows_read(parent, query);

	if (by_index)
		key_index_leave(level);
	return rows;
}

/*
 * read_rows reads the table's rows by a query of which everything but the text and the columns is
 * filled in.
 */
static StoredRows *
read_rows(MemoryContext parent, const StarTable *table, StoredQuery *query, const char *from,
		  const char *condition)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(parent);
	StringInfoData sql;
	StoredRows *rows;

	initStringInfo(&sql);
	append_query(&sql, table, query->pipeline, from, condition);
	if (query->keys != NULL && query->keys->nwindows > 0 && table->time != NULL)
	{
		appendStringInfoString(&sql, " UNION ALL ");
		append_query(
			&sql, table, query->pipeline, KEY_WINDOWS " AS k, ",
			psprintf(" AND f.session_key %s k.session_key AND f.%s >= k.%s AND f.%s < k.until",
					 key_equals_sql(query->keys->type), table->time, table->since, table->time));
	}
	if (query->keys != NULL && query->keys->has_null)
	{
		appendStringInfoString(&sql, " UNION ALL ");
		append_query(&sql, table, query->pipeline, "", " AND f.session_key" SQL_IS_NULL);
	}
	query->sql = sql.data;
	query->shape = star_row_shape(table, query->pipeline);
	query->key_column = table->in_pieces ? table->session_key : -1;
	query->sum_column = ROW_EXTRA(table);
	query->stale_column = table->session_key;
	rows = query_rows(parent, table, query);
	MemoryContextSwitchTo(oldcontext);
	return rows;
}

/*
 * star_read_rows reads a table's rows and splits them into pieces.
 */
StoredRows *
star_read_rows(MemoryContext parent, const Pipeline *pipeline, const StarTable *table, int pieces,
			   const bool *wanted, Size budget, bool read_only)
{
	StoredQuery query = {.pipeline = pipeline,
						 .pieces = pieces,
						 .wanted = wanted,
						 .budget = budget,
						 .read_only = read_only};

	return read_rows(parent, table, &query, "", "");
}

/*
 * star_read_settled reads the rows of all keys that are not stale.
 */
StoredRows *
star_read_settled(MemoryContext parent, const Pipeline *pipeline, const StarTable *table,
				  int pieces, const bool *wanted, const StaleKeys *stale, Size budget)
{
	StoredQuery query = {.pipeline = pipeline,
						 .pieces = pieces,
						 .wanted = wanted,
						 .budget = budget,
						 .read_only = true,
						 .stale = stale};

	return read_rows(parent, table, &query, "", "");
}

/*
 * star_read_keys reads the rows of some keys.
 */
StoredRows *
star_read_keys(MemoryContext parent, const Pipeline *pipeline, const StarTable *table, int pieces,
			   const KeyRelation *keys, Size budget)
{
	StoredQuery query = {
		.pipeline = pipeline, .pieces = pieces, .budget = budget, .read_only = true, .keys = keys};

	return read_rows(parent, table, &query, KEY_ROWS " AS k, ",
					 psprintf(" AND f.session_key %s k.session_key", key_equals_sql(keys->type)));
}
