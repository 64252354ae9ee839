/*
 * keyed_source.c
 *		SQL for the raw rows of some keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog/pipeline.h"
#include "source/keyed_source.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"
#include "spi/sql.h"
#include "utils/expression.h"

#define RAW_ALIAS "t"

/*
 * is_of_array tells whether the keys are given as an array.
 */
static inline bool
is_of_array(KeyedRows rows)
{
	return rows == ROWS_OF_ARRAY || rows == ROWS_OF_ARRAY_IN_TIME;
}

/*
 * is_of_windows tells whether the query joins with windows of keys.
 */
static inline bool
is_of_windows(KeyedRows rows)
{
	return rows == ROWS_OF_WINDOWS || rows == ROWS_OF_EARLIER_WINDOWS;
}

/*
 * mapped returns a column's expression over the raw table, which has range table index 1 in it.
 */
static Node *
mapped(const SourceMapping *mapping, SourceColumn column)
{
	Node *expression = copyObject(source_expression(mapping, column));

	ChangeVarNodes(expression, (int) mapping->varno, 1, 0);
	return expression;
}

/*
 * own_key returns the key's expression without the collation that the view adds.
 */
static Node *
own_key(Node *key)
{
	return IsA(key, CollateExpr) ? (Node *) ((CollateExpr *) key)->arg : key;
}

/*
 * append_array_condition appends the condition that a row's key is in the array $1.
 */
static void
append_array_condition(StringInfo sql, const Pipeline *pipeline, Relation raw, Node *key)
{
	char *own = expression_text(raw, own_key(key), RAW_ALIAS);
	char *equals = key_equals_sql(pipeline->types[SRC_SESSION_KEY]);
	Oid collation = exprCollation(own_key(key));

	if (own_key(key) == key || !OidIsValid(collation))
	{
		appendStringInfo(sql, "(%s) %s ANY ($1)", expression_text(raw, key, RAW_ALIAS), equals);
		return;
	}
	appendStringInfo(sql, "(%s) %s ANY ($1 COLLATE %s)", own, equals,
					 sql_collation_name(collation));
	/* for a deterministic collation, equal values are equal in C, too */
	if (!get_collation_isdeterministic(collation))
		appendStringInfo(sql, " AND (%s) %s ANY ($1)", expression_text(raw, key, RAW_ALIAS),
						 equals);
}

/*
 * append_key_condition appends the condition that a row's key is NULL or equals k.session_key.
 */
static void
append_key_condition(StringInfo sql, const Pipeline *pipeline, Relation raw, Node *key,
					 KeyedRows rows)
{
	char *own = expression_text(raw, own_key(key), RAW_ALIAS);
	char *equals;

	if (rows == ROWS_WITHOUT_KEY)
	{
		appendStringInfo(sql, "(%s)" SQL_IS_NULL, own);
		return;
	}
	equals = key_equals_sql(pipeline->types[SRC_SESSION_KEY]);
	if (own_key(key) == key || !OidIsValid(exprCollation(own_key(key))))
	{
		appendStringInfo(sql, "(%s) %s k.session_key", expression_text(raw, key, RAW_ALIAS),
						 equals);
		return;
	}
	/* the first condition uses the user's index, the second one keeps keys that are equal in C */
	appendStringInfo(sql, "(%s) %s (k.session_key COLLATE %s) AND (%s) %s k.session_key", own,
					 equals, sql_collation_name(exprCollation(own_key(key))),
					 expression_text(raw, key, RAW_ALIAS), equals);
}

/*
 * append_condition appends the conditions for key and time.
 */
static void
append_condition(StringInfo sql, const Pipeline *pipeline, const SourceMapping *mapping,
				 Relation raw, KeyedRows rows)
{
	Node *key = mapped(mapping, SRC_SESSION_KEY);

	if (is_of_array(rows))
		append_array_condition(sql, pipeline, raw, key);
	else
		append_key_condition(sql, pipeline, raw, key, rows);
	if (is_of_windows(rows) || rows == ROWS_OF_ARRAY_IN_TIME)
		appendStringInfo(
			sql, " AND (%s) BETWEEN %s",
			expression_text(raw, mapped(mapping, source_time_column(mapping)), RAW_ALIAS),
			is_of_windows(rows) ? "k.read_since AND k.read_until" : "$2 AND $3");
	if (rows == ROWS_OF_EARLIER_WINDOWS)
		appendStringInfoString(sql, " AND k.read_since > '-infinity' AND k.read_since < $1");
}

/*
 * rows_name returns the name of the relation of keys to join with.
 */
static const char *
rows_name(KeyedRows rows)
{
	return is_of_windows(rows) ? KEY_WINDOWS : KEY_ROWS;
}

/*
 * keyed_from_sql returns FROM and WHERE, without the word FROM.
 */
char *
keyed_from_sql(const Pipeline *pipeline, const SourceMapping *mapping, KeyedRows rows)
{
	Relation raw = table_open(pipeline->source, AccessShareLock);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "%s AS " RAW_ALIAS, sql_qualified_name(pipeline->source));
	if (rows != ROWS_OF_ALL && rows != ROWS_WITHOUT_KEY && !is_of_array(rows))
		appendStringInfo(&sql, ", %s AS k", rows_name(rows));
	if (rows != ROWS_OF_ALL)
	{
		appendStringInfoString(&sql, " WHERE ");
		append_condition(&sql, pipeline, mapping, raw, rows);
	}
	table_close(raw, NoLock);
	return sql.data;
}

/*
 * keyed_source_sql returns a subquery with the rows as the view would give them.
 */
char *
keyed_source_sql(const Pipeline *pipeline, const SourceMapping *mapping, KeyedRows rows)
{
	Relation raw = table_open(pipeline->source, AccessShareLock);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "(SELECT ");
	for (int column = 0; column < mapping->ncolumns; column++)
	{
		if (mapping->is_mapped[column])
			appendStringInfo(&sql, "%s AS %s, ",
							 expression_text(raw, mapped(mapping, column), RAW_ALIAS),
							 quote_identifier(source_column_name(pipeline, column)));
	}
	appendStringInfo(&sql, "t.tableoid AS raw_table, t.ctid AS raw_ctid FROM %s)",
					 keyed_from_sql(pipeline, mapping, rows));
	table_close(raw, NoLock);
	return sql.data;
}

/*
 * keyed_delete_sql returns a statement that deletes the rows.
 */
char *
keyed_delete_sql(const Pipeline *pipeline, const SourceMapping *mapping)
{
	char *name = sql_qualified_name(pipeline->source);
	StringInfoData sql;
	Relation raw;

	initStringInfo(&sql);
	appendStringInfo(&sql, "DELETE FROM %s AS " RAW_ALIAS " USING " KEY_ROWS " AS k WHERE ", name);
	raw = table_open(pipeline->source, AccessShareLock);
	append_condition(&sql, pipeline, mapping, raw, ROWS_OF_KEYS);
	table_close(raw, NoLock);
	return sql.data;
}
