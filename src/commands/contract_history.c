/*
 * contract_history.c
 *		sessionize.infer_contract(), dry_run_contract() and preview_contract(): what a contract would
 *		say about the raw rows that a pipeline has already.
 *
 * Each is one or two queries over the raw table, which parallel workers can share.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/contract_catalog.h"
#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "commands/contract_check.h"
#include "commands/mapping.h"
#include "commands/own_columns.h"
#include "compat.h"
#include "source/source_mapping.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "utils/arguments.h"
#include "utils/expression.h"

/* So many violations of one document are looked for, and so many kinds of them are listed. */
#define VIOLATIONS_OF_DOCUMENT 1000
#define VIOLATIONS_LISTED      20

/* The texts of a pipeline's expressions over the raw row, with the alias of the view "source". */
typedef struct History
{
	Pipeline *pipeline;
	const char *event_name; /* NULL: all events */
	const char *value;      /* the document; NULL: the whole row, of which users can't speak */
	const char *document; /* the document; JSON's null where there is none, as a contract sees it */
	const char *name;
	const char *filter;
	const char *time;
	const char *raw_id;
	const char *table;
} History;

/*
 * column_text returns the text of a column of the view "source".
 */
static char *
column_text(Relation raw, const SourceMapping *mapping, SourceColumn column, const char *alias)
{
	Node *expression = copyObject(source_expression(mapping, column));

	ChangeVarNodes(expression, (int) mapping->varno, 1, 0);
	return expression_text(raw, expression, alias);
}

/*
 * history_of returns the texts, for the documents that a contract is about.  With the alias NULL
 * the texts are such as users give; the whole row has none.
 */
static History
history_of(Pipeline *pipeline, const char *given, const char *alias)
{
	History history = {.pipeline = pipeline};
	const SourceMapping *mapping;
	Node *document;
	Relation raw;
	int level;

	raw = table_open(pipeline->source, AccessShareLock);
	mapping = source_mapping(pipeline);
	document = contract_about_parse(raw, given);
	level = pinned_settings_enter();
	history.name = column_text(raw, mapping, SRC_EVENT_NAME, alias);
	history.filter = column_text(raw, mapping, SRC_FILTER, alias);
	history.time = psprintf("coalesce(%s, %s)", column_text(raw, mapping, SRC_OCCURRED_AT, alias),
							column_text(raw, mapping, SRC_RECEIVED_AT, alias));
	history.raw_id = column_text(raw, mapping, SRC_RAW_ID, alias);
	history.table = sql_qualified_name(pipeline->source);
	if (document != NULL)
		history.value = expression_text(raw, document, alias);
	else if (alias != NULL)
		history.value = psprintf("pg_catalog.to_jsonb(%s.*)", alias);
	if (history.value != NULL)
		history.document = psprintf("coalesce(%s, 'null'::pg_catalog.jsonb)", history.value);
	pinned_settings_leave(level);
	table_close(raw, NoLock);
	return history;
}

/*
 * history_open returns the texts for the event name and the document that arguments give.
 */
static History
history_open(FunctionCallInfo fcinfo, int about, const char *alias)
{
	Pipeline *pipeline = pipeline_load(argument_pipeline(fcinfo));
	History history;

	pipeline_check_owner(pipeline);
	history = history_of(pipeline, own_text_argument(fcinfo, about), alias);
	history.event_name = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	return history;
}

/*
 * time_argument returns an argument that is a time, as a parameter.
 */
static SqlValue
time_argument(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? SQL_NULL(TIMESTAMPTZOID)
							   : SQL_TIMESTAMPTZ(PG_GETARG_TIMESTAMPTZ(argno));
}

/*
 * append_events appends the events of the parameter $1, with their document, the raw row's id, and
 * whether they are not older than the parameter $2.
 */
static void
append_events(StringInfo sql, const History *history)
{
	appendStringInfo(sql,
					 "(SELECT %s AS document, (%s) IS NULL AS is_missing, "
					 "((%s)::pg_catalog.text COLLATE pg_catalog.\"C\") AS raw_id, "
					 "($2 IS NULL OR %s >= $2) AS is_read FROM %s AS %s "
					 "WHERE (%s) AND ($1 IS NULL OR %s = $1)) AS e",
					 history->document, history->value, history->raw_id, history->time,
					 history->table, MAPPING_ALIAS, history->filter, history->name);
}

