/*
 * check_query.c
 *		The queries of a check, made of the queries of its kind.
 *
 * A kind's query has places, such as {value}, for SQL that depends on the check's parameters and
 * the pipeline.  The text put there is quoted, or is an expression or query that the pipeline's
 * owner has given and that runs with the owner's privileges.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/definition.h"
#include "catalog/extension_sql.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/star_relation.h"
#include "checks/check_query.h"
#include "spi/sql.h"
#include "spi/statement.h"

/* What the kinds' queries are over: the run, and the check's parameters as a row. */
#define OVER                                                                                       \
	"WITH c AS MATERIALIZED (SELECT $1::text AS pipeline, $2::timestamptz AS at, "                 \
	"$4::jsonb AS reference), p AS MATERIALIZED (SELECT * FROM jsonb_to_record($3::jsonb) AS r "   \
	"(%s)) "

/* The subjects are judged; the one that is worst speaks for the check. */
#define JUDGE                                                                                      \
	", q (source, event_name, version, value, lower, upper, affected, since, sample) AS (\n%s\n"   \
	"), j AS (SELECT q.source::text, q.event_name::text, q.version::text, q.value::numeric, "      \
	"q.lower::numeric, q.upper::numeric, q.affected::bigint, q.since::timestamptz, "               \
	"q.sample::jsonb, coalesce(q.value::numeric < q.lower::numeric, false) OR "                    \
	"coalesce(q.value::numeric > q.upper::numeric, false) AS failed FROM q), "                     \
	"s AS (SELECT j.*, jsonb_strip_nulls(jsonb_build_object('source', j.source, 'event_name', "    \
	"j.event_name, 'version', j.version)) AS subject, row_number() OVER (ORDER BY j.failed DESC, " \
	"j.value IS NULL, j.affected DESC NULLS LAST, j.value DESC, j.source, j.event_name, "          \
	"j.version) AS place FROM j) "                                                                 \
	"SELECT count(s.value)::int, count(*) FILTER (WHERE s.failed)::int, "                          \
	"min(s.value) FILTER (WHERE s.place = 1), min(s.lower) FILTER (WHERE s.place = 1), "           \
	"min(s.upper) FILTER (WHERE s.place = 1), sum(s.affected) FILTER (WHERE s.failed)::bigint, "   \
	"min(s.since) FILTER (WHERE s.failed), "                                                       \
	"jsonb_agg(s.subject || jsonb_strip_nulls(jsonb_build_object('value', s.value, 'lower', "      \
	"s.lower, 'upper', s.upper, 'affected', s.affected, 'since', s.since)) || CASE WHEN s.sample " \
	"IS NULL THEN '{}' ELSE jsonb_build_object('sample', s.sample) END ORDER BY s.place) "         \
	"FILTER (WHERE s.failed AND s.place <= 10), "                                                  \
	"coalesce(jsonb_agg(DISTINCT s.subject) FILTER (WHERE s.failed AND s.place <= 20), '[]') "     \
	"FROM s"

/* The raw rows that arrived last, with an expression over each. */
#define ARRIVED_ROWS                                                                               \
	"SELECT %s AS source, (%s)::text AS name, %s AS version, %s AS given, (%s) AS at "             \
	"FROM %s AS sz_row "                                                                           \
	"WHERE (%s) >= (SELECT c.at - p.period FROM c, p) AND (%s) < (SELECT c.at FROM c) "            \
	"ORDER BY (%s) DESC LIMIT (SELECT p.rows FROM p)"

/* Rows of pages of a fact, each with the number of pages that its page stands for. */
#define PAGES_ROWS                                                                                 \
	"(SELECT t.*, g.weight AS sz_weight FROM c, p, LATERAL sessionize.check_pages(%s::regclass, "  \
	"%s, c.at, p.period, p.history, p.pages) AS g CROSS JOIN LATERAL (SELECT t.* FROM %s AS t "    \
	"WHERE t.ctid >= format('(%%s,0)', g.page)::tid AND "                                          \
	"t.ctid < format('(%%s,0)', g.page + 1)::tid OFFSET 0) AS t) AS f"

