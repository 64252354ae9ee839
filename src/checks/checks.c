/*
 * checks.c
 *		sessionize.add_check(), alter_check(), drop_check() and add_default_checks(): which checks a
 *		pipeline has; and run_checks().
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/rollup_definition.h"
#include "checks/check_query.h"
#include "checks/check_run.h"
#include "checks/incident.h"
#include "compat.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "utils/arguments.h"
#include "wakeup/notify.h"

/* The shortest time between two runs of a check, and the shortest timeout. */
#define LEAST_EVERY   USECS_PER_SEC
#define LEAST_TIMEOUT 1000

/*
 * load_own_pipeline loads the pipeline that the first argument names, which the user must own.
 */
static Pipeline *
load_own_pipeline(FunctionCallInfo fcinfo, const char *call)
{
	Pipeline *pipeline;

	PreventCommandIfReadOnly(call);
	pipeline = pipeline_load(argument_pipeline(fcinfo));
	pipeline_check_owner(pipeline);
	return pipeline;
}

/*
 * text_argument returns a text argument; NULL for NULL.
 */
static char *
text_argument(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/*
 * name_argument returns the argument that names a check.
 */
static char *
name_argument(FunctionCallInfo fcinfo)
{
	char *name = text_argument(fcinfo, 1);

	if (name == NULL || *name == '\0' || strlen(name) >= NAMEDATALEN)
		ereport(ERROR, (errcode(ERRCODE_INVALID_NAME),
						errmsg("name must have 1 to %d bytes", NAMEDATALEN - 1),
						errhint("Name the check, such as name => 'no orders'.")));
	return name;
}

/*
 * report_unknown_check reports that a pipeline has no check of a name.
 */
pg_noreturn static void
report_unknown_check(const Pipeline *pipeline, const char *name)
{
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
					errmsg("pipeline \"%s\" has no check \"%s\"", pipeline->name, name),
					errhint("SELECT check_name FROM sessionize.checks WHERE pipeline_name = %s;",
							quote_literal_cstr(pipeline->name))));
}

/*
 * value_argument returns an argument as a parameter of a statement.
 */
static SqlValue
value_argument(FunctionCallInfo fcinfo, int argno, Oid type)
{
	bool isnull = PG_ARGISNULL(argno);

	return SQL_DATUM(type, isnull ? (Datum) 0 : PG_GETARG_DATUM(argno), isnull);
}

/*
 * check_times reports an interval or a count that is out of range.  NULL is none.
 */
static void
check_times(FunctionCallInfo fcinfo, int every, int timeout, int keep, int opens_after)
{
	if (!PG_ARGISNULL(every) &&
		sz_interval_usecs(PG_GETARG_INTERVAL_P(every), "every") < LEAST_EVERY)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("every must be at least one second"),
						errhint("Such as every => '5 minutes'.")));
	if (!PG_ARGISNULL(timeout) &&
		sz_interval_usecs(PG_GETARG_INTERVAL_P(timeout), "timeout") < LEAST_TIMEOUT)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("timeout must be at least one millisecond"),
						errhint("Such as timeout => '1 minute'.")));
	if (!PG_ARGISNULL(keep))
		(void) sz_interval_usecs(PG_GETARG_INTERVAL_P(keep), "keep");
	for (int argno = opens_after; argno <= opens_after + 1; argno++)
		if (!PG_ARGISNULL(argno) && PG_GETARG_INT32(argno) < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must be at least 1",
							argno == opens_after ? "opens_after" : "closes_after"),
					 errhint("It says how often in a row the check must fail before an incident "
							 "opens, or succeed before it closes.")));
}

/*
 * check_severity reports a severity that there is not.
 */
static void
check_severity(const char *severity)
{
	if (severity != NULL && strcmp(severity, "info") != 0 && strcmp(severity, "warning") != 0 &&
		strcmp(severity, "error") != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there is no severity \"%s\"", severity),
						errhint("Severities are info, warning and error.")));
}

/*
 * check_quiet reports quiet hours with one end, or in an unknown time zone.
 */
