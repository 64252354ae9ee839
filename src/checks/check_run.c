/*
 * check_run.c
 *		Running the checks of a pipeline that are due, and recording what they find.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog/extension_sql.h"
#include "checks/check_evaluate.h"
#include "checks/check_run.h"
#include "checks/incident.h"
#include "spi/statement.h"

/* The checks, each with what its kind says. */
#define LOAD                                                                                       \
	"SELECT d.check_name, k.query, k.remember, k.concerns, ("                                      \
	"SELECT string_agg(format('%%I %%s', s.key, replace(s.value ->> 'type', 'attribute', "         \
	"'text')), "                                                                                   \
	"', ') FROM jsonb_each(k.parameters) AS s), d.severity, ("                                     \
	"SELECT coalesce(jsonb_object_agg(s.key, s.value -> 'default') FILTER (WHERE s.value ? "       \
	"'default'), '{}') FROM jsonb_each(k.parameters) AS s) || d.parameters, t.reference, "         \
	"(extract(epoch FROM d.timeout) * 1000)::bigint, d.opens_after, d.closes_after, "              \
	"coalesce(d.muted_until > $2, false) OR coalesce(CASE WHEN d.quiet_from <= d.quiet_until "     \
	"THEN z.local >= d.quiet_from AND z.local < d.quiet_until "                                    \
	"ELSE z.local >= d.quiet_from OR z.local < d.quiet_until END, false) "                         \
	"FROM sessionize.data_check AS d JOIN sessionize.check_kind AS k USING (kind) "                \
	"LEFT JOIN sessionize.check_state AS t USING (pipeline_id, check_name) "                       \
	"CROSS JOIN LATERAL (SELECT ($2 AT TIME ZONE coalesce(d.quiet_zone, 'UTC'))::time) AS z "      \
	"(local) WHERE d.pipeline_id = $1 AND ($3::name IS NULL OR d.check_name = $3::name) AND (%s) " \
	"ORDER BY d.check_name FOR UPDATE OF d SKIP LOCKED"

/* Of the checks that are due and that no other session runs, the one that is due for longest. */
#define NEXT                                                                                       \
	"d.check_name = (SELECT o.check_name FROM sessionize.data_check AS o "                         \
	"LEFT JOIN sessionize.check_state AS u USING (pipeline_id, check_name) "                       \
	"WHERE o.pipeline_id = $1 AND (u.next_at IS NULL OR u.next_at <= $2) "                         \
	"ORDER BY u.next_at NULLS FIRST, o.check_name LIMIT 1 FOR UPDATE OF o SKIP LOCKED)"

/*
 * load_check adds a check to a list.
 */
static void
load_check(void *arg, const SqlRow *row)
{
	List **checks = arg;
	DataCheck *check = palloc(sizeof(DataCheck));

	*check = (DataCheck){.name = sql_row_text(row, 1),
						 .query = sql_row_text(row, 2),
						 .remember = sql_row_text(row, 3),
						 .concerns = sql_row_text(row, 4),
						 .record = sql_row_text(row, 5),
						 .severity = sql_row_text(row, 6),
						 .parameters = sql_row_text(row, 7),
						 .reference = sql_row_text(row, 8),
						 .timeout = sql_row_int8(row, 9),
						 .opens_after = sql_row_int4(row, 10),
						 .closes_after = sql_row_int4(row, 11),
						 .is_quiet = sql_row_bool(row, 12)};
	*checks = lappend(*checks, check);
}

/*
 * checks_load loads checks.
 */
List *
checks_load(const Pipeline *pipeline, const char *name, const char *condition, TimestampTz at)
{
	List *checks = NIL;

	extension_visit(psprintf(LOAD, condition), SQL_READ_WRITE,
					SQL_VALUES(SQL_INT4(pipeline->id), SQL_TIMESTAMPTZ(at), SQL_TEXT(name)),
					load_check, &checks);
	return checks;
}

/*
 * check_status_name returns a status in words.
 */
const char *
check_status_name(CheckStatus status)
{
	static const char *const names[] = {
		[CHECK_OK] = "ok",
		[CHECK_FAILED] = "failed",
		[CHECK_LEARNING] = "learning",
		[CHECK_ERROR] = "error",
	};

	return names[status];
}

/*
 * write_result records what a run has found, and forgets what is older than the check's keep.
 */