/* How many of them lack a value: by subject, which is level 0, by source, and all. */
#define ARRIVED                                                                                    \
	"SELECT b.source, b.event_name, b.version, CASE WHEN grouping(b.source) <> 0 THEN 'all' WHEN " \
	"grouping(b.version) <> 0 THEN jsonb_build_array(b.source)::text ELSE "                        \
	"jsonb_build_array(b.source, b.event_name, b.version)::text END AS key, "                      \
	"grouping(b.source) + grouping(b.version) AS level, count(*) AS rows, "                        \
	"count(*) FILTER (WHERE b.missing) AS missing, min(b.at) FILTER (WHERE b.missing) AS since "   \
	"FROM (SELECT sessionize.check_by(p.by, 'source', e.source) AS source, "                       \
	"sessionize.check_by(p.by, 'event_name', e.name) AS event_name, "                              \
	"sessionize.check_by(p.by, 'version', e.version) AS version, "                                 \
	"nullif(e.given::text, '') IS NULL AS missing, e.at FROM p, (%s) AS e) AS b GROUP BY "         \
	"GROUPING SETS ((), (b.source), (b.source, b.event_name, b.version))"

/* The keys of their documents, by event name. */
#define OBSERVED                                                                                   \
	"SELECT k.key, count(*) AS rows, count(*)::numeric / max(k.events) AS share, "                 \
	"min(k.sample) AS sample FROM (SELECT b.name || ' ' || x.key AS key, b.events, x.sample FROM " \
	"(SELECT translate(coalesce(e.name, 'NULL'), ' ', '_') AS name, to_jsonb(e.given) AS "         \
	"document, count(*) OVER (PARTITION BY e.name) AS events FROM (%s) AS e) AS b "                \
	"CROSS JOIN LATERAL (SELECT '' AS key, NULL::text AS sample UNION ALL "                        \
	"SELECT translate(d.key, ' ', '_') || ' ' || jsonb_typeof(d.value), left(d.value::text, 100) " \
	"FROM jsonb_each(CASE WHEN jsonb_typeof(b.document) = 'object' THEN b.document END) AS d "     \
	"WHERE jsonb_typeof(d.value) <> 'null') AS x) AS k GROUP BY k.key"

/* A column that a check looks at: of a dimension of a fact. */
typedef struct CheckedColumn
{
	StarRelationId fact;
	const char *table; /* the dimension's table, qualified; NULL: a measure of the fact itself */
	const char *fact_key;
	const char *key;
	const char *column;
	const char *time;
} CheckedColumn;

/*
 * parameter_text returns a parameter's value as text; NULL if it is NULL.
 */
static char *
parameter_text(const DataCheck *check, const char *name)
{
	bool isnull;
	Datum value = sql_value("SELECT $1::jsonb ->> $2", SQL_READ_ONLY,
							SQL_VALUES(SQL_TEXT(check->parameters), SQL_TEXT(name)), &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * parameter_sql returns a parameter that is an SQL expression, in parentheses.
 */
static char *
parameter_sql(const DataCheck *check, const char *name)
{
	char *text = parameter_text(check, name);

	return text == NULL ? pstrdup("NULL::text") : psprintf("(%s)", text);
}

/*
 * find_own_column finds an attribute of a dimension that the user has added.
 */
static bool
find_own_column(const Pipeline *pipeline, const char *attribute, CheckedColumn *column)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
	{
		const DimensionDefinition *dimension = &definition->dimensions[i];

		for (int j = 0; j < dimension->nattributes; j++)
		{
			const MemberAttribute *member = &dimension->attributes[j];

			if (strcmp(member->column, attribute) != 0 && strcmp(member->name, attribute) != 0)
				continue;
			column->fact = dimension->of_events ? STAR_FACT_EVENT : STAR_FACT_SESSION;
			column->table = star_relation(pipeline, STAR_OWN_DIMENSION + i);
			column->fact_key = column->key = dimension->key;
			column->column = member->name;
			return true;
		}
	}
	return false;
}

/*
 * find_measure finds a number that each event has.
 */
static bool
find_measure(const Pipeline *pipeline, const char *name, CheckedColumn *column)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
	{
		const MeasureDefinition *measure = &definition->measures[i];

		if (strcmp(measure->name, name) != 0 || !measure->of_events ||
			(measure->kind != MEASURE_SUM && measure->kind != MEASURE_MIN &&
			 measure->kind != MEASURE_MAX))
			continue;
		*column = (CheckedColumn){.fact = STAR_FACT_EVENT, .column = measure->name};
		return true;
	}
	return false;
}

