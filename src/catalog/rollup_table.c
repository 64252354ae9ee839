/*
 * rollup_table.c
 *		The extension's own table of rollups.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "catalog/extension_sql.h"
#include "catalog/rollup_table.h"

/*
 * row_texts returns a column of type text[] as a list.
 */
static List *
row_texts(const SqlRow *row, int column)
{
	bool isnull;
	Datum *elements;
	int count;
	List *texts = NIL;

	deconstruct_array(DatumGetArrayTypeP(sql_row_datum(row, column, &isnull)), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
		texts = lappend(texts, TextDatumGetCString(elements[i]));
	return texts;
}

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
	rollup->by = row_texts(row, 5);
	rollup->measures = row_texts(row, 6);
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
 * texts_value returns a list of texts as a parameter of type text[].
 */
static SqlValue
texts_value(const List *texts)
{
	Datum *elements = palloc(Max(list_length(texts), 1) * sizeof(Datum));
	ArrayType *array;

	for (int i = 0; i < list_length(texts); i++)
		elements[i] = CStringGetTextDatum((const char *) list_nth(texts, i));
	array = construct_array(elements, list_length(texts), TEXTOID, -1, false, TYPALIGN_INT);
	return SQL_DATUM(TEXTARRAYOID, PointerGetDatum(array), false);
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
							 SQL_BOOL(rollup->of_events), texts_value(rollup->by),
							 texts_value(rollup->measures), SQL_BOOL(rollup->is_filled)));
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
