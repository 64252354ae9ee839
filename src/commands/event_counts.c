/*
 * event_counts.c
 *		sessionize.enable_event_counts() and event_counts(): how many events there are by hour, and
 *		what became of their raw rows.
 *
 * The counts of events are a rollup over measures of events, so refreshes keep them as exact as the
 * rest of the star.  Late and quarantined rows are counted in their tables, which have only them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/definition.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/rollup_definition.h"
#include "catalog/star_relation.h"
#include "commands/dimensions.h"
#include "commands/own_columns.h"
#include "spi/sql.h"
#include "utils/arguments.h"

/* The dimension with the source and the version. */
#define COUNTS_DIMENSION "counted"

/* The measures, which have the names of their kinds. */
#define COUNTS_MEASURES "duplicates,conflicts,corrected,clamped"

/* The columns that counts can be told apart by, and their names. */
typedef enum ToldBy
{
	TOLD_BY_SOURCE,
	TOLD_BY_EVENT_NAME,
	TOLD_BY_VERSION
} ToldBy;

static const char *const told_by[] = {"source", "event_name", "version"};

/* The times of the range: whole hours, those in which the limits are included. */
#define RANGE                                                                                      \
	"%s >= date_trunc('hour', $1, 'UTC') AND "                                                     \
	"%s < date_trunc('hour', $2 - interval '1 microsecond', 'UTC') + interval '1 hour'"

/*
 * add_dimension adds the dimension with the source and the version, of those that are given.
 */
static void
add_dimension(const char *pipeline, const char *source, const char *version)
{
	(void) sql_executef(
		"SELECT sessionize.add_dimension(%s, '" COUNTS_DIMENSION "', "
		"pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('source', %s, 'version', %s)), "
		"grain => 'event', max_members => 10000)",
		pipeline, source == NULL ? "NULL::text" : quote_literal_cstr(source),
		version == NULL ? "NULL::text" : quote_literal_cstr(version));
}

/*
 * sessionize_enable_event_counts adds the measures, the dimension and the rollup.
 */
PIPELINE_FUNCTION(sessionize_enable_event_counts)
{
	static const char *const kinds[] = {"duplicates", "conflicts", "corrected", "clamped"};
	const char *pipeline = quote_literal_cstr(argument_pipeline(fcinfo));
	const char *source = own_text_argument(fcinfo, 1);
	const char *version = own_text_argument(fcinfo, 2);
	bool has_dimension = source != NULL || version != NULL;

	PreventCommandIfReadOnly("sessionize.enable_event_counts()");
	for (size_t i = 0; i < lengthof(kinds); i++)
		(void) sql_executef("SELECT sessionize.add_measure(%s, '%s', '%s', grain => 'event')",
							pipeline, kinds[i], kinds[i]);
	if (has_dimension)
		add_dimension(pipeline, source, version);
	(void) sql_executef("SELECT sessionize.create_rollup(%s, '" EVENT_COUNTS_ROLLUP "', "
						"'{hour,event_name%s}', '{" COUNTS_MEASURES "}', grain => 'event')",
						pipeline, has_dimension ? "," COUNTS_DIMENSION : "");
	PG_RETURN_VOID();
}

/*
 * attribute_sql returns the column of the dimension, "d", with the source or the version.
 */
static const char *
attribute_sql(const DimensionDefinition *dimension, const char *name)
{
	for (int i = 0; dimension != NULL && i < dimension->nattributes; i++)
		if (strcmp(dimension->attributes[i].name, name) == 0)
			return psprintf("d.%s::text", quote_identifier(name));
	return "NULL::text";
}

/*
 * dimension_join returns the join of the rollup's rows, "r", with the dimension, if there is one.
 */
static const char *
dimension_join(const Pipeline *pipeline, const DimensionDefinition *dimension)
{
	int number;

	if (dimension == NULL)
		return "";
	number = dimension - pipeline->definition->dimensions;
	return psprintf("LEFT JOIN %s AS d ON d.%s = r.%s",
					star_relation(pipeline, STAR_OWN_DIMENSION + number),
					quote_identifier(dimension->key), quote_identifier(dimension->key));
}

/*
 * read_by returns which columns a text of names, apart by commas, tells the counts apart by, as bits
 * of their places in told_by.
 */
static int
read_by(const char *text)
{
	static const char separators[] = ", ";
	int by = 0;

	for (text += strspn(text, separators); *text != '\0'; text += strspn(text, separators))
	{
		size_t length = strcspn(text, separators);
		Size i = 0;

		while (i < lengthof(told_by) &&
			   (strlen(told_by[i]) != length || strncmp(told_by[i], text, length) != 0))
			i++;
		if (i == lengthof(told_by))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("counts can't be told apart by \"%.*s\"", (int) length, text),
							errhint("Name some of source, event_name and version, separated by "
									"commas, such as \"by\" => 'source,event_name'.")));
		by |= 1 << i;
		text += length;
	}
	return by;
}

/*
 * told_apart returns an expression if the counts are told apart by the column, and NULL if not, so
 * that fewer groups are made, and the planner leaves out the join.
 */
static const char *
told_apart(int by, ToldBy column, const char *expression)
{
	return (by & (1 << column)) != 0 ? expression : "NULL::text";
}

