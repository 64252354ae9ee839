/*
 * fuse.c
 *		sessionize.set_fuse() and release_fuse(): how many existing raw rows may change before a
 *		pipeline is held, and what becomes of the changes that have held it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "catalog/extension_sql.h"
#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "dirty/dirty.h"
#include "run/fuse.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "utils/arguments.h"

/* Transactions that change fewer rows are not counted. */
#define LEAST_CHANGED_ROWS 10

/*
 * check_limits reports limits that are out of range.
 */
static void
check_limits(FunctionCallInfo fcinfo)
{
	if (!PG_ARGISNULL(2) && PG_GETARG_INT64(2) < LEAST_CHANGED_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("changed_rows must be at least %d", LEAST_CHANGED_ROWS),
				 errdetail("Transactions that change fewer rows are not counted."),
				 errhint("Such as changed_rows => 100000; enabled => false turns the fuse off.")));
	if (!PG_ARGISNULL(3) && !(PG_GETARG_FLOAT8(3) >= 0 && PG_GETARG_FLOAT8(3) <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("share must be between 0 and 1"),
				 errhint("0.1 is a tenth of the raw rows; with 0, changed_rows alone "
						 "decides.")));
}

/*
 * forget_former forgets what has changed while the fuse was off, when it is turned on: that is
 * applied, or was meant to be.  The notes of a pipeline that is held stay.
 */
static void
forget_former(const Pipeline *pipeline)
{
	int64 ignored = 0;

	if (extension_bigints("SELECT 1::bigint FROM sessionize.fuse AS f WHERE f.pipeline_id = $1 AND "
						  "NOT f.enabled AND NOT EXISTS (SELECT FROM sessionize.fuse_hold AS h "
						  "WHERE h.pipeline_id = $1 AND h.released_at IS NULL)",
						  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id)), &ignored, 1))
		fuse_forget(pipeline, NULL);
}

/*
 * sessionize_set_fuse says when a pipeline is to be held.
 */
PIPELINE_FUNCTION(sessionize_set_fuse)
{
	Pipeline *pipeline =
		pipeline_load_for_change(argument_pipeline(fcinfo), "sessionize.set_fuse()");

	check_limits(fcinfo);
	pipeline_lock_fuse(pipeline);
	if (!PG_ARGISNULL(1) && PG_GETARG_BOOL(1))
		forget_former(pipeline);
	extension_run("INSERT INTO sessionize.fuse AS f (pipeline_id, enabled, changed_rows, share) "
				  "VALUES ($1, $2, $3, $4) ON CONFLICT (pipeline_id) DO UPDATE SET "
				  "enabled = coalesce(excluded.enabled, f.enabled), "
				  "changed_rows = coalesce(excluded.changed_rows, f.changed_rows), "
				  "share = coalesce(excluded.share, f.share)",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline->id),
							 SQL_DATUM(BOOLOID, PG_GETARG_DATUM(1), PG_ARGISNULL(1)),
							 SQL_DATUM(INT8OID, PG_GETARG_DATUM(2), PG_ARGISNULL(2)),
							 SQL_DATUM(FLOAT8OID, PG_GETARG_DATUM(3), PG_ARGISNULL(3))));
	PG_RETURN_VOID();
}

/*
 * decision_argument returns what is to become of the changes.
 */
static FuseDecision
decision_argument(FunctionCallInfo fcinfo)
{
	const char *decision = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));

	if (decision != NULL && strcmp(decision, "apply") == 0)
		return FUSE_APPLY;
	if (decision != NULL && strcmp(decision, "skip") == 0)
		return FUSE_SKIP;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("decision must be \"apply\" or \"skip\""),
					errhint("apply: the changes are meant. skip: they have been undone in the raw "
							"table. CALL sessionize.rebuild() releases the pipeline as well.")));
}

/*
 * check_isolation reports a transaction whose snapshot may miss changes that are released with the
 * others.
 */
static void
check_isolation(void)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("sessionize.release_fuse() needs the isolation level READ COMMITTED"),
				 errdetail("Rows that have changed after this transaction's snapshot would "
						   "not be looked at."),
				 errhint("BEGIN ISOLATION LEVEL READ COMMITTED;")));
}