static void
check_quiet(FunctionCallInfo fcinfo, int from)
{
	bool isnull;
	char *zone = text_argument(fcinfo, from + 2);

	if (PG_ARGISNULL(from) != PG_ARGISNULL(from + 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("quiet hours need both quiet_from and quiet_until"),
						errhint("Such as quiet_from => '22:00', quiet_until => '06:00', "
								"quiet_zone => 'Europe/Berlin'.")));
	/* an unknown zone is an error of this statement */
	if (zone != NULL)
		(void) sql_value("SELECT now() AT TIME ZONE $1", SQL_READ_ONLY, SQL_VALUES(SQL_TEXT(zone)),
						 &isnull);
}

/* A parameter as given, and its type by the kind; InvalidOid: the kind has none of this name. */
typedef struct GivenParameter
{
	const char *kind;
	const char *name;
	Oid type;
	const char *value;
	const char *known; /* the names that there are */
	bool is_missing;   /* it is required and not given */
} GivenParameter;

/*
 * name_parameter is the error context of a parameter's value.
 */
static void
name_parameter(void *arg)
{
	errcontext("parameter \"%s\" of a check", (const char *) arg);
}

/*
 * check_value reports a value that is none of the parameter's type.
 */
static void
check_value(const GivenParameter *given)
{
	ErrorContextCallback context = {.callback = name_parameter,
									.arg = unconstify(char *, given->name),
									.previous = error_context_stack};
	Oid input;
	Oid param;

	if (given->value == NULL)
		return;
	error_context_stack = &context;
	getTypeInputInfo(given->type, &input, &param);
	(void) OidInputFunctionCall(input, unconstify(char *, given->value), param, -1);
	error_context_stack = context.previous;
}

/*
 * check_parameter reports a parameter that is wrong.
 */
static void
check_parameter(void *arg pg_attribute_unused(), const SqlRow *row)
{
	GivenParameter given = {.kind = sql_row_text(row, 1),
							.name = sql_row_text(row, 2),
							.type = sql_row_oid(row, 3),
							.value = sql_row_text(row, 4),
							.known = sql_row_text(row, 5),
							.is_missing = sql_row_bool(row, 6)};

	if (!OidIsValid(given.type))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_PARAMETER),
				 errmsg("checks of kind %s have no parameter \"%s\"", given.kind, given.name),
				 errhint("They have: %s.", given.known)));
	if (given.is_missing)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a check of kind %s needs the parameter \"%s\"", given.kind, given.name),
				 errhint("Such as parameters => '{\"%s\": \"...\"}'.", given.name)));
	check_value(&given);
}

/*
 * check_parameters checks the parameters that are given for a kind: their names, types, and that
 * none is missing.
 */
static void
check_parameters(const char *kind, const Jsonb *parameters)
{
	SqlValue given = SQL_DATUM(JSONBOID, JsonbPGetDatum(parameters), false);

	if (!JB_ROOT_IS_OBJECT(parameters))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("parameters must be a JSON object"),
						errhint("Such as parameters => '{\"max_age\": \"1 hour\"}'.")));
	extension_visit(
		"SELECT k.kind, x.key, replace(x.rule ->> 'type', 'attribute', 'text')::regtype::oid, "
		"x.value, (SELECT string_agg(n, ', ' ORDER BY n) FROM jsonb_object_keys(k.parameters) "
		"AS n), coalesce((x.rule ->> 'required')::boolean, false) AND x.value IS NULL "
		"FROM sessionize.check_kind AS k CROSS JOIN LATERAL (SELECT key, g.value, s.value AS rule "
		"FROM jsonb_each_text($2) AS g FULL JOIN jsonb_each(k.parameters) AS s USING (key)) AS x "
		"WHERE k.kind = $1",
		SQL_READ_WRITE, SQL_VALUES(SQL_TEXT(kind), given), check_parameter, NULL);
}

/*
 * check_kind reports a kind that there is not.
 */
static void
check_kind(const char *kind)
{
	bool isnull;
	Datum kinds = extension_value(
		"SELECT CASE WHEN NOT coalesce(bool_or(k.kind = $1), false) THEN "
		"string_agg(k.kind, ', ' ORDER BY k.kind) END FROM sessionize.check_kind AS k",
		SQL_READ_WRITE, SQL_VALUES(SQL_TEXT(kind)), &isnull);

	if (!isnull)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there is no kind of checks \"%s\"", kind == NULL ? "" : kind),
						errhint("Kinds are: %s.", TextDatumGetCString(kinds))));
}