/*
 * find_column finds the column that a check looks at.
 */
static CheckedColumn
find_column(const Pipeline *pipeline, const char *attribute)
{
	static const struct
	{
		const char *attribute;
		bool of_events;
		StarRelationId table;
		const char *fact_key;
		const char *key;
		const char *column;
	} known[] = {
		{"user_id", true, STAR_DIM_USER, "user_key", "user_key", "user_id"},
		{"user_id", false, STAR_DIM_USER, "user_key", "user_key", "user_id"},
		{"session_key", true, STAR_DIM_USER, "user_key", "user_key", "session_key"},
		{"page", true, STAR_DIM_PAGE, "page_key", "page_key", "page"},
		{"event_name", true, STAR_DIM_EVENT, "event_key", "event_key", "event_name"},
		{"entry_page", false, STAR_DIM_PAGE, "entry_page_key", "page_key", "page"},
		{"exit_page", false, STAR_DIM_PAGE, "exit_page_key", "page_key", "page"},
		{"is_bounce", false, STAR_FACT_SESSION, "session_id", "session_id", "is_bounce"},
	};
	CheckedColumn column = {.table = NULL};

	for (size_t i = 0; i < lengthof(known) && column.table == NULL; i++)
		if (strcmp(known[i].attribute, attribute) == 0 &&
			(pipeline->store_events || !known[i].of_events))
			column =
				(CheckedColumn){.fact = known[i].of_events ? STAR_FACT_EVENT : STAR_FACT_SESSION,
								.table = star_relation(pipeline, known[i].table),
								.fact_key = known[i].fact_key,
								.key = known[i].key,
								.column = known[i].column};
	if (column.table == NULL && !find_own_column(pipeline, attribute, &column) &&
		!find_measure(pipeline, attribute, &column))
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("pipeline \"%s\" has no attribute \"%s\" that can be checked", pipeline->name,
					attribute),
			 errhint("Name user_id, session_key, page, event_name, entry_page, exit_page, "
					 "is_bounce, an attribute of a dimension that add_dimension() has added, or "
					 "a measure of events of kind sum, min or max.")));
	column.time = column.fact == STAR_FACT_EVENT ? "event_time" : "started_at";
	return column;
}

/*
 * compared_rows returns rows of a fact of the two spans of time that a check compares, joined with
 * the dimension.  It costs about the same however large the table is.
 */
static char *
compared_rows(const Pipeline *pipeline, const CheckedColumn *column)
{
	char *fact = star_relation(pipeline, column->fact);
	char *rows =
		psprintf(PAGES_ROWS, quote_literal_cstr(fact), quote_literal_cstr(column->time), fact);

	if (column->table == NULL)
		return psprintf("(SELECT f.* FROM %s WHERE f.%s IS NOT NULL) AS f", rows,
						quote_identifier(column->column));
	return psprintf("%s LEFT JOIN %s AS d ON d.%s = f.%s", rows, column->table,
					quote_identifier(column->key), quote_identifier(column->fact_key));
}