/*
 * sessionize_infer_contract proposes a schema for the events of a name.
 */
PIPELINE_FUNCTION(sessionize_infer_contract)
{
	History history = history_open(fcinfo, 3, MAPPING_ALIAS);
	StringInfoData sql;
	OwnerScope scope;

	InitMaterializedSRF(fcinfo, 0);
	initStringInfo(&sql);
	appendStringInfoString(
		&sql, "SELECT i.schema, i.events, i.missing, i.all_events, "
			  "round(i.events::numeric / nullif(i.all_events, 0), 4), i.properties FROM (SELECT "
			  "sessionize.infer_schema(e.document) FILTER (WHERE e.is_read) AS schema, "
			  "sessionize.property_statistics(e.document) FILTER (WHERE e.is_read) AS properties, "
			  "count(*) FILTER (WHERE e.is_read AND e.is_missing) AS missing, "
			  "count(*) FILTER (WHERE e.is_read) AS events, count(*) AS all_events FROM ");
	append_events(&sql, &history);
	appendStringInfoString(&sql, ") AS i");
	owner_scope_enter(&scope, history.pipeline);
	sql_visit(sql.data, SQL_READ_ONLY,
			  SQL_VALUES(SQL_TEXT(history.event_name), time_argument(fcinfo, 2)), sql_row_put,
			  fcinfo->resultinfo);
	owner_scope_leave(&scope);
	PG_RETURN_NULL();
}

/* What a dry run counts. */
typedef struct DryRun
{
	int64 events;
	int64 missing; /* events without a document */
	int64 passed;
	Datum violations; /* jsonb */
} DryRun;

/*
 * take_counts takes the numbers that the query of a dry run has returned.
 */
static void
take_counts(void *arg, const SqlRow *row)
{
	DryRun *run = arg;

	run->events = sql_row_int8(row, 1);
	run->missing = sql_row_int8(row, 2);
	run->passed = sql_row_int8(row, 3);
}

/*
 * take_violations takes a copy of the list that the query of a dry run has returned.
 */
static void
take_violations(void *arg, const SqlRow *row)
{
	bool isnull;
	Datum list = sql_row_datum(row, 1, &isnull);

	if (!isnull)
		((DryRun *) arg)->violations = PointerGetDatum(PG_DETOAST_DATUM_COPY(list));
}

/*
 * append_violations appends the query for the violations.  A row counts once for each keyword of
 * the schema that it violates.  The sample has the least and the greatest raw id and, so that
 * workers need not keep a list, the least one of each of three parts that a hash makes.
 */
static void
append_violations(StringInfo sql, const History *history)
{
	appendStringInfo(
		sql,
		"SELECT jsonb_agg(jsonb_build_object('schema_path', k.schema_path, 'keyword', k.keyword, "
		"'message', k.message, 'rows', k.events, 'violations', k.violations, 'raw_ids', "
		"(SELECT jsonb_agg(DISTINCT s.id) FROM unnest(k.ids) AS s (id) WHERE s.id IS NOT NULL)) "
		"ORDER BY k.events DESC, k.schema_path, k.keyword) "
		"FROM (SELECT v.schema_path, v.keyword, min(v.message) AS message, count(*) AS events, "
		"sum(v.violations)::bigint AS violations, ARRAY[min(e.raw_id), max(e.raw_id), "
		"min(e.raw_id) FILTER (WHERE hashtext(e.raw_id) %% 3 = 0), "
		"min(e.raw_id) FILTER (WHERE abs(hashtext(e.raw_id) %% 3) = 1), "
		"min(e.raw_id) FILTER (WHERE abs(hashtext(e.raw_id) %% 3) = 2)] AS ids FROM ");
	append_events(sql, history);
	appendStringInfo(sql,
					 ", LATERAL (SELECT w.schema_path COLLATE \"C\" AS schema_path, "
					 "w.keyword COLLATE \"C\" AS keyword, min(w.message COLLATE \"C\") AS message, "
					 "count(*) AS violations FROM sessionize.violations($3, e.document, %d, true, "
					 "$4, true) AS w "
					 "GROUP BY 1, 2) AS v "
					 "WHERE e.is_read AND NOT sessionize.validate($3, e.document, true, $4, true) "
					 "GROUP BY v.schema_path, v.keyword "
					 "ORDER BY events DESC, v.schema_path, v.keyword LIMIT %d) AS k",
					 VIOLATIONS_OF_DOCUMENT, VIOLATIONS_LISTED);
}