/*
 * test_query has the server look at the query of a check that was written just now.
 */
static void
test_query(const Pipeline *pipeline, const char *name)
{
	List *checks = checks_load(pipeline, name, "true", GetCurrentTimestamp());
	OwnerScope scope;

	if (checks == NIL)
		return;
	owner_scope_enter(&scope, pipeline);
	check_query_test(pipeline, linitial(checks));
	owner_scope_leave(&scope);
}

/*
 * sessionize_add_check adds a check.
 */
PIPELINE_FUNCTION(sessionize_add_check)
{
	Pipeline *pipeline = load_own_pipeline(fcinfo, "sessionize.add_check()");
	char *name = name_argument(fcinfo);
	char *kind = text_argument(fcinfo, 2);
	char *severity = text_argument(fcinfo, 4);
	Datum none = DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
	Datum parameters = PG_ARGISNULL(3) ? none : PG_GETARG_DATUM(3);

	check_kind(kind);
	check_parameters(kind, DatumGetJsonbP(parameters));
	check_severity(severity);
	check_times(fcinfo, 5, 11, 12, 6);
	check_quiet(fcinfo, 8);
	if (extension_run(
			"INSERT INTO sessionize.data_check (pipeline_id, check_name, kind, parameters, "
			"severity, every, opens_after, closes_after, quiet_from, quiet_until, quiet_zone, "
			"timeout, keep) SELECT $1, $2, k.kind, $4, coalesce($5, k.severity), "
			"coalesce($6, k.every), coalesce($7, 1), coalesce($8, 2), $9, $10, $11, "
			"coalesce($12, '1 minute'), coalesce($13, '30 days') FROM sessionize.check_kind AS k "
			"WHERE k.kind = $3 ON CONFLICT DO NOTHING",
			SQL_READ_WRITE,
			SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(name), SQL_TEXT(kind),
					   SQL_DATUM(JSONBOID, parameters, false), SQL_TEXT(severity),
					   value_argument(fcinfo, 5, INTERVALOID), value_argument(fcinfo, 6, INT4OID),
					   value_argument(fcinfo, 7, INT4OID), value_argument(fcinfo, 8, TIMEOID),
					   value_argument(fcinfo, 9, TIMEOID), value_argument(fcinfo, 10, TEXTOID),
					   value_argument(fcinfo, 11, INTERVALOID),
					   value_argument(fcinfo, 12, INTERVALOID))) == 0)
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
						errmsg("pipeline \"%s\" has a check \"%s\" already", pipeline->name, name),
						errhint("sessionize.alter_check() changes it.")));
	test_query(pipeline, name);
	survey_at_commit();
	PG_RETURN_VOID();
}

/*
 * kind_of returns the kind of a check.
 */
static char *
kind_of(const Pipeline *pipeline, const char *name)
{
	bool isnull;
	Datum kind = extension_value(
		"SELECT kind FROM sessionize.data_check WHERE pipeline_id = $1 AND check_name = $2::name",
		SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(name)), &isnull);

	if (isnull)
		report_unknown_check(pipeline, name);
	return TextDatumGetCString(kind);
}

/*
 * sessionize_alter_check changes what is given of a check.  It is due at once.
 */