/*
 * value_sql returns the values of a column; of a measure: their sign and order of magnitude.
 */
static char *
value_sql(const CheckedColumn *column)
{
	const char *name = quote_identifier(column->column);

	if (column->table != NULL)
		return psprintf("d.%s", name);
	return psprintf("(CASE WHEN f.%s = 0 THEN '0' ELSE CASE WHEN f.%s < 0 THEN '-' ELSE '' END || "
					"'10^' || floor(log(abs(f.%s::numeric))) END)",
					name, name, name);
}

/*
 * days_zone returns the time zone of the pipeline's days.
 */
static char *
days_zone(const Pipeline *pipeline)
{
	if (pipeline->zone_by_row[ZONE_OF_DAYS])
		return quote_literal_cstr(ZONE_OF_NONE);
	return quote_literal_cstr(pg_get_timezone_name(pipeline->zones[ZONE_OF_DAYS]));
}

/*
 * column_text returns a column of the raw table as text, or a field of it where it is a document;
 * NULL as SQL if the raw table has no such column.
 */
static char *
column_text(const Pipeline *pipeline, const char *column, const char *path)
{
	AttrNumber number = get_attnum(pipeline->source, column);
	Oid type = number == InvalidAttrNumber ? InvalidOid : get_atttype(pipeline->source, number);

	if (type == JSONBOID || type == JSONOID)
		return psprintf("(sz_row.%s #>> '%s')", column, path);
	if (type == InvalidOid || strcmp(path, "{}") != 0)
		return pstrdup("NULL::text");
	return psprintf("sz_row.%s::text", column);
}

/*
 * given_time returns one of the times of a row as SQL; NULL where none is given.
 */
static const char *
given_time(const PipelineRow *row, SourceColumn column)
{
	const char *given = row->given[column];

	return given == NULL || *given == '\0' ? NULL : psprintf("(%s)::timestamptz", given);
}

/*
 * delayed_sql returns an expression that is NULL for the rows that came, or were sent, late.
 */
static char *
delayed_sql(const Pipeline *pipeline)
{
	PipelineRow row = {0};
	const char *received;
	const char *sent;

	catalog_read_rules(pipeline->id, &row);
	received = given_time(&row, SRC_RECEIVED_AT);
	sent = given_time(&row, SRC_SENT_AT);
	if (received == NULL)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("pipeline \"%s\" does not know when its rows were received", pipeline->name),
			 errhint("Map received_at when you create the pipeline, or add a check of kind "
					 "\"lateness\".")));
	/* an infinite time is compared, not subtracted, which would be an error */
	return psprintf("(CASE WHEN (%s)::timestamptz < coalesce(%s, %s) - (SELECT p.grace FROM p) "
					"THEN NULL ELSE 'in time' END)",
					row.given[SRC_OCCURRED_AT], sent == NULL ? "NULL" : sent, received);
}

/*
 * arrived_rows returns the query for the raw rows that arrived last, with an expression over each.
 * The expressions are the owner's: this one, and those by which the pipeline was defined.
 */
static char *
arrived_rows(const Pipeline *pipeline, const char *expression)
{
	PipelineRow row = {0};
	const char *time;
	const char *name;

	catalog_read_rules(pipeline->id, &row);
	time = row.given[SRC_RECEIVED_AT];
	if (time == NULL || *time == '\0')
		time = row.given[SRC_OCCURRED_AT];
	name = row.given[SRC_EVENT_NAME];
	if (name == NULL || *name == '\0')
		name = "NULL";
	return psprintf(ARRIVED_ROWS, column_text(pipeline, "source", "{}"), name,
					psprintf("coalesce(%s, %s)", column_text(pipeline, "version", "{}"),
							 column_text(pipeline, "context", "{version}")),
					expression, time, sql_qualified_name(pipeline->source), time, time, time);
}

/*
 * place_text returns what is put in a place of a kind's query.
 */