/*
 * dry_run judges the events by a schema.
 */
static void
dry_run(const History *history, SqlValues parameters, DryRun *run)
{
	StringInfoData sql;
	OwnerScope scope;

	owner_scope_enter(&scope, history->pipeline);
	initStringInfo(&sql);
	appendStringInfoString(
		&sql, "SELECT count(*), count(*) FILTER (WHERE e.is_missing), "
			  "count(*) FILTER (WHERE sessionize.validate($3, e.document, true, $4, true)) FROM ");
	append_events(&sql, history);
	appendStringInfoString(&sql, " WHERE e.is_read");
	sql_visit(sql.data, SQL_READ_ONLY, parameters, take_counts, run);
	if (run->passed < run->events)
	{
		resetStringInfo(&sql);
		append_violations(&sql, history);
		sql_visit(sql.data, SQL_READ_ONLY, parameters, take_violations, run);
	}
	owner_scope_leave(&scope);
}

/*
 * mode_argument tells whether an argument is a mode in which events with a violation are not
 * derived.
 */
static bool
mode_argument(FunctionCallInfo fcinfo, int argno)
{
	const char *mode = own_text_argument(fcinfo, argno);

	if (mode == NULL || (strcmp(mode, "warn") != 0 && strcmp(mode, "quarantine") != 0 &&
						 strcmp(mode, "reject") != 0))
		own_report_choice("mode", mode, "warn, quarantine or reject");
	return strcmp(mode, "warn") != 0;
}

/*
 * schema_argument returns an argument that is a schema, as a parameter.
 */
static SqlValue
schema_argument(FunctionCallInfo fcinfo, int argno)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("schema must not be null"),
						errhint("infer_contract proposes one.")));
	return SQL_DATUM(JSONBOID, PG_GETARG_DATUM(argno), false);
}

/*
 * documents_of reports a schema that is not in order, and returns the contracts' schemas that it
 * refers to, as a parameter.
 */
static SqlValue
documents_of(const History *history, SqlValue schema)
{
	return SQL_DATUM(
		JSONBOID,
		PointerGetDatum(contract_check_tried(history->pipeline, DatumGetJsonbP(schema.value))),
		false);
}

/*
 * ratio returns a part of a whole, to four digits.
 */
static Datum
ratio(int64 part, int64 whole)
{
	Datum quotient =
		DirectFunctionCall2(numeric_div, DirectFunctionCall1(int8_numeric, Int64GetDatum(part)),
							DirectFunctionCall1(int8_numeric, Int64GetDatum(whole)));

	return DirectFunctionCall2(numeric_round, quotient, Int32GetDatum(4));
}

/*
 * sessionize_dry_run_contract counts which events of a name are valid by a schema.
 */
PIPELINE_FUNCTION(sessionize_dry_run_contract)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	History history = history_open(fcinfo, 4, MAPPING_ALIAS);
	DryRun run = {.violations = DirectFunctionCall1(jsonb_in, CStringGetDatum("[]"))};
	bool keeps_out = mode_argument(fcinfo, 5);
	SqlValue schema;
	int64 failed;
	Datum values[7];
	bool isnull[7] = {false};

	schema = schema_argument(fcinfo, 2);
	dry_run(&history,
			SQL_VALUES(SQL_TEXT(history.event_name), time_argument(fcinfo, 3), schema,
					   documents_of(&history, schema)),
			&run);
	failed = run.events - run.passed;
	values[0] = Int64GetDatum(run.events);
	values[1] = Int64GetDatum(run.missing);
	values[2] = Int64GetDatum(run.passed);
	values[3] = Int64GetDatum(failed);
	values[4] = Int64GetDatum(keeps_out ? failed : 0);
	isnull[5] = run.events == 0;
	values[5] = isnull[5] ? (Datum) 0 : ratio(run.passed, run.events);
	values[6] = run.violations;
	InitMaterializedSRF(fcinfo, 0);
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	PG_RETURN_NULL();
}

