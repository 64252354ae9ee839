/*
 * rollup_sql.c
 *		The SQL that reads and writes a rollup's tables.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "catalog/star_relation.h"
#include "compat.h"
#include "rollup/rollup_number.h"
#include "rollup/rollup_sql.h"
#include "spi/key_relation.h"
#include "spi/sql.h"
#include "star/star.h"

/*
 * number_name returns the name of a number, quoted.
 */
static const char *
number_name(const Rollup *rollup, int number)
{
	return quote_identifier(rollup->numbers[number].name);
}

/*
 * number_type returns the type of a number in SQL.
 */
static const char *
number_type(const Rollup *rollup, int number)
{
	return format_type_be(rollup->numbers[number].type);
}

/*
 * append_number_columns describes the numbers, from a column on, which are the last columns.
 */
static void
append_number_columns(TupleDesc desc, const Rollup *rollup, AttrNumber column)
{
	for (int i = 0; i < rollup->nnumbers; i++)
		TupleDescInitEntry(desc, column++, rollup->numbers[i].name, rollup->numbers[i].type, -1, 0);
	sz_finish_tuple_desc(desc);
}

/*
 * key_is_text tells whether the key is a text; else it has the type of the fact's column.
 */
static bool
key_is_text(const RollupKey *key)
{
	return key->column->dimension == DIMENSION_NONE && key->column->type == TEXTOID;
}

/*
 * table_name returns the name of the table of rows, or of changes.
 */
static char *
table_name(const Rollup *rollup, bool changes)
{
	return star_relation(rollup->pipeline,
						 (changes ? STAR_ROLLUP_CHANGES : STAR_ROLLUP_TABLE) + rollup->place);
}

/*
 * period_type returns the type of the grain of time.
 */
static const char *
period_type(const Rollup *rollup)
{
	return rollup->period == PERIOD_HOUR ? "timestamptz" : "date";
}

/*
 * rollup_columns_sql returns the definitions of the columns.
 */
char *
rollup_columns_sql(const Rollup *rollup)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "%s %s NOT NULL", rollup_period_name(rollup->period),
					 period_type(rollup));
	for (int i = 0; i < rollup->nkeys; i++)
	{
		const StarColumn *column = rollup->keys[i].column;

		appendStringInfo(&sql, ", %s %s NOT NULL", quote_identifier(column->name),
						 sql_column_type(star_column_type(column, rollup->pipeline)));
	}
	for (int i = 0; i < rollup->nnumbers; i++)
		appendStringInfo(&sql, ", %s %s NOT NULL", number_name(rollup, i), number_type(rollup, i));
	return sql.data;
}

/*
 * rollup_key_list returns the names of the columns that tell rows apart.
 */
char *
rollup_key_list(const Rollup *rollup)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, rollup_period_name(rollup->period));
	for (int i = 0; i < rollup->nkeys; i++)
		appendStringInfo(&sql, ", %s", quote_identifier(rollup->keys[i].column->name));
	return sql.data;
}

/*
 * append_numbers appends the numbers: each after a prefix and followed by a suffix.
 */
static void
append_numbers(StringInfo sql, const Rollup *rollup, const char *prefix, const char *suffix)
{
	for (int i = 0; i < rollup->nnumbers; i++)
		appendStringInfo(sql, "%s%s%s%s", i > 0 ? ", " : "", prefix, number_name(rollup, i),
						 suffix);
}

/*
 * column_list returns the names of all columns.
 */
static char *
column_list(const Rollup *rollup)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "%s, ", rollup_key_list(rollup));
	append_numbers(&sql, rollup, "", "");
	return sql.data;
}

/*
 * zeros returns as many zeros as there are numbers, of their types.
 */
static char *
zeros(const Rollup *rollup)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "ROW(");
	for (int i = 0; i < rollup->nnumbers; i++)
		appendStringInfo(&sql, "%s'0'::%s", i > 0 ? ", " : "", number_type(rollup, i));
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

/*
 * sums returns the sums of the numbers, in their types.
 */
static char *
sums(const Rollup *rollup, const char *prefix, bool named)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < rollup->nnumbers; i++)
	{
		appendStringInfo(&sql, "%ssum(%s%s)::%s", i > 0 ? ", " : "", prefix, number_name(rollup, i),
						 number_type(rollup, i));
		if (named)
			appendStringInfo(&sql, " AS %s", number_name(rollup, i));
	}
	return sql.data;
}

/*
 * period_sql returns the time of a row "s" of the fact, or of the live view over it, which has the
 * day in place of its key: for days without a key, -infinity.
 */