/*
 * counted_rows returns the query for the rows of a table of the rollup.  Sums of int are much
 * faster than those of bigint or numeric, and no hour has so many events.
 */
static char *
counted_rows(const Pipeline *pipeline, const char *table, int by)
{
	const DimensionDefinition *dimension = dimension_find(pipeline, COUNTS_DIMENSION);

	return star_sql(pipeline,
					"SELECT r.hour, %s COLLATE \"C\" AS source, %s COLLATE \"C\" "
					"AS event_name, %s COLLATE \"C\" AS version, r.events::int, "
					"r.duplicates::int AS duplicates, r.conflicts::int AS conflicts, "
					"r.corrected::int AS corrected, r.clamped::int AS clamped, "
					"0 AS late, 0 AS quarantined FROM ONLY %s AS r "
					"LEFT JOIN @dim_event AS e ON e.event_key = r.event_key %s WHERE " RANGE,
					told_apart(by, TOLD_BY_SOURCE, attribute_sql(dimension, "source")),
					told_apart(by, TOLD_BY_EVENT_NAME, "e.event_name::text"),
					told_apart(by, TOLD_BY_VERSION, attribute_sql(dimension, "version")),
					quote_qualified_identifier(pipeline->name, table),
					dimension_join(pipeline, dimension), "r.hour", "r.hour");
}

/*
 * counts_sql returns the query for the counts between the times $1 and $2.
 */
static char *
counts_sql(const Pipeline *pipeline, const RollupDefinition *rollup, int by)
{
	static const char *const found = "coalesce(q.event_time, q.received_at, q.first_seen)";

	return star_sql(
		pipeline,
		"SELECT c.hour, c.source, c.event_name, c.version, sum(c.events), sum(c.duplicates), "
		"sum(c.conflicts), sum(c.corrected), sum(c.clamped), sum(c.late), sum(c.quarantined) FROM ("
		"%s UNION ALL %s"
		" UNION ALL SELECT date_trunc('hour', l.event_time, 'UTC'), NULL, NULL, NULL, "
		"0, 0, 0, 0, 0, 1, 0 FROM @late AS l WHERE " RANGE
		" UNION ALL SELECT date_trunc('hour', %s, 'UTC'), %s COLLATE \"C\", "
		"%s COLLATE \"C\", %s COLLATE \"C\", 0, 0, 0, 0, 0, 0, 1 "
		"FROM @quarantine AS q WHERE " RANGE ") AS c GROUP BY 1, 2, 3, 4 "
		"HAVING sum(c.events) <> 0 OR sum(c.late) + sum(c.quarantined) <> 0",
		counted_rows(pipeline, rollup->table, by), counted_rows(pipeline, rollup->changes, by),
		"l.event_time", "l.event_time", found, told_apart(by, TOLD_BY_SOURCE, "q.producer"),
		told_apart(by, TOLD_BY_EVENT_NAME, "q.event_name"),
		told_apart(by, TOLD_BY_VERSION, "q.contract_version"), found, found);
}

/*
 * find_counts returns the rollup, and reports a pipeline whose events are not counted, or not yet by
 * source and version although they are to be.
 */
static const RollupDefinition *
find_counts(const Pipeline *pipeline, bool has_dimension)
{
	const RollupDefinition *rollup = rollup_find(pipeline, EVENT_COUNTS_ROLLUP);

	if (rollup == NULL || !rollup->is_filled ||
		(has_dimension && dimension_find(pipeline, COUNTS_DIMENSION) == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the events of pipeline \"%s\" are not counted", pipeline->name),
				 errhint("SELECT sessionize.enable_event_counts(%s); then refresh the pipeline.",
						 quote_literal_cstr(pipeline->name))));
	return rollup;
}

/*
 * run_counts adds the rows of the query to the result.
 */
static void
run_counts(FunctionCallInfo fcinfo, const char *sql)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID};
	Datum values[] = {TimestampTzGetDatum(PG_ARGISNULL(1) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(1)),
					  TimestampTzGetDatum(PG_ARGISNULL(2) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(2))};
	Portal portal;
	SPIPlanPtr plan;

	SPI_connect();
	plan = SPI_prepare(sql, lengthof(types), types);
	portal = SPI_cursor_open(NULL, plan, values, NULL, true);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, 1000);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
			tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	SPI_finish();
}

/*
 * sessionize_event_counts returns the counts.
 */
PIPELINE_FUNCTION(sessionize_event_counts)
{
	const RollupDefinition *rollup;
	bool has_dimension;
	Pipeline *pipeline;
	OwnerScope scope;

	if (PG_ARGISNULL(0))
		(void) argument_pipeline(fcinfo);
	InitMaterializedSRF(fcinfo, 0);
	pipeline = pipeline_load(NameStr(*PG_GETARG_NAME(0)));
	has_dimension = dimension_find(pipeline, COUNTS_DIMENSION) != NULL;
	pipeline = pipeline_as_seen(pipeline);
	pipeline_check_owner(pipeline);
	rollup = find_counts(pipeline, has_dimension);
	owner_scope_enter(&scope, pipeline);
	run_counts(fcinfo,
			   counts_sql(pipeline, rollup,
						  read_by(PG_ARGISNULL(3) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(3)))));
	owner_scope_leave(&scope);
	PG_RETURN_NULL();
}
