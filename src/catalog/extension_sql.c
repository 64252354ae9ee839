/*
 * extension_sql.c
 *		Statements over the extension's own tables.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/snapmgr.h"

#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "spi/scope.h"
#include "spi/statement.h"

/*
 * extension_run runs a statement.
 */
uint64
extension_run(const char *sql, SqlAccess access, SqlValues values)
{
	OwnerScope scope;
	uint64 processed;

	extension_scope_enter(&scope);
	processed = sql_run(sql, access, values);
	owner_scope_leave(&scope);
	return processed;
}

/*
 * extension_visit runs a statement and has the rows that it returns visited.
 */
uint64
extension_visit(const char *sql, SqlAccess access, SqlValues values, SqlRowVisitor visitor,
				void *arg)
{
	OwnerScope scope;
	uint64 processed;

	extension_scope_enter(&scope);
	processed = sql_visit(sql, access, values, visitor, arg);
	owner_scope_leave(&scope);
	return processed;
}

/*
 * extension_bigints runs a statement that returns one row of bigints.
 */
bool
extension_bigints(const char *sql, SqlAccess access, SqlValues values, int64 *numbers, int count)
{
	OwnerScope scope;
	bool found;

	extension_scope_enter(&scope);
	found = sql_bigints(sql, access, values, numbers, count);
	owner_scope_leave(&scope);
	return found;
}

/*
 * extension_value runs a statement that returns one value.
 */
Datum
extension_value(const char *sql, SqlAccess access, SqlValues values, bool *isnull)
{
	OwnerScope scope;
	Datum value;

	extension_scope_enter(&scope);
	value = sql_value(sql, access, values, isnull);
	owner_scope_leave(&scope);
	return value;
}

/*
 * add_id adds the id in a row to a list.
 */
static void
add_id(void *arg, const SqlRow *row)
{
	List **ids = arg;

	*ids = lappend_int(*ids, sql_row_int4(row, 1));
}

/*
 * extension_ids_now returns the ids that a query finds in the latest snapshot.
 */
List *
extension_ids_now(const char *sql, SqlValues values)
{
	List *ids = NIL;

	PushActiveSnapshot(GetLatestSnapshot());
	extension_visit(sql, SQL_READ_ONLY, values, add_id, &ids);
	PopActiveSnapshot();
	return ids;
}