static void
write_result(const Pipeline *pipeline, const DataCheck *check, const CheckOutcome *outcome,
			 TimestampTz at)
{
	extension_run(
		"INSERT INTO sessionize.check_result (pipeline_id, check_name, at, status, quiet, "
		"subjects, failing, value, lower, upper, affected, sample, error, took) VALUES ($1, $2, "
		"$3, $4, $5, $6, $7, $8::numeric, $9::numeric, $10::numeric, $11::bigint, $12::jsonb, "
		"$13, clock_timestamp() - $14)",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(check->name), SQL_TIMESTAMPTZ(at),
				   SQL_TEXT(check_status_name(outcome->status)), SQL_BOOL(check->is_quiet),
				   SQL_INT4(outcome->subjects), SQL_INT4(outcome->failing),
				   SQL_TEXT(outcome->value), SQL_TEXT(outcome->lower), SQL_TEXT(outcome->upper),
				   SQL_TEXT(outcome->affected), SQL_TEXT(outcome->sample), SQL_TEXT(outcome->error),
				   SQL_TIMESTAMPTZ(outcome->began)));
	extension_run("DELETE FROM sessionize.check_result AS r USING sessionize.data_check AS d "
				  "WHERE r.pipeline_id = $1 AND r.check_name = $2 AND d.pipeline_id = $1 AND "
				  "d.check_name = $2 AND r.at < $3 - d.keep",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(check->name), SQL_TIMESTAMPTZ(at)));
}

/*
 * write_state notes the run, and when the next one is due.  Returns how often in a row the check
 * has failed (above 0) or succeeded (below 0).  A failure in quiet hours changes neither.
 */
static int64
write_state(const Pipeline *pipeline, const DataCheck *check, const CheckOutcome *outcome,
			TimestampTz at)
{
	int64 streak = 0;
	bool failed = check_has_failed(outcome);

	(void) extension_bigints(
		"INSERT INTO sessionize.check_state AS t (pipeline_id, check_name, last_at, next_at, "
		"failures, successes, failed_since, reference) SELECT $1, $2, $3, $3 + d.every, "
		"(NOT $5 AND $4)::int, (NOT $4)::int, CASE WHEN $4 THEN $3 END, $6::jsonb "
		"FROM sessionize.data_check AS d WHERE d.pipeline_id = $1 AND d.check_name = $2 "
		"ON CONFLICT (pipeline_id, check_name) DO UPDATE SET last_at = excluded.last_at, "
		"next_at = excluded.next_at, reference = excluded.reference, "
		"failures = CASE WHEN $4 AND $5 THEN t.failures WHEN $4 THEN t.failures + 1 ELSE 0 END, "
		"successes = CASE WHEN $4 THEN 0 ELSE t.successes + 1 END, "
		"failed_since = CASE WHEN $4 THEN coalesce(t.failed_since, $3) END "
		"RETURNING (failures - successes)::bigint",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(check->name), SQL_TIMESTAMPTZ(at),
				   SQL_BOOL(failed), SQL_BOOL(check->is_quiet), SQL_TEXT(outcome->reference)),
		&streak, 1);
	return streak;
}

/*
 * record writes what a run has found, and opens or closes incidents.  Returns the open incident
 * that the check fails in; 0: none.
 */
static int64
record(const Pipeline *pipeline, const DataCheck *check, const CheckOutcome *outcome,
	   TimestampTz at)
{
	int64 streak;

	write_result(pipeline, check, outcome, at);
	streak = write_state(pipeline, check, outcome, at);
	if (check_has_failed(outcome) && !check->is_quiet && streak >= check->opens_after)
		return incident_fail(pipeline, check, outcome, at);
	if (!check_has_failed(outcome) && -streak >= check->closes_after)
		incident_recover(pipeline, check->name, NULL, at);
	return 0;
}

/*
 * checks_run runs checks.
 */
int
checks_run(const Pipeline *pipeline, const char *name, ChecksWanted wanted, TimestampTz at,
		   CheckVisitor visitor, void *arg)
{
	static const char *const conditions[] = {
		[CHECKS_ALL] = "true",
		[CHECKS_DUE] = "t.next_at IS NULL OR t.next_at <= $2",
		[CHECKS_NEXT] = NEXT,
	};
	List *checks = checks_load(pipeline, name, conditions[name == NULL ? wanted : CHECKS_ALL], at);
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context =
		AllocSetContextCreate(caller, "sessionize check", ALLOCSET_DEFAULT_SIZES);
	ListCell *cell;

	foreach (cell, checks)
	{
		const DataCheck *check = lfirst(cell);
		CheckOutcome outcome;
		int64 incident;

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(context);
		outcome = check_evaluate(pipeline, check, at);
		incident = record(pipeline, check, &outcome, at);
		if (visitor != NULL)
			visitor(arg, check, &outcome, incident);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
	return list_length(checks);
}

/*
 * checks_due tells when the next check is due.
 */
TimestampTz
checks_due(int32 pipeline_id)
{
	bool isnull;
	Datum due = extension_value("SELECT min(coalesce(t.next_at, '-infinity')) FROM "
								"sessionize.data_check AS d LEFT JOIN sessionize.check_state AS t "
								"USING (pipeline_id, check_name) WHERE d.pipeline_id = $1",
								SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline_id)), &isnull);

	return isnull ? DT_NOEND : DatumGetTimestampTz(due);
}