/*
 * contract_filter returns a filter that only rows pass which the present filter and a contract
 * accept.
 */
static char *
contract_filter(const History *history, SqlValue schema)
{
	SqlValue documents = documents_of(history, schema);
	StringInfoData filter;

	initStringInfo(&filter);
	appendStringInfo(&filter, "(%s) AND (", history->filter);
	if (history->event_name != NULL)
		appendStringInfo(&filter, "(%s) IS DISTINCT FROM %s OR ", history->name,
						 quote_literal_cstr(history->event_name));
	appendStringInfo(
		&filter, "sessionize.validate(%s::pg_catalog.jsonb, %s, true, %s::pg_catalog.jsonb, true))",
		quote_literal_cstr(DatumGetCString(DirectFunctionCall1(jsonb_out, schema.value))),
		history->document,
		quote_literal_cstr(DatumGetCString(DirectFunctionCall1(jsonb_out, documents.value))));
	return filter.data;
}

/* What preview_pipeline says of a pipeline with such a filter: the rows are quarantined instead. */
#define PREVIEW_QUERY                                                                              \
	"WITH previews AS MATERIALIZED ("                                                              \
	"SELECT p.*, coalesce(lag(p.filtered) OVER (ORDER BY p.rules DESC), p.filtered) AS rest "      \
	"FROM sessionize.preview_pipeline($1, filter => $2, sample => $3) AS p), parts AS ("           \
	"SELECT p.rules, p.measures, to_jsonb(p) || jsonb_build_object('filtered', p.rest, "           \
	"'quarantined', p.quarantined + p.filtered - p.rest) AS list FROM previews AS p), lines AS ("  \
	"SELECT p.rules, a.n, a.part, p.list ->> a.part AS value FROM parts AS p, "                    \
	"unnest('{keys,events,duplicates,quarantined,filtered,sessions,bounces,bounce_rate,"           \
	"mean_duration,longest}'::text[]) WITH ORDINALITY AS a (part, n) UNION ALL "                   \
	"SELECT p.rules, 100, 'measure ' || m.key, m.value FROM parts AS p, "                          \
	"jsonb_each_text(p.measures) AS m) "                                                           \
	"SELECT l.part, max(l.value) FILTER (WHERE l.rules = 'now'), "                                 \
	"max(l.value) FILTER (WHERE l.rules = 'changed') FROM lines AS l "                             \
	"GROUP BY l.n, l.part ORDER BY l.n, l.part"

/*
 * sessionize_preview_contract counts what a pipeline would derive if a contract kept events out.
 */
PIPELINE_FUNCTION(sessionize_preview_contract)
{
	History history = history_open(fcinfo, 3, NULL);
	SqlValue schema = schema_argument(fcinfo, 2);
	SqlValue sample =
		SQL_DATUM(FLOAT8OID, PG_ARGISNULL(4) ? (Datum) 0 : PG_GETARG_DATUM(4), PG_ARGISNULL(4));
	int level;

	if (history.value == NULL)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a contract about the whole raw row can't be previewed"),
						errhint("dry_run_contract counts the rows that have a violation.")));
	InitMaterializedSRF(fcinfo, 0);
	level = pinned_settings_enter();
	sql_visit(PREVIEW_QUERY, SQL_READ_ONLY,
			  SQL_VALUES(SQL_TEXT(history.pipeline->name),
						 SQL_TEXT(contract_filter(&history, schema)), sample),
			  sql_row_put, fcinfo->resultinfo);
	pinned_settings_leave(level);
	PG_RETURN_NULL();
}

/*
 * The active contracts of the pipeline $1 about $2: for each event name, and for NULL, the schemas
 * that are about its documents, and what each of them refers to.  Those for all events are among
 * the schemas of each name.
 */