static char *
period_sql(const Rollup *rollup, bool derived)
{
	const char *day = derived ? "CASE WHEN s.date BETWEEN '0001-01-01' AND '9999-12-31' "
								"THEN s.date ELSE '-infinity'::date END"
							  : "CASE WHEN s.date_key > 10000 THEN make_date(s.date_key / 10000, "
								"s.date_key / 100 % 100, s.date_key % 100) "
								"ELSE '-infinity'::date END";

	switch (rollup->period)
	{
		case PERIOD_HOUR:
			/* date_trunc, which reads the names of the unit and of the zone, takes far longer */
			return psprintf("date_bin('1 hour', s.%s, '0001-01-01Z')", rollup->fact->time);
		case PERIOD_DAY:
			return pstrdup(day);
		case PERIOD_WEEK:
			return psprintf("date_trunc('week', (%s)::timestamp)::date", day);
		default:
			return psprintf("date_trunc('month', (%s)::timestamp)::date", day);
	}
}

/*
 * append_key appends a key of the rows "s" of the fact.
 */
static void
append_key(StringInfo sql, const RollupKey *key)
{
	const char *name = quote_identifier(key->column->name);

	appendStringInfo(sql,
					 key_is_text(key) ? ", coalesce(s.%s, '') COLLATE pg_catalog.\"C\" AS %s"
					 : key->column->dimension == DIMENSION_NONE ? ", coalesce(s.%s, false) AS %s"
																: ", coalesce(s.%s, 0) AS %s",
					 name, name);
}

/*
 * append_shown appends a column of the rollup's view, of the rows "s" of the live view.
 */
static void
append_shown(StringInfo sql, const RollupShown *shown)
{
	const char *name = quote_identifier(shown->name);

	appendStringInfo(sql,
					 shown->type == BOOLOID && shown->part == NULL ? ", coalesce(s.%s, false) AS %s"
																   : ", s.%s AS %s",
					 name, name);
}

/*
 * differences_sql returns a query that adds up rows "s" of the fact; or, derived, of the live view
 * over the fact, with the columns of the rollup's view.
 */
static char *
differences_sql(const Rollup *rollup, const char *from, bool derived)
{
	int nkeys = derived ? rollup->nshown : rollup->nkeys;
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s AS %s", period_sql(rollup, derived),
					 rollup_period_name(rollup->period));
	for (int i = 0; i < nkeys; i++)
	{
		if (derived)
			append_shown(&sql, &rollup->shown[i]);
		else
			append_key(&sql, &rollup->keys[i]);
	}
	for (int i = 0; i < rollup->nnumbers; i++)
	{
		appendStringInfoString(&sql, ", ");
		rollup_number_append_sql(&sql, rollup, &rollup->numbers[i]);
		appendStringInfo(&sql, " AS %s", number_name(rollup, i));
	}
	appendStringInfo(&sql, " FROM %s AS s GROUP BY 1", from);
	for (int i = 0; i < nkeys; i++)
		appendStringInfo(&sql, ", %d", i + 2);
	return sql.data;
}

/*
 * facts_sql returns all facts as rows that come.
 */
static char *
facts_sql(const Rollup *rollup)
{
	return psprintf("(SELECT 1 AS \"" ROLLUP_SIGN "\", f.* FROM ONLY %s AS f)",
					star_table_name(rollup->fact, rollup->pipeline));
}

/*
 * keys_sql returns the facts of the keys in KEY_ROWS as rows that go.
 */
static char *
keys_sql(const Rollup *rollup)
{
	const Pipeline *pipeline = rollup->pipeline;

	return psprintf("(SELECT -1 AS \"" ROLLUP_SIGN "\", f.* FROM ONLY %s AS f WHERE EXISTS "
					"(SELECT FROM " KEY_ROWS " AS k WHERE f.session_key %s k.session_key))",
					star_table_name(rollup->fact, pipeline),
					key_equals_sql(pipeline->types[SRC_SESSION_KEY]));
}

/*
 * insert_sql returns the statement that adds a query's rows to the changes.
 */
static char *
insert_sql(const Rollup *rollup, const char *query)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (%s) SELECT %s FROM (%s) AS q WHERE ROW(",
					 table_name(rollup, true), column_list(rollup), column_list(rollup), query);
	append_numbers(&sql, rollup, "q.", "");
	appendStringInfo(&sql, ") <> %s", zeros(rollup));
	return sql.data;
}

/*
 * rollup_insert_sql returns the statement that appends differences that are added up.
 */
char *
rollup_insert_sql(const Rollup *rollup)
{
	char *columns = column_list(rollup);

	return psprintf("INSERT INTO %s (%s) SELECT %s FROM " ROLLUP_ROWS, table_name(rollup, true),
					columns, columns);
}

/*
 * rollup_changes_desc returns the columns of differences.
 */
