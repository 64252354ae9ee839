/*
 * quarantine.c
 *		sessionize.quarantine_summary(): who sends what no event can be made of, and
 *		replay_quarantine(), which has such rows judged again; and set_quarantine_rules(), which
 *		says what is kept of them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "capture/pending_keys.h"
#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/star_relation.h"
#include "commands/own_columns.h"
#include "compat.h"
#include "dirty/dirty.h"
#include "spi/statement.h"
#include "utils/arguments.h"
#include "utils/expression.h"

/*
 * The rows of the quarantine by producer (by the path $1 into the copy of the raw row or, if that is
 * NULL, by the rules), event, reason, contract, rule and hour.  Elements of arrays count as one place.
 */
#define SUMMARY                                                                                    \
	"SELECT CASE WHEN $1 IS NULL THEN q.producer ELSE "                                            \
	"pg_catalog.jsonb_path_query_first(q.raw_row, $1, '{}', true) "                                \
	"OPERATOR(pg_catalog.#>>) '{}' END AS producer, q.event_name, q.reason, q.contract_version, "  \
	"q.rule, "                                                                                     \
	"pg_catalog.regexp_replace(q.path, '/[0-9]+(?=/|$)', '/*', 'g') AS place, "                    \
	"pg_catalog.date_trunc('hour', t.seen, 'UTC') AS hour, pg_catalog.count(*), "                  \
	"pg_catalog.min(t.seen), pg_catalog.max(t.seen), pg_catalog.min(q.raw_id), "                   \
	"pg_catalog.min(coalesce(q.message, q.detail)) "                                               \
	"FROM ONLY @quarantine AS q, "                                                                 \
	"LATERAL (SELECT coalesce(q.received_at, q.event_time)) AS t (seen) "                          \
	"GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 7 DESC NULLS LAST, 8 DESC, 1, 2, 3, 4, 5, 6"

/*
 * sessionize_quarantine_summary counts the rows of the quarantine.
 */
PIPELINE_FUNCTION(sessionize_quarantine_summary)
{
	const Pipeline *pipeline = pipeline_load(argument_pipeline(fcinfo));
	OwnerScope scope;
	SqlValue producer =
		SQL_DATUM(JSONPATHOID, PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1), PG_ARGISNULL(1));

	pipeline_check_owner(pipeline);
	InitMaterializedSRF(fcinfo, 0);
	owner_scope_enter(&scope, pipeline);
	sql_visit(star_sql_text(pipeline, SUMMARY), SQL_READ_ONLY, SQL_VALUES(producer), sql_row_put,
			  fcinfo->resultinfo);
	owner_scope_leave(&scope);
	PG_RETURN_NULL();
}

/*
 * condition returns the text of a condition on rows of the quarantine, whose alias is q; "true" for
 * NULL.
 */
static char *
condition(const Pipeline *pipeline, const char *given)
{
	Relation quarantine;
	Node *expression;
	char *text;
	int level;

	if (given == NULL)
		return pstrdup("true");
	quarantine = table_open(star_relation_oid(pipeline, STAR_QUARANTINE), AccessShareLock);
	expression = expression_parse(quarantine, "filter", given);
	if (exprType(expression) != BOOLOID)
		ereport(
			ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("filter must be of type boolean, not %s", format_type_be(exprType(expression))),
			 errhint("Give a condition on the columns of the quarantine, such as filter => %s",
					 quote_literal_cstr("event_name = 'order'"))));
	level = pinned_settings_enter();
	text = expression_text(quarantine, expression, "q");
	pinned_settings_leave(level);
	table_close(quarantine, NoLock);
	return text;
}

/* The log that keys are written to. */
typedef struct Replay
{
	DirtyLog log;
	int64 rows;
} Replay;

/*
 * log_key logs a session key, or for NULL the rows without one, and counts its rows.
 */
static void
log_key(void *arg, const SqlRow *row)
{
	Replay *replay = arg;
	DirtyKey dirty = {.lo = DT_NOBEGIN, .hi = DT_NOEND};
	bool isnull;

	dirty.key = heap_getattr(row->tuple, 1, row->desc, &dirty.isnull);
	replay->rows += DatumGetInt64(heap_getattr(row->tuple, 2, row->desc, &isnull));
	pending_keys_add(&replay->log, &dirty);
}

/*
 * log_keys logs the keys of the quarantined rows that fulfil a condition, and returns how many rows
 * these are.
 */