#define PLANNED_QUERY                                                                              \
	"WITH c AS MATERIALIZED (SELECT o.event_name, o.schema, "                                      \
	"coalesce((SELECT jsonb_object_agg(rtrim(s.schema ->> '$id', '#'), s.schema) "                 \
	"FROM sessionize.contract_reference AS r JOIN sessionize.contract AS s "                       \
	"ON s.pipeline_id = r.pipeline_id AND s.number = r.refers_to "                                 \
	"WHERE r.pipeline_id = o.pipeline_id AND r.number = o.number), '{}') AS documents "            \
	"FROM sessionize.contract AS o "                                                               \
	"WHERE o.pipeline_id = $1 AND o.about = $2 AND o.active) "                                     \
	"SELECT jsonb_agg(jsonb_build_object('name', n.event_name, 'schemas', n.schemas, "             \
	"'documents', n.documents)) FROM (SELECT e.event_name, jsonb_agg(c.schema "                    \
	"ORDER BY c.event_name IS NULL) AS schemas, jsonb_agg(c.documents "                            \
	"ORDER BY c.event_name IS NULL) AS documents FROM (SELECT DISTINCT c.event_name FROM c) AS e " \
	"JOIN c ON c.event_name IS NULL OR c.event_name = e.event_name GROUP BY e.event_name) AS n"

/*
 * The properties of the events since $1 that the contracts $2 do not name.  The sample is that of
 * the least raw id.
 */
#define UNPLANNED_QUERY                                                                            \
	"WITH c AS MATERIALIZED (SELECT j.* FROM jsonb_to_recordset($2) AS j (name text, "             \
	"schemas jsonb, documents jsonb)) "                                                            \
	"SELECT e.event_name, $3, u.path, count(*), min(e.seen), max(e.seen), "                        \
	"(min(ARRAY[e.raw_id, u.sample] COLLATE \"C\"))[1], "                                          \
	"(min(ARRAY[e.raw_id, u.sample] COLLATE \"C\"))[2] "                                           \
	"FROM (SELECT %s AS document, (%s)::text AS event_name, (%s)::text AS raw_id, %s AS seen "     \
	"FROM %s AS %s WHERE (%s)) AS e "                                                              \
	"LEFT JOIN c AS o ON o.name = e.event_name COLLATE \"C\" "                                     \
	"LEFT JOIN c AS a ON a.name IS NULL "                                                          \
	"CROSS JOIN LATERAL (SELECT p.path, min(left(p.value::text, %d) COLLATE \"C\") AS sample "     \
	"FROM sessionize.unnamed_properties(coalesce(o.schemas, a.schemas), e.document, "              \
	"coalesce(o.documents, a.documents)) AS p GROUP BY p.path) AS u "                              \
	"WHERE $1 IS NULL OR e.seen >= $1 "                                                            \
	"GROUP BY e.event_name, u.path "                                                               \
	"ORDER BY e.event_name COLLATE \"C\" NULLS FIRST, u.path COLLATE \"C\""

/* So many characters of a value are shown. */
#define SAMPLE_LENGTH 200

/*
 * put_unplanned adds the properties to the result that contracts about a document do not name.
 */
static void
put_unplanned(FunctionCallInfo fcinfo, Pipeline *pipeline, const char *about)
{
	History history = history_of(pipeline, about, MAPPING_ALIAS);
	bool isnull;
	Datum planned = extension_value(PLANNED_QUERY, SQL_READ_ONLY,
									SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(about)), &isnull);
	char *sql = psprintf(UNPLANNED_QUERY, history.document, history.name, history.raw_id,
						 history.time, history.table, MAPPING_ALIAS, history.filter, SAMPLE_LENGTH);
	OwnerScope scope;

	owner_scope_enter(&scope, pipeline);
	sql_visit(
		sql, SQL_READ_ONLY,
		SQL_VALUES(time_argument(fcinfo, 1), SQL_DATUM(JSONBOID, planned, isnull), SQL_TEXT(about)),
		sql_row_put, fcinfo->resultinfo);
	owner_scope_leave(&scope);
}

/*
 * sessionize_unplanned_properties reports the properties that no active contract names.
 */
PIPELINE_FUNCTION(sessionize_unplanned_properties)
{
	Pipeline *pipeline = pipeline_load(argument_pipeline(fcinfo));
	List *abouts = NIL;
	ListCell *cell;

	pipeline_check_owner(pipeline);
	InitMaterializedSRF(fcinfo, 0);
	foreach (cell, contract_all(pipeline->id))
	{
		const Contract *contract = lfirst(cell);

		if (contract->is_active)
			abouts = list_append_unique(abouts, makeString(pstrdup(contract->name.about)));
	}
	foreach (cell, abouts)
		put_unplanned(fcinfo, pipeline, strVal(lfirst(cell)));
	PG_RETURN_NULL();
}