PIPELINE_FUNCTION(sessionize_alter_check)
{
	Pipeline *pipeline = load_own_pipeline(fcinfo, "sessionize.alter_check()");
	char *name = name_argument(fcinfo);
	char *kind = kind_of(pipeline, name);
	char *severity = text_argument(fcinfo, 3);

	if (!PG_ARGISNULL(2))
		check_parameters(kind, PG_GETARG_JSONB_P(2));
	check_severity(severity);
	check_times(fcinfo, 4, 10, 11, 5);
	check_quiet(fcinfo, 7);
	extension_run(
		"WITH due AS (UPDATE sessionize.check_state SET next_at = NULL, "
		"reference = CASE WHEN $3 IS NULL THEN reference END "
		"WHERE pipeline_id = $1 AND check_name = $2 AND $13 IS NULL) "
		"UPDATE sessionize.data_check SET parameters = coalesce($3, parameters), "
		"severity = coalesce($4, severity), every = coalesce($5, every), "
		"opens_after = coalesce($6, opens_after), closes_after = coalesce($7, closes_after), "
		"quiet_from = coalesce($8, quiet_from), quiet_until = coalesce($9, quiet_until), "
		"quiet_zone = coalesce($10, quiet_zone), timeout = coalesce($11, timeout), "
		"keep = coalesce($12, keep), muted_until = coalesce($13, muted_until) "
		"WHERE pipeline_id = $1 AND check_name = $2",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(name), value_argument(fcinfo, 2, JSONBOID),
				   SQL_TEXT(severity), value_argument(fcinfo, 4, INTERVALOID),
				   value_argument(fcinfo, 5, INT4OID), value_argument(fcinfo, 6, INT4OID),
				   value_argument(fcinfo, 7, TIMEOID), value_argument(fcinfo, 8, TIMEOID),
				   value_argument(fcinfo, 9, TEXTOID), value_argument(fcinfo, 10, INTERVALOID),
				   value_argument(fcinfo, 11, INTERVALOID),
				   value_argument(fcinfo, 12, TIMESTAMPTZOID)));
	if (!PG_ARGISNULL(2))
		test_query(pipeline, name);
	survey_at_commit();
	PG_RETURN_VOID();
}

/*
 * sessionize_drop_check removes a check.  An open incident goes on without it.
 */
PIPELINE_FUNCTION(sessionize_drop_check)
{
	Pipeline *pipeline = load_own_pipeline(fcinfo, "sessionize.drop_check()");
	char *name = name_argument(fcinfo);

	if (extension_run("DELETE FROM sessionize.data_check WHERE pipeline_id = $1 AND "
					  "check_name = $2::name",
					  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(name))) == 0)
		report_unknown_check(pipeline, name);
	incident_recover(pipeline, name, "{\"dropped\": true}", GetCurrentTimestamp());
	extension_run("WITH state AS (DELETE FROM sessionize.check_state WHERE pipeline_id = $1 AND "
				  "check_name = $2::name) DELETE FROM sessionize.check_result WHERE "
				  "pipeline_id = $1 AND check_name = $2::name",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(name)));
	PG_RETURN_VOID();
}

/*
 * put_name adds a name to the result.
 */
static void
put_name(void *arg, const SqlRow *row)
{
	ReturnSetInfo *result = arg;

	tuplestore_puttuple(result->setResult, row->tuple);
}

/*
 * enable_counts has the events counted that most kinds of checks judge.  A column of the raw table
 * that is called source tells them apart.
 */
static void
enable_counts(const Pipeline *pipeline)
{
	const char *source =
		get_attnum(pipeline->source, "source") == InvalidAttrNumber ? "NULL" : "'source::text'";

	if (pipeline->store_events && rollup_find(pipeline, EVENT_COUNTS_ROLLUP) == NULL)
		(void) sql_executef("SELECT sessionize.enable_event_counts(%s, source => %s)",
							quote_literal_cstr(pipeline->name), source);
}

/*
 * sessionize_add_default_checks adds the checks that the kinds say are sensible for a pipeline.
 */
