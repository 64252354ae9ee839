/*
 * incident.c
 *		Incidents: what failed checks open, join and close.
 *
 * One fault makes many checks fail: a release without user ids, those of completeness and of the
 * distribution.  So a check that fails joins an open incident of its pipeline if both are about the
 * same source, event name or version, or if one of them is about the pipeline as a whole.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/extension_sql.h"
#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "checks/incident.h"
#include "spi/statement.h"

PG_FUNCTION_INFO_V1(sessionize_note_incident);

/* Closed incidents are kept for so long. */
#define KEPT "400 days"

/* So many steps of a story are kept besides notes and its beginning: the last ones. */
#define STEPS_KEPT "1000"

/* The severities in their order. */
#define RANK(severity) "array_position('{info,warning,error}'::text[], " severity ")"

/* Whether two lists of subjects, a and b, are about the same. */
#define SAME_SUBJECT(a, b)                                                                         \
	"EXISTS (SELECT FROM jsonb_array_elements(" a ") AS x, jsonb_array_elements(" b ") AS y "      \
	"WHERE x = '{}' OR y = '{}' OR "                                                               \
	"EXISTS (SELECT FROM jsonb_each(x) AS e WHERE y -> e.key = e.value))"

/* The union of two lists of subjects, of which the first fifty are kept. */
#define BOTH_LISTS(a, b)                                                                           \
	"coalesce((SELECT jsonb_agg(u.x) FROM (SELECT DISTINCT v.x FROM jsonb_array_elements(" a       \
	" || " b ") AS v (x) ORDER BY 1 LIMIT 50) AS u), '[]')"

/*
 * tell adds a step to an incident's story.
 */
static void
tell(int64 incident, TimestampTz at, const char *event, const char *check, const char *detail)
{
	extension_run("INSERT INTO sessionize.incident_event (incident_id, at, event, check_name, "
				  "detail) VALUES ($1, $2, $3, $4, $5::jsonb)",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT8(incident), SQL_TIMESTAMPTZ(at), SQL_TEXT(event),
							 SQL_TEXT(check), SQL_TEXT(detail)));
	extension_run("DELETE FROM sessionize.incident_event AS e WHERE e.incident_id = $1 AND "
				  "e.event NOT IN ('opened', 'note') AND e.event_id <= (SELECT o.event_id FROM "
				  "sessionize.incident_event AS o WHERE o.incident_id = $1 ORDER BY o.event_id "
				  "DESC OFFSET " STEPS_KEPT " LIMIT 1)",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT8(incident)));
}

/*
 * notify tells those who listen, and keeps what it said for webhooks.  The caller has written to the
 * row of the incident, whose lock keeps the notices of one incident in their order.  What is sent
 * by NOTIFY has less than 8000 bytes: what is too long is left out.
 */
static void
notify(int64 incident, TimestampTz at, const char *state, const char *event, const char *check)
{
	extension_run(
		"WITH notice AS (INSERT INTO sessionize.incident_notice (incident_id, state, payload) "
		"SELECT i.incident_id, $5, jsonb_build_object('incident_id', i.incident_id, 'pipeline', "
		"p.pipeline_name, 'event', $3, 'check', $4, 'at', $2, 'severity', i.severity, "
		"'opened_at', i.opened_at, 'closed_at', i.closed_at, 'since', i.since, 'affected', "
		"i.affected, 'subjects', i.subjects, 'derived', i.derived) "
		"FROM sessionize.incident AS i JOIN sessionize.pipeline AS p USING (pipeline_id) "
		"WHERE i.incident_id = $1 RETURNING payload) "
		"SELECT pg_notify('sessionize_incident', (CASE WHEN octet_length(n.payload::text) < 7900 "
		"THEN n.payload ELSE n.payload - 'subjects' - 'derived' END)::text) FROM notice AS n",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT8(incident), SQL_TIMESTAMPTZ(at), SQL_TEXT(event), SQL_TEXT(check),
				   SQL_TEXT(state)));
}

/*
 * find returns the id that a query over pipeline, check and subjects finds; 0: none.
 */
static int64
find(const char *sql, const Pipeline *pipeline, const char *check, const char *subjects)
{
	int64 incident = 0;

	(void) extension_bigints(
		sql, SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(check), SQL_TEXT(subjects)), &incident, 1);
	return incident;
}

/*
 * find_own returns the open incident that a check belongs to; 0: none.
 */
static int64
find_own(const Pipeline *pipeline, const char *check)
{
	return find("SELECT i.incident_id FROM sessionize.incident AS i JOIN sessionize.incident_check "
				"AS k USING (incident_id) WHERE i.pipeline_id = $1 AND i.closed_at IS NULL AND "
				"k.check_name = $2 AND $3::text IS NULL ORDER BY i.incident_id DESC LIMIT 1",
				pipeline, check, NULL);
}

/*
 * find_same returns an open incident that is about the same; 0: none.
 */