TupleDesc
rollup_changes_desc(const Rollup *rollup)
{
	TupleDesc desc = CreateTemplateTupleDesc(1 + rollup->nkeys + rollup->nnumbers);
	AttrNumber column = 1;

	TupleDescInitEntry(desc, column++, rollup_period_name(rollup->period),
					   rollup->period == PERIOD_HOUR ? TIMESTAMPTZOID : DATEOID, -1, 0);
	for (int i = 0; i < rollup->nkeys; i++)
		TupleDescInitEntry(desc, column++, rollup->keys[i].column->name,
						   star_column_type(rollup->keys[i].column, rollup->pipeline), -1, 0);
	append_number_columns(desc, rollup, column);
	return desc;
}

/*
 * rollup_subtract_keys_sql returns the statement that subtracts the facts of some keys.
 */
char *
rollup_subtract_keys_sql(const Rollup *rollup)
{
	return insert_sql(rollup, differences_sql(rollup, keys_sql(rollup), false));
}

/*
 * stored_sql returns the rows of a rollup's tables.
 */
static char *
stored_sql(const Rollup *rollup)
{
	char *columns = column_list(rollup);

	return psprintf("(SELECT %s FROM ONLY %s UNION ALL SELECT %s FROM ONLY %s)", columns,
					table_name(rollup, false), columns, table_name(rollup, true));
}

/*
 * rollup_repair_sql returns the statement that adds what the rollup lacks.
 */
char *
rollup_repair_sql(const Rollup *rollup)
{
	char *keys = rollup_key_list(rollup);
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT %s, %s FROM (%s UNION ALL SELECT %s, ", keys,
					 sums(rollup, "", true), differences_sql(rollup, facts_sql(rollup), false),
					 keys);
	append_numbers(&query, rollup, "- ", "");
	appendStringInfo(&query, " FROM %s AS r) AS d GROUP BY %s", stored_sql(rollup), keys);
	return insert_sql(rollup, query.data);
}

/*
 * value_sql returns the value of a column of the view, of the rows "r" with the dimensions "d0",
 * "d1", ...
 */
static char *
value_sql(const Rollup *rollup, const RollupShown *shown)
{
	const RollupKey *key = &rollup->keys[shown->key];

	if (shown->part != NULL)
		return psprintf("d%d.%s", shown->key, quote_identifier(shown->part));
	return psprintf(key_is_text(key) ? "nullif(r.%s, '')" : "r.%s",
					quote_identifier(key->column->name));
}

/*
 * joined_sql returns a query of rows of the tables, with members in place of surrogate keys.
 */
static char *
joined_sql(const Rollup *rollup, const char *from)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT r.%s", rollup_period_name(rollup->period));
	for (int i = 0; i < rollup->nshown; i++)
		appendStringInfo(&sql, ", %s AS %s", value_sql(rollup, &rollup->shown[i]),
						 quote_identifier(rollup->shown[i].name));
	appendStringInfoString(&sql, ", ");
	append_numbers(&sql, rollup, "r.", "");
	appendStringInfo(&sql, " FROM %s AS r", from);
	for (int i = 0; i < rollup->nkeys; i++)
	{
		const StarColumn *column = rollup->keys[i].column;
		const StarDimension *dimension;

		if (column->dimension == DIMENSION_NONE)
			continue;
		dimension = star_dimension(rollup->pipeline, column->dimension);
		appendStringInfo(&sql, " LEFT JOIN %s AS d%d ON d%d.%s = r.%s",
						 star_relation(rollup->pipeline, dimension->relation), i, i,
						 quote_identifier(dimension->key), quote_identifier(column->name));
	}
	return sql.data;
}

/*
 * shown_list returns the names of the view's columns by which it groups.
 */
static char *
shown_list(const Rollup *rollup)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, rollup_period_name(rollup->period));
	for (int i = 0; i < rollup->nshown; i++)
		appendStringInfo(&sql, ", %s", quote_identifier(rollup->shown[i].name));
	return sql.data;
}

/*
 * rollup_view_desc returns the view's columns.
 */
TupleDesc
rollup_view_desc(const Rollup *rollup)
{
	int count = 1 + rollup->nshown + rollup->nnumbers;
	TupleDesc desc = CreateTemplateTupleDesc(count);
	AttrNumber column = 1;

	TupleDescInitEntry(desc, column++, rollup_period_name(rollup->period),
					   rollup->period == PERIOD_HOUR ? TIMESTAMPTZOID : DATEOID, -1, 0);
	for (int i = 0; i < rollup->nshown; i++)
		TupleDescInitEntry(desc, column++, rollup->shown[i].name, rollup->shown[i].type, -1, 0);
	append_number_columns(desc, rollup, column);
	return desc;
}

/*
 * append_live appends a query of the rows that a live view adds.
 */
