/*
 * parquet_stats.c
 *		What Delta's log says of a file: its rows, and the least and greatest values of its columns.
 *
 * The least may be less and the greatest more than they are in the file: a time in whole
 * milliseconds, which is what readers of Delta take them for.  Of texts, and of session keys, there
 * are none: a log outlives the files that it names, and what was erased must not stay in it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>

#include "parquet_files.h"

/* As many columns as Delta has statistics of, unless a table says otherwise. */
#define MOST_COLUMNS 32

/* Whose values say who it was, whatever their type. */
#define SESSION_KEY "session_key"

typedef struct Stats
{
	const LakeTable *table;
	int64_t *rows;
	Text *json;
} Stats;

/*
 * is_shown returns whether a column is one of those that have statistics.
 */
static bool
is_shown(const LakeTable *table, int i)
{
	int before = i - (table->partition >= 0 && table->partition < i ? 1 : 0);

	return i != table->partition && before < MOST_COLUMNS;
}

/*
 * put_bounds adds the expressions for a column's least and greatest value.
 */
static void
put_bounds(Text *sql, const LakeColumn *column, int i)
{
	switch (strcmp(column->name, SESSION_KEY) == 0 ? LAKE_STATS_NONE : column->type->stats)
	{
		case LAKE_STATS_NONE:
			text_put(sql, ", NULL::VARCHAR, NULL::VARCHAR");
			break;
		case LAKE_STATS_NUMBER:
			if (column->type->code == LAKE_DOUBLE)
				text_printf(sql,
							", CASE WHEN bool_and(isfinite(f%d)) THEN min(f%d) END::VARCHAR"
							", CASE WHEN bool_and(isfinite(f%d)) THEN max(f%d) END::VARCHAR",
							i, i, i, i);
			else
				text_printf(sql, ", min(f%d)::VARCHAR, max(f%d)::VARCHAR", i, i);
			break;
		case LAKE_STATS_DATE:
			text_printf(
				sql,
				", CASE WHEN year(min(f%d)) BETWEEN 1000 AND 9999 THEN min(f%d) END::VARCHAR"
				", CASE WHEN year(max(f%d)) BETWEEN 1000 AND 9999 THEN max(f%d) END::VARCHAR",
				i, i, i, i);
			break;
		case LAKE_STATS_TIMESTAMP:
			text_printf(
				sql,
				", CASE WHEN year(min(f%d)) BETWEEN 1000 AND 9998 THEN"
				" strftime(min(f%d), '%%Y-%%m-%%dT%%H:%%M:%%S.%%gZ') END"
				", CASE WHEN year(max(f%d)) BETWEEN 1000 AND 9998 THEN"
				" strftime(max(f%d) + to_microseconds(999), '%%Y-%%m-%%dT%%H:%%M:%%S.%%gZ') "
				"END",
				i, i, i, i);
			break;
	}
}

/*
 * make_query makes the query, in which the file's columns are called f0, f1 and so on.
 */
static void
make_query(Text *sql, const LakeTable *table, const char *path)
{
	const char *separator = "";

	text_put(sql, "SELECT count(*)::VARCHAR");
	for (int i = 0; i < table->count; i++)
		if (is_shown(table, i))
		{
			text_printf(sql, ", (count(*) - count(f%d))::VARCHAR", i);
			put_bounds(sql, &table->columns[i], i);
		}
	text_put(sql, " FROM read_parquet('");
	for (; *path != '\0'; path++)
		text_printf(sql, "%s%c", *path == '\'' ? "'" : "", *path);
	text_put(sql, "', hive_partitioning = false) AS file(");
	for (int i = 0; i < table->count; i++)
		if (i != table->partition)
		{
			text_printf(sql, "%sf%d", separator, i);
			separator = ", ";
		}
	text_put(sql, ")");
}

/*
 * put_value adds a bound in JSON.
 */
static void
put_value(Text *json, const LakeColumn *column, const DuckdbText *value)
{
	if (column->type->stats == LAKE_STATS_NUMBER)
		text_add(json, value->bytes, value->length);
	else
		text_put_json(json, value->bytes, value->length);
}

/*
 * put_object adds an object of one of the three values that each column has.
 */
static void
put_object(const Stats *stats, const char *name, const DuckdbText *values, int which)
{
	const char *separator = "";

	text_printf(stats->json, ",\"%s\":{", name);
	for (int i = 0, at = 1; i < stats->table->count; i++)
	{
		const LakeColumn *column = &stats->table->columns[i];
		const DuckdbText *value = &values[at + which];

		if (!is_shown(stats->table, i))
			continue;
		at += 3;
		if (value->bytes == NULL)
			continue;
		text_put(stats->json, separator);
		text_put_json(stats->json, column->name, strlen(column->name));
		text_put(stats->json, ":");
		if (which == 0)
			text_add(stats->json, value->bytes, value->length);
		else
			put_value(stats->json, column, value);
		separator = ",";
	}
	text_put(stats->json, "}");
}

/*
 * take_row makes JSON of the query's row.
 */
static bool
take_row(void *context, const DuckdbText *values)
{
	const Stats *stats = context;

	*stats->rows = strtoll(values[0].bytes, NULL, 10);
	text_printf(stats->json, "{\"numRecords\":%lld", (long long) *stats->rows);
	put_object(stats, "minValues", values, 1);
	put_object(stats, "maxValues", values, 2);
	put_object(stats, "nullCount", values, 0);
	text_put(stats->json, "}");
	return !stats->json->failed;
}

/*
 * parquet_stats reads a file.
 */
bool
parquet_stats(DuckdbSession *session, const LakeTable *table, const char *path, int64_t *rows,
			  Text *json)
{
	Stats stats = {table, rows, json};
	Text sql = {0};
	bool done;

	make_query(&sql, table, path);
	done = sql.failed ? fail_with(session->failure, "there is no memory for a statement")
					  : duckdb_session_run(session, sql.data, take_row, &stats);
	text_free(&sql);
	return done;
}