static int64
find_same(const Pipeline *pipeline, const char *check, const char *subjects)
{
	return find("SELECT i.incident_id FROM sessionize.incident AS i WHERE i.pipeline_id = $1 AND "
				"$2::text IS NOT NULL AND i.closed_at IS NULL AND " SAME_SUBJECT(
					"i.subjects", "$3::jsonb") " ORDER BY i.incident_id DESC LIMIT 1",
				pipeline, check, subjects);
}

/*
 * open makes an incident.
 */
static int64
open_incident(const Pipeline *pipeline, const DataCheck *check, TimestampTz at)
{
	int64 incident = 0;

	(void) extension_bigints(
		"INSERT INTO sessionize.incident (pipeline_id, severity, opened_at) "
		"VALUES ($1, $2, $3) RETURNING incident_id",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(check->severity), SQL_TIMESTAMPTZ(at)),
		&incident, 1);
	return incident;
}

/*
 * enroll notes a failure of a check in an incident.
 */
static void
enroll(int64 incident, const DataCheck *check, const CheckOutcome *outcome, TimestampTz at)
{
	extension_run(
		"INSERT INTO sessionize.incident_check AS k (incident_id, check_name, joined_at, "
		"last_failed_at, affected) VALUES ($1, $2, $3, $3, $4::bigint) "
		"ON CONFLICT (incident_id, check_name) DO UPDATE SET last_failed_at = $3, recovered_at = "
		"NULL, failures = k.failures + 1, affected = greatest(k.affected, excluded.affected)",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT8(incident), SQL_TEXT(check->name), SQL_TIMESTAMPTZ(at),
				   SQL_TEXT(outcome->affected)));
}

/*
 * widen takes what a run has found into an incident; true if it has become worse: there are new
 * subjects, or it is more severe.
 */
static bool
widen(int64 incident, const DataCheck *check, const CheckOutcome *outcome)
{
	char *sql = psprintf(
		"UPDATE sessionize.incident AS i SET severity = CASE WHEN %s > %s THEN $2 "
		"ELSE i.severity END, since = least(i.since, $3::timestamptz), "
		"affected = greatest(i.affected, $4::bigint), subjects = %s, derived = %s "
		"FROM sessionize.incident AS o WHERE i.incident_id = $1 AND o.incident_id = i.incident_id "
		"RETURNING (i.severity <> o.severity OR i.subjects <> o.subjects)::int::bigint",
		RANK("$2"), RANK("i.severity"), BOTH_LISTS("i.subjects", "$5::jsonb"),
		BOTH_LISTS("i.derived", "coalesce($6, '[]')::jsonb"));
	int64 worse = 0;

	(void) extension_bigints(sql, SQL_READ_WRITE,
							 SQL_VALUES(SQL_INT8(incident), SQL_TEXT(check->severity),
										SQL_TEXT(outcome->since), SQL_TEXT(outcome->affected),
										SQL_TEXT(outcome->subject_list),
										SQL_TEXT(outcome->derived)),
							 &worse, 1);
	return worse != 0;
}

/*
 * outcome_detail returns what the story says of a run that has failed.
 */
static char *
outcome_detail(const DataCheck *check, const CheckOutcome *outcome)
{
	bool isnull;
	Datum detail = extension_value(
		"SELECT jsonb_strip_nulls(jsonb_build_object('severity', $1, 'value', $2::numeric, "
		"'lower', $3::numeric, 'upper', $4::numeric, 'affected', $5::bigint, 'error', $6, "
		"'found', $7::jsonb))::text",
		SQL_READ_ONLY,
		SQL_VALUES(SQL_TEXT(check->severity), SQL_TEXT(outcome->value), SQL_TEXT(outcome->lower),
				   SQL_TEXT(outcome->upper), SQL_TEXT(outcome->affected), SQL_TEXT(outcome->error),
				   SQL_TEXT(outcome->sample)),
		&isnull);

	return TextDatumGetCString(detail);
}

/*
 * had_recovered tells whether a check had left an incident that is open still.
 */
static bool
had_recovered(int64 incident, const char *check)
{
	int64 recovered = 0;

	(void) extension_bigints("SELECT (recovered_at IS NOT NULL)::int::bigint FROM "
							 "sessionize.incident_check WHERE incident_id = $1 AND check_name = $2",
							 SQL_READ_WRITE, SQL_VALUES(SQL_INT8(incident), SQL_TEXT(check)),
							 &recovered, 1);
	return recovered != 0;
}

/*
 * incident_fail notes a failure that counts.
 */