static void
append_live(StringInfo sql, const Rollup *rollup)
{
	TupleDesc desc = rollup_view_desc(rollup);

	appendStringInfo(sql, " UNION ALL SELECT l.* FROM sessionize.live_rollup(%d, %d) AS l (",
					 rollup->pipeline->id, rollup->definition->number);
	for (int i = 0; i < desc->natts; i++)
		appendStringInfo(sql, "%s%s %s", i > 0 ? ", " : "",
						 quote_identifier(NameStr(TupleDescAttr(desc, i)->attname)),
						 sql_column_type(TupleDescAttr(desc, i)->atttypid));
	appendStringInfoChar(sql, ')');
}

/*
 * rollup_view_sql returns the query of the view, or of its live form.  Until a rollup is filled,
 * the facts are added up in place of its tables for the live view.
 */
char *
rollup_view_sql(const Rollup *rollup, bool live)
{
	bool is_filled = rollup->definition->is_filled;
	const char *columns = shown_list(rollup);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(
		&sql, "SELECT %s, %s FROM (%s", columns, sums(rollup, "u.", true),
		joined_sql(rollup, live && !is_filled
							   ? psprintf("(%s)", differences_sql(rollup, facts_sql(rollup), false))
							   : stored_sql(rollup)));
	if (live)
		append_live(&sql, rollup);
	appendStringInfo(&sql, ") AS u GROUP BY %s HAVING sum(u.%s) <> 0%s", columns,
					 number_name(rollup, 0), live || is_filled ? "" : " AND false");
	return sql.data;
}

/*
 * rollup_live_sql returns the query of what the keys in KEY_ROWS lack.
 */
char *
rollup_live_sql(const Rollup *rollup, const char *derived)
{
	const char *gone = psprintf("(%s)", differences_sql(rollup, keys_sql(rollup), false));

	return psprintf(
		"%s UNION ALL %s", joined_sql(rollup, gone),
		differences_sql(rollup,
						psprintf("(SELECT 1 AS \"" ROLLUP_SIGN "\", l.* FROM %s AS l)", derived),
						true));
}

/*
 * rollup_merge_sql returns the statement that moves the changes into the table.
 */
char *
rollup_merge_sql(const Rollup *rollup)
{
	char *columns = column_list(rollup);
	char *keys = rollup_key_list(rollup);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql,
					 "WITH gone AS (DELETE FROM ONLY %s RETURNING %s), "
					 "summed AS (SELECT %s, %s FROM gone GROUP BY %s), "
					 "put AS (INSERT INTO %s AS r (%s) SELECT %s FROM summed AS g WHERE ROW(",
					 table_name(rollup, true), columns, keys, sums(rollup, "", true), keys,
					 table_name(rollup, false), columns, columns);
	append_numbers(&sql, rollup, "g.", "");
	appendStringInfo(&sql, ") <> %s ON CONFLICT (%s) DO UPDATE SET ", zeros(rollup), keys);
	for (int i = 0; i < rollup->nnumbers; i++)
	{
		const char *name = number_name(rollup, i);

		appendStringInfo(&sql, "%s%s = r.%s + excluded.%s", i > 0 ? ", " : "", name, name, name);
	}
	appendStringInfo(&sql, " RETURNING r.%s AS n) SELECT count(*) FROM put WHERE n = 0",
					 number_name(rollup, 0));
	return sql.data;
}

/*
 * rollup_sweep_sql returns the statement that deletes the rows without any fact.
 */
char *
rollup_sweep_sql(const Rollup *rollup)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "DELETE FROM ONLY %s AS r WHERE ROW(", table_name(rollup, false));
	append_numbers(&sql, rollup, "r.", "");
	appendStringInfo(&sql, ") = %s", zeros(rollup));
	return sql.data;
}

/*
 * rollup_differences_sql returns the query for the differences between a rollup and the facts.
 */
char *
rollup_differences_sql(const Rollup *rollup)
{
	char *keys = rollup_key_list(rollup);
	char *total = sums(rollup, "q.", false);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(
		&sql,
		"WITH stored AS (SELECT %s, %s FROM %s AS q GROUP BY %s HAVING ROW(%s) <> %s), "
		"expected AS (%s) "
		"SELECT %s, CASE WHEN s IS NULL THEN 'missing' WHEN e IS NULL THEN "
		"'unexpected' ELSE 'different' END, NULL::text, to_jsonb(s), to_jsonb(e) "
		"FROM stored AS s FULL JOIN expected AS e USING (%s) "
		"WHERE s IS NULL OR e IS NULL OR ROW(",
		keys, sums(rollup, "q.", true), stored_sql(rollup), keys, total, zeros(rollup),
		differences_sql(rollup, facts_sql(rollup), false),
		quote_literal_cstr(rollup->definition->name), keys);
	append_numbers(&sql, rollup, "s.", "");
	appendStringInfoString(&sql, ") <> ROW(");
	append_numbers(&sql, rollup, "e.", "");
	appendStringInfoChar(&sql, ')');
	return sql.data;
}
