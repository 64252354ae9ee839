/*
 * rollup_table.c
 *		The extension's own table of rollups.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/extension_sql.h"
#include "catalog/rollup_table.h"

/*
 * read_rollup adds a rollup to a list.
 */
static void
read_rollup(void *arg, const SqlRow *row)
{
	RollupList *list = arg;
	RollupDefinition *rollup;

	if (list->count == ROLLUPS_MAX)
		elog(ERROR, "a pipeline has too many rollups");
	rollup = &list->rollups[list->count++];
	rollup->number = sql_row_int4(row, 1);
	rollup_set_name(rollup, sql_row_text(row, 2));
	rollup->of_events = sql_row_bool(row, 3);
	rollup->is_filled = sql_row_bool(row, 4);
	rollup->by = sql_row_texts(row, 5);
	rollup->measures = sql_row_texts(row, 6);
}

/*
 * rollups_load reads a pipeline's rollups.
 */
const RollupList *
rollups_load(int32 pipeline, SqlAccess access)
{
	RollupList *list = palloc0(sizeof(RollupList));

	extension_visit("SELECT number::int, rollup::text, of_events, filled_at IS NOT NULL, "
					"by_columns, measures FROM sessionize.rollup "
					"WHERE pipeline_id = $1 ORDER BY number",
					access, SQL_VALUES(SQL_INT4(pipeline)), read_rollup, list);
	return list;
}

/*
 * rollup_add writes the row of a rollup.
 */
void
rollup_add(int32 pipeline, const RollupDefinition *rollup)
{
	extension_run("INSERT INTO sessionize.rollup (pipeline_id, number, rollup, of_events, "
				  "by_columns, measures, filled_at) "
				  "VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $7 THEN now() END)",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(rollup->number), SQL_TEXT(rollup->name),
							 SQL_BOOL(rollup->of_events), SQL_TEXTS(rollup->by),
							 SQL_TEXTS(rollup->measures), SQL_BOOL(rollup->is_filled)));
}

/*
 * rollup_set_filled notes that a rollup has what the star had when it was created.
 */
void
rollup_set_filled(int32 pipeline, int number)
{
	extension_run("UPDATE sessionize.rollup SET filled_at = now() "
				  "WHERE pipeline_id = $1 AND number = $2",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(number)));
}

/*
 * rollup_remove removes the row of a rollup.
 */
void
rollup_remove(int32 pipeline, int number)
{
	extension_run("DELETE FROM sessionize.rollup WHERE pipeline_id = $1 AND number = $2",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(number)));
}