int64
incident_fail(const Pipeline *pipeline, const DataCheck *check, const CheckOutcome *outcome,
			  TimestampTz at)
{
	int64 incident;
	const char *event = NULL;
	bool worse;

	/* so that two sessions with checks that fail for one reason don't open two incidents */
	pipeline_lock_incidents(pipeline);
	incident = find_own(pipeline, check->name);
	if (incident != 0)
		event = had_recovered(incident, check->name) ? "failed again" : NULL;
	else
	{
		incident = find_same(pipeline, check->name, outcome->subject_list);
		event = incident != 0 ? "joined" : "opened";
		if (incident == 0)
			incident = open_incident(pipeline, check, at);
	}
	enroll(incident, check, outcome, at);
	worse = widen(incident, check, outcome);
	if (event == NULL && worse)
		event = "subject";
	if (event == NULL)
		return incident;
	tell(incident, at, event, check->name, outcome_detail(check, outcome));
	if (strcmp(event, "opened") == 0)
		notify(incident, at, "opened", event, check->name);
	else if (worse)
		notify(incident, at, "worse", event, check->name);
	return incident;
}

/*
 * forget deletes incidents of the same pipeline that are long closed, and notes how many they were.
 */
static void
forget(int64 incident, TimestampTz at)
{
	extension_run(
		"WITH gone AS (DELETE FROM sessionize.incident AS i USING sessionize.incident AS n "
		"WHERE n.incident_id = $1 AND i.pipeline_id = n.pipeline_id AND i.closed_at < $2 "
		"- interval '" KEPT "' RETURNING i.incident_id, i.pipeline_id), "
		"checks AS (DELETE FROM sessionize.incident_check AS k USING gone AS g "
		"WHERE k.incident_id = g.incident_id), "
		"events AS (DELETE FROM sessionize.incident_event AS k USING gone AS g "
		"WHERE k.incident_id = g.incident_id) "
		"INSERT INTO sessionize.incident_forgotten AS f (pipeline_id, incidents) "
		"SELECT g.pipeline_id, count(*) FROM gone AS g GROUP BY 1 "
		"ON CONFLICT (pipeline_id) DO UPDATE SET incidents = f.incidents + excluded.incidents",
		SQL_READ_WRITE, SQL_VALUES(SQL_INT8(incident), SQL_TIMESTAMPTZ(at)));
}

/*
 * close_if_over closes an incident of which no check fails any more.
 */
static void
close_if_over(int64 incident, TimestampTz at)
{
	if (extension_run("UPDATE sessionize.incident AS i SET closed_at = $2 WHERE i.incident_id = $1 "
					  "AND NOT EXISTS (SELECT FROM sessionize.incident_check AS k WHERE "
					  "k.incident_id = i.incident_id AND k.recovered_at IS NULL)",
					  SQL_READ_WRITE, SQL_VALUES(SQL_INT8(incident), SQL_TIMESTAMPTZ(at))) == 0)
		return;
	tell(incident, at, "closed", NULL, NULL);
	notify(incident, at, "closed", "closed", NULL);
	forget(incident, at);
}

/*
 * incident_recover takes a check out of its open incident.
 */
void
incident_recover(const Pipeline *pipeline, const char *check, const char *detail, TimestampTz at)
{
	int64 incident = find_own(pipeline, check);

	if (incident == 0)
		return;
	pipeline_lock_incidents(pipeline);
	if (extension_run("UPDATE sessionize.incident_check SET recovered_at = $3 WHERE "
					  "incident_id = $1 AND check_name = $2 AND recovered_at IS NULL",
					  SQL_READ_WRITE,
					  SQL_VALUES(SQL_INT8(incident), SQL_TEXT(check), SQL_TIMESTAMPTZ(at))) == 0)
		return;
	tell(incident, at, "recovered", check, detail);
	close_if_over(incident, at);
}

/*
 * take_name takes the name of the pipeline of an incident.
 */
static void
take_name(void *arg, const SqlRow *row)
{
	*(char **) arg = sql_row_text(row, 1);
}

/*
 * sessionize_note_incident adds a note to an incident's story.
 */
Datum
sessionize_note_incident(PG_FUNCTION_ARGS)
{
	char *name = NULL;

	PreventCommandIfReadOnly("sessionize.note_incident()");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("incident_id and note must not be null"),
				 errhint("SELECT sessionize.note_incident(1, 'the release was taken back');")));
	extension_visit("SELECT p.pipeline_name FROM sessionize.incident AS i "
					"JOIN sessionize.pipeline AS p USING (pipeline_id) WHERE i.incident_id = $1",
					SQL_READ_WRITE, SQL_VALUES(SQL_INT8(PG_GETARG_INT64(0))), take_name, &name);
	if (name == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("there is no incident " INT64_FORMAT, PG_GETARG_INT64(0)),
						errhint("SELECT incident_id FROM sessionize.incidents; lists them.")));
	pipeline_check_owner(pipeline_load_detached(name));
	extension_run("INSERT INTO sessionize.incident_event (incident_id, at, event, detail) "
				  "VALUES ($1, now(), 'note', jsonb_build_object('note', $2, 'by', $3))",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT8(PG_GETARG_INT64(0)),
							 SQL_DATUM(TEXTOID, PG_GETARG_DATUM(1), false),
							 SQL_TEXT(GetUserNameFromId(GetUserId(), false))));
	PG_RETURN_VOID();
}