static int64
log_keys(const Pipeline *pipeline, const char *filter)
{
	Replay replay = {.rows = 0};
	OwnerScope scope;

	replay.log = (DirtyLog){pipeline->id, dirty_table(pipeline), pipeline->types[SRC_SESSION_KEY]};
	if (!OidIsValid(replay.log.table))
		dirty_report_lost(pipeline);
	PushActiveSnapshot(GetLatestSnapshot());
	owner_scope_enter(&scope, pipeline);
	sql_visit(psprintf("SELECT q.session_key, pg_catalog.count(*) FROM ONLY %s AS q WHERE %s "
					   "GROUP BY q.session_key",
					   star_relation(pipeline, STAR_QUARANTINE), condition(pipeline, filter)),
			  SQL_READ_ONLY, SQL_NO_VALUES, log_key, &replay);
	owner_scope_leave(&scope);
	PopActiveSnapshot();
	return replay.rows;
}

/*
 * sessionize_replay_quarantine has the keys of quarantined rows derived again by the next refresh,
 * and returns how many rows these are.
 */
PIPELINE_FUNCTION(sessionize_replay_quarantine)
{
	const Pipeline *pipeline;

	PreventCommandIfReadOnly("sessionize.replay_quarantine()");
	pipeline = pipeline_load(argument_pipeline(fcinfo));
	pipeline_check_owner(pipeline);
	PG_RETURN_INT64(log_keys(pipeline, own_text_argument(fcinfo, 1)));
}

/* The rules, as the user gives them. */
typedef struct Rules
{
	SqlValue producer;
	SqlValue copies;
	SqlValue copies_kept;
} Rules;

/*
 * read_rules takes the rules from the arguments, and checks them.
 */
static Rules
read_rules(FunctionCallInfo fcinfo)
{
	double copies = PG_ARGISNULL(2) ? -1 : PG_GETARG_FLOAT8(2);

	if (!(copies >= 0 && copies <= 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("copies must be a part of the rows, from 0 to 1"),
						errhint("Give copies => 1 for a copy of each raw row, copies => 0.01 for "
								"one in a hundred, copies => 0 for none.")));
	if (!PG_ARGISNULL(3))
		(void) sz_interval_usecs(PG_GETARG_INTERVAL_P(3), "copies_kept");
	return (Rules){
		SQL_DATUM(JSONPATHOID, PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1), PG_ARGISNULL(1)),
		SQL_DATUM(FLOAT8OID, PG_GETARG_DATUM(2), false),
		SQL_DATUM(INTERVALOID, PG_ARGISNULL(3) ? (Datum) 0 : PG_GETARG_DATUM(3), PG_ARGISNULL(3))};
}

/*
 * write_rules stores the rules; false if they are so already.
 */
static bool
write_rules(const Pipeline *pipeline, const Rules *rules)
{
	/* without a row, the rules are the defaults; jsonpath has no operator to compare with */
	return extension_run(
			   "INSERT INTO sessionize.quarantine_rule AS r "
			   "(pipeline_id, producer, copies, copies_kept) SELECT $1, $2, $3, $4 "
			   "WHERE $2 IS NOT NULL OR $3 < 1 OR $4 IS NOT NULL OR "
			   "EXISTS (SELECT FROM sessionize.quarantine_rule WHERE pipeline_id = $1) "
			   "ON CONFLICT (pipeline_id) DO UPDATE SET producer = excluded.producer, "
			   "copies = excluded.copies, copies_kept = excluded.copies_kept, dropped_until = NULL "
			   "WHERE (r.producer::text, r.copies, r.copies_kept) IS DISTINCT FROM "
			   "(excluded.producer::text, excluded.copies, excluded.copies_kept)",
			   SQL_READ_WRITE,
			   SQL_VALUES(SQL_INT4(pipeline->id), rules->producer, rules->copies,
						  rules->copies_kept)) > 0;
}

/*
 * sessionize_set_quarantine_rules sets what the quarantine keeps of raw rows, and has its rows
 * written anew by the next refresh; it returns whether the rules are others now.
 */
PIPELINE_FUNCTION(sessionize_set_quarantine_rules)
{
	Pipeline *pipeline;
	Rules rules;

	PreventCommandIfReadOnly("sessionize.set_quarantine_rules()");
	pipeline = own_lock_pipeline(fcinfo);
	rules = read_rules(fcinfo);
	if (!write_rules(pipeline, &rules))
		PG_RETURN_BOOL(false);
	(void) log_keys(pipeline, NULL);
	PG_RETURN_BOOL(true);
}