PIPELINE_FUNCTION(sessionize_add_default_checks)
{
	Pipeline *pipeline = load_own_pipeline(fcinfo, "sessionize.add_default_checks()");

	enable_counts(pipeline);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	extension_visit(
		"WITH own AS (SELECT 'dimensions' AS needs, a.name::text, d.of_events FROM "
		"sessionize.dimension AS d JOIN sessionize.dimension_attribute AS a USING (pipeline_id, "
		"number) WHERE d.pipeline_id = $1 UNION ALL SELECT 'measures', m.measure::text, true FROM "
		"sessionize.measure AS m WHERE m.pipeline_id = $1 AND m.of_events AND m.visible AND "
		"m.kind IN ('sum', 'min', 'max')), has AS (SELECT p.*, EXISTS (SELECT FROM pg_attribute AS "
		"a WHERE a.attrelid = p.source AND a.attname = 'properties' AND a.atttypid = "
		"'jsonb'::regtype AND NOT a.attisdropped) AS has_properties, "
		"EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = p.source AND a.attname = "
		"'source' AND NOT a.attisdropped) AS has_source "
		"FROM sessionize.pipeline AS p WHERE p.pipeline_id = $1), "
		"wanted AS (SELECT k.kind, k.severity, coalesce((d.value ->> 'every')::interval, k.every) "
		"AS every, d.value FROM has AS h, "
		"sessionize.check_kind AS k, jsonb_array_elements(k.defaults) AS d "
		"WHERE h.store_events OR NOT k.uses_counts), made AS ("
		"SELECT replace(w.value ->> 'name', '{attribute}', coalesce(left(o.name, 63 - "
		"length(replace(w.value ->> 'name', '{attribute}', ''))), '')) AS name, w.kind, "
		"w.severity, w.every, replace(replace(replace(coalesce(w.value -> 'parameters', "
		"'{}')::text, '\"{attribute}\"', coalesce(to_json(o.name::text)::text, '')), "
		"'\"{user_id}\"', coalesce(to_json(h.user_id)::text, 'null')), '\"{key}\"', "
		"coalesce(to_json(h.key)::text, 'null'))::jsonb AS parameters "
		"FROM has AS h, wanted AS w LEFT JOIN own AS o ON o.needs = w.value ->> 'needs' "
		"WHERE CASE WHEN w.value ->> 'needs' IN ('dimensions', 'measures') THEN o.name IS NOT NULL "
		"AND (h.store_events OR NOT o.of_events) ELSE CASE w.value ->> 'needs' "
		"WHEN 'events' THEN h.store_events "
		"WHEN 'properties' THEN h.has_properties WHEN 'source' THEN h.has_source "
		"WHEN 'event_id' THEN h.event_id <> '' WHEN 'user_id' THEN h.user_id <> '' "
		"WHEN 'received_at' THEN h.received_at <> '' "
		"WHEN 'page' THEN h.page <> '' AND h.store_events "
		"WHEN 'event_name' THEN h.event_name <> '' AND h.store_events "
		"ELSE w.value -> 'needs' IS NULL END END) "
		"INSERT INTO sessionize.data_check (pipeline_id, check_name, kind, parameters, severity, "
		"every, timeout, opens_after, closes_after, keep) "
		"SELECT $1, m.name, m.kind, m.parameters, m.severity, m.every, '1 minute', 1, "
		"2, '30 days' FROM made AS m ORDER BY 2 ON CONFLICT DO NOTHING RETURNING check_name",
		SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id)), put_name, fcinfo->resultinfo);
	survey_at_commit();
	PG_RETURN_NULL();
}

/*
 * put_outcome adds what a check has found to the result.
 */
static void
put_outcome(void *arg, const DataCheck *check, const CheckOutcome *outcome, int64 incident)
{
	ReturnSetInfo *result = arg;
	const char *texts[] = {check->name,
						   check_status_name(outcome->status),
						   outcome->value,
						   outcome->lower,
						   outcome->upper,
						   outcome->affected,
						   incident == 0 ? NULL : psprintf(INT64_FORMAT, incident)};
	AttInMetadata *input = TupleDescGetAttInMetadata(result->setDesc);
	HeapTuple row = BuildTupleFromCStrings(input, (char **) texts);

	tuplestore_puttuple(result->setResult, row);
}

/*
 * sessionize_run_checks runs a pipeline's checks.
 */
PIPELINE_FUNCTION(sessionize_run_checks)
{
	Pipeline *pipeline = load_own_pipeline(fcinfo, "sessionize.run_checks()");
	char *name = text_argument(fcinfo, 1);
	TimestampTz at = PG_ARGISNULL(2) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(2);

	sz_require_finite(at);
	if (name != NULL)
		(void) kind_of(pipeline, name);
	InitMaterializedSRF(fcinfo, 0);
	(void) checks_run(pipeline, name,
					  PG_ARGISNULL(3) || PG_GETARG_BOOL(3) ? CHECKS_DUE : CHECKS_ALL, at,
					  put_outcome, fcinfo->resultinfo);
	PG_RETURN_NULL();
}