/*
 * add_column adds a column's text to the list.
 */
static void
add_column(void *arg, const SqlRow *row)
{
	StringInfo list = arg;

	appendStringInfo(list, "%s%s::text COLLATE \"C\"", list->len > 0 ? ", " : "",
					 quote_identifier(sql_row_text(row, 1)));
}

/*
 * event_columns returns the columns of the view "events" that say what a raw row says; NULL if
 * there is no such view.
 */
static char *
event_columns(const char *view)
{
	StringInfoData list;

	initStringInfo(&list);
	sql_visit("SELECT a.attname FROM pg_catalog.pg_attribute AS a "
			  "WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND "
			  "NOT a.attisdropped AND "
			  "a.attname <> ALL ('{session_id,session_started_at,loaded_at}') ORDER BY a.attnum",
			  SQL_READ_ONLY, SQL_VALUES(SQL_TEXT(view)), add_column, &list);
	return list.len > 0 ? list.data : NULL;
}

/*
 * count_other counts, in the active snapshot, the events of the star that the raw rows do not give
 * any more.  Sessions are not compared: of a key that has got further events they are others.
 */
static int64
count_other(const Pipeline *pipeline)
{
	const char *schema = quote_identifier(pipeline->name);
	char *columns = event_columns(psprintf("%s.events", schema));
	int64 other = 0;

	if (columns == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("pipeline \"%s\" does not store events, so it is not known whether "
							   "the changes have been undone",
							   pipeline->name),
						errhint("If they have, SELECT sessionize.release_fuse(%s, 'apply'); "
								"changes nothing.",
								quote_literal_cstr(pipeline->name))));
	(void) sql_bigints(psprintf("WITH keys AS MATERIALIZED (SELECT DISTINCT d.session_key FROM %s) "
								"SELECT count(*) FROM ("
								"SELECT %s FROM %s.events AS e WHERE e.session_key IN "
								"(SELECT k.session_key FROM keys AS k) EXCEPT ALL "
								"SELECT %s FROM %s.events_live AS e WHERE e.session_key IN "
								"(SELECT k.session_key FROM keys AS k)) AS other",
								dirty_rows_sql(pipeline), columns, schema, columns, schema),
					   SQL_READ_ONLY, SQL_NO_VALUES, &other, 1);
	return other;
}

/*
 * check_undone reports changes that have not been undone.
 */
static void
check_undone(const Pipeline *pipeline)
{
	OwnerScope scope;
	int64 other;

	owner_scope_enter(&scope, pipeline);
	other = count_other(pipeline);
	owner_scope_leave(&scope);
	if (other > 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the changes that hold pipeline \"%s\" have not been undone", pipeline->name),
			 errdetail(INT64_FORMAT " events of the star are not what the raw rows give now.",
					   other),
			 errhint("Put the raw rows right, as %s still has them, and try again. SELECT "
					 "sessionize.release_fuse(%s, 'apply'); has the star follow.",
					 psprintf("%s.events", quote_identifier(pipeline->name)),
					 quote_literal_cstr(pipeline->name))));
}

/*
 * release releases the pipeline from the changes that a snapshot sees: others may be a burst of
 * their own.
 */
static int64
release(const Pipeline *pipeline, FuseDecision decision)
{
	ArrayType *notes;

	PushActiveSnapshot(GetTransactionSnapshot());
	notes = fuse_notes(pipeline);
	if (decision == FUSE_SKIP)
		check_undone(pipeline);
	PopActiveSnapshot();
	return fuse_release(pipeline, decision, notes);
}

/*
 * sessionize_release_fuse has a pipeline that is held go on.
 */
PIPELINE_FUNCTION(sessionize_release_fuse)
{
	Pipeline *pipeline =
		pipeline_load_for_change(argument_pipeline(fcinfo), "sessionize.release_fuse()");
	FuseDecision decision = decision_argument(fcinfo);

	check_isolation();
	/* a burst that no refresh has come to yet is released as well */
	if (!fuse_hold(pipeline))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("pipeline \"%s\" is not held by its fuse", pipeline->name),
						errhint("SELECT * FROM sessionize.fuses; says which pipelines are.")));
	PG_RETURN_INT64(release(pipeline, decision));
}
