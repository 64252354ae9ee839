/*
 * session_table.c
 *		The set-returning function session_table.
 *
 * It is rarely called, because its plan node returns the same rows (session_table_plan.c).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "functions/session_table.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(session_table);

/*
 * check_present reports an argument that is NULL.
 */
static void
check_present(const NullableDatum *args, SessionTableArg arg, const char *name, const char *example)
{
	if (args[arg].isnull)
		ereport(
			ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be NULL", name),
			 errhint(
				 "Write, for example, session_table('events', 'user_id', 'ts', '30 minutes'): %s.",
				 example)));
}

/*
 * session_table_scan checks the arguments' values and makes a scan.
 */
SessionScan *
session_table_scan(const NullableDatum *args, Oid key_type, int columns, Snapshot snapshot,
				   MemoryContext parent)
{
	SessionScanArgs scan_args;

	check_present(args, ARG_SOURCE, "source", "the first argument is a table");
	check_present(args, ARG_KEY, "key", "the second argument is a column's name");
	check_present(args, ARG_TS, "ts", "the third argument is a column's name");
	check_present(args, ARG_GAP, "gap", "the fourth argument is an interval");
	scan_args.relid = DatumGetObjectId(args[ARG_SOURCE].value);
	scan_args.key = TextDatumGetCString(args[ARG_KEY].value);
	scan_args.ts = TextDatumGetCString(args[ARG_TS].value);
	scan_args.gap = sz_interval_usecs(DatumGetIntervalP(args[ARG_GAP].value), "gap");
	scan_args.key_type = key_type;
	scan_args.columns = columns;
	return session_scan_begin(&scan_args, snapshot, parent);
}

/*
 * session_table_column returns the value of a column of the result.
 */
void
session_table_column(const SessionRow *row, int column, Datum *value, bool *isnull)
{
	*isnull = false;
	switch ((SessionColumn) column)
	{
		case SESSION_KEY:
			*value = row->key;
			*isnull = row->key_isnull;
			break;
		case SESSION_NUMBER:
			*value = Int64GetDatum(row->number);
			break;
		case SESSION_STARTED_AT:
			*value = TimestampTzGetDatum(row->started_at);
			break;
		case SESSION_ENDED_AT:
			*value = TimestampTzGetDatum(row->ended_at);
			break;
		case SESSION_EVENTS:
			*value = Int64GetDatum(row->events);
			break;
		case SESSION_NCOLUMNS:
			elog(ERROR, "session_table has no column %d", column);
	}
}

/*
 * session_table returns the sessions of each key.
 */
Datum
session_table(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid key_type = TEXTOID;
	SessionScan *scan;
	SessionRow row;

	if (PG_NARGS() > ARG_KEY_TYPE)
		key_type = get_fn_expr_argtype(fcinfo->flinfo, ARG_KEY_TYPE);
	InitMaterializedSRF(fcinfo, 0);
	scan = session_table_scan(fcinfo->args, key_type, SESSION_ALL_COLUMNS, GetActiveSnapshot(),
							  CurrentMemoryContext);
	while (session_scan_next(scan, &row))
	{
		Datum values[SESSION_NCOLUMNS];
		bool nulls[SESSION_NCOLUMNS];

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < SESSION_NCOLUMNS; i++)
			session_table_column(&row, i, &values[i], &nulls[i]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	session_scan_end(scan);
	return (Datum) 0;
}
