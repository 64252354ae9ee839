/*
 * partitions_ahead.c
 *		The events tables whose next partitions are made by refreshes.
 *
 * So whoever inserts events needs no right to make tables, and a partition is there before rows of
 * its period are.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "catalog/extension_sql.h"
#include "compat.h"
#include "partitions/events_partitions.h"
#include "partitions/partitions_ahead.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "utils/subtransaction.h"

PG_FUNCTION_INFO_V1(sessionize_keep_events_partitions);

/* How long to wait for the lock of a default partition, while new writers wait behind it. */
#define LOCK_WAIT "1s"

/*
 * partitions_ahead_register has a table's partitions made from now on.
 */
void
partitions_ahead_register(Oid table)
{
	extension_run("INSERT INTO sessionize.events_table (events) VALUES ($1) "
				  "ON CONFLICT (events) DO NOTHING",
				  SQL_READ_WRITE, SQL_VALUES(SQL_OID(table)));
}

/*
 * is_registered tells whether a table's partitions are to be made.
 */
static bool
is_registered(Oid table)
{
	return extension_run("SELECT FROM sessionize.events_table AS t WHERE t.events = $1",
						 SQL_READ_ONLY, SQL_VALUES(SQL_OID(table))) > 0;
}

/*
 * make makes a table's missing partitions as its owner.
 */
static void
make(void *arg)
{
	Oid table = *(const Oid *) arg;
	OwnerScope scope;

	if (!events_partitions_missing(table))
		return;
	role_scope_enter(&scope, sql_relation_owner(table));
	setting_pin("lock_timeout", LOCK_WAIT);
	(void) events_partitions_make(table, PERIOD_NONE, -1);
	owner_scope_leave(&scope);
}

/*
 * partitions_ahead_make makes the partitions that are missing.
 */
void
partitions_ahead_make(Oid table)
{
	char *message;

	if (!is_registered(table) || get_rel_relkind(table) != RELKIND_PARTITIONED_TABLE ||
		!sz_relation_ownercheck(table, GetUserId()) || RecoveryInProgress())
		return;
	if (!try_whatever_fails(make, &table, &message))
		ereport(LOG, (errmsg("partitions of %s could not be made ahead of time: %s",
							 sql_qualified_name(table), message),
					  errdetail("The next refreshes try again."),
					  errhint("SELECT sessionize.create_events_partitions('%s'); shows more.",
							  sql_qualified_name(table))));
}

/*
 * sessionize_keep_events_partitions has partitions of a table made by refreshes, or no longer.
 */
Datum
sessionize_keep_events_partitions(PG_FUNCTION_ARGS)
{
	Oid table;

	PreventCommandIfReadOnly("sessionize.keep_events_partitions()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("events_table must not be null")));
	table = PG_GETARG_OID(0);
	events_partitions_check(table);
	if (PG_ARGISNULL(1) || PG_GETARG_BOOL(1))
		partitions_ahead_register(table);
	else
		extension_run("DELETE FROM sessionize.events_table AS t WHERE t.events = $1",
					  SQL_READ_WRITE, SQL_VALUES(SQL_OID(table)));
	PG_RETURN_VOID();
}