static char *
place_text(const Pipeline *pipeline, const DataCheck *check, const char *place)
{
	CheckedColumn column;
	char *attribute;

	if (strcmp(place, "query") == 0)
		return parameter_text(check, "query");
	if (strcmp(place, "observed") == 0)
		return psprintf(OBSERVED, arrived_rows(pipeline, parameter_sql(check, "document")));
	if (strcmp(place, "arrived") == 0)
		return psprintf(ARRIVED, arrived_rows(pipeline, parameter_sql(check, "expression")));
	if (strcmp(place, "delayed") == 0)
		return psprintf(ARRIVED, arrived_rows(pipeline, delayed_sql(pipeline)));
	if (strcmp(place, "zone") == 0)
		return days_zone(pipeline);
	attribute = parameter_text(check, "attribute");
	column = find_column(pipeline, attribute == NULL ? "" : attribute);
	if (strcmp(place, "newest") == 0)
		return compared_rows(pipeline, &column);
	if (strcmp(place, "time") == 0)
		return psprintf("f.%s", column.time);
	Assert(strcmp(place, "value") == 0);
	return value_sql(&column);
}

/*
 * is_place tells whether a text begins with a place, {NAME} with a name that is known, and sets its
 * name.
 */
static bool
is_place(const char *text, char *name)
{
	static const char *const places[] = {"query",  "observed", "arrived", "delayed",
										 "newest", "time",     "value",   "zone"};

	for (size_t i = 0; i < lengthof(places); i++)
	{
		size_t length = strlen(places[i]);

		if (text[0] == '{' && strncmp(text + 1, places[i], length) == 0 && text[length + 1] == '}')
		{
			strlcpy(name, places[i], NAMEDATALEN);
			return true;
		}
	}
	return false;
}

/*
 * fill_places returns a kind's query with its places filled.
 */
static char *
fill_places(const Pipeline *pipeline, const DataCheck *check, const char *query)
{
	char *named = star_sql_text(pipeline, query);
	StringInfoData filled;
	char place[NAMEDATALEN];

	initStringInfo(&filled);
	for (const char *text = named; *text != '\0'; text++)
	{
		if (!is_place(text, place))
		{
			appendStringInfoChar(&filled, *text);
			continue;
		}
		appendStringInfoString(&filled, place_text(pipeline, check, place));
		text += strlen(place) + 1;
	}
	return filled.data;
}

/*
 * check_query returns the query that judges.
 */
char *
check_query(const Pipeline *pipeline, const DataCheck *check)
{
	return psprintf(OVER JUDGE, check->record, fill_places(pipeline, check, check->query));
}

/*
 * check_remember_query returns the query for what the next run finds as c.reference.
 */
char *
check_remember_query(const Pipeline *pipeline, const DataCheck *check)
{
	if (check->remember == NULL)
		return NULL;
	return psprintf(OVER "%s", check->record, fill_places(pipeline, check, check->remember));
}

/*
 * check_concerns returns the column that a check is of.
 */
char *
check_concerns(const DataCheck *check)
{
	char *attribute;

	if (*check->concerns != '{')
		return pstrdup(check->concerns);
	attribute = parameter_text(check, pnstrdup(check->concerns + 1, strlen(check->concerns) - 2));
	if (attribute != NULL &&
		(strcmp(attribute, "entry_page") == 0 || strcmp(attribute, "exit_page") == 0))
		return pstrdup("page");
	return attribute;
}

/*
 * check_query_test has the server parse and analyze the queries.
 */
void
check_query_test(const Pipeline *pipeline, const DataCheck *check)
{
	Oid types[] = {TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID};
	const char *remember = check_remember_query(pipeline, check);
	const char *query = check_query(pipeline, check);

	SPI_connect();
	if (SPI_prepare(query, lengthof(types), types) == NULL ||
		(remember != NULL && SPI_prepare(remember, lengthof(types), types) == NULL))
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	SPI_finish();
}
