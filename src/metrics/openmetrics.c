/*
 * openmetrics.c
 *		sessionize.openmetrics(): the metrics of a database, as a text that Prometheus reads.
 *
 * The metrics are those of sessionize.metric.  Each query runs as the user who calls, so that the
 * views decide what is seen, and in a subtransaction: one that fails takes away its own metrics
 * only, and the metric sessionize_scrape_query_failed tells of it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/extension_sql.h"
#include "metrics/exposition.h"
#include "spi/statement.h"
#include "utils/subtransaction.h"

PG_FUNCTION_INFO_V1(sessionize_openmetrics);

typedef struct Metric
{
	char *name;
	char *type;
	char *unit; /* NULL: none */
	char *help;
	const char *suffix;     /* of the samples' names */
	StringInfoData samples; /* of the rows so far */
} Metric;

/* A query and its metrics. */
typedef struct MetricQuery
{
	char *name;
	char *sql;
	ArrayType *labels;
	List *metrics; /* of Metric */
	bool failed;
} MetricQuery;

/* The labels of a row. */
typedef struct RowLabels
{
	int count;
	MetricLabel *list;
} RowLabels;

/* The order of the columns in what read_registry reads. */
enum
{
	REGISTRY_QUERY_NAME = 1,
	REGISTRY_QUERY,
	REGISTRY_LABELS,
	REGISTRY_NAME,
	REGISTRY_TYPE,
	REGISTRY_UNIT,
	REGISTRY_HELP
};

/*
 * take_metric adds a metric to the list of queries.  Metrics of one query come one after another.
 */
static void
take_metric(void *arg, const SqlRow *row)
{
	List **queries = arg;
	char *query_name = sql_row_text(row, REGISTRY_QUERY_NAME);
	MetricQuery *query = *queries == NIL ? NULL : llast(*queries);
	Metric *metric = palloc0(sizeof(Metric));
	bool isnull;

	if (query == NULL || strcmp(query->name, query_name) != 0)
	{
		query = palloc0(sizeof(MetricQuery));
		query->name = query_name;
		query->sql = sql_row_text(row, REGISTRY_QUERY);
		query->labels = DatumGetArrayTypePCopy(sql_row_datum(row, REGISTRY_LABELS, &isnull));
		*queries = lappend(*queries, query);
	}
	metric->name = sql_row_text(row, REGISTRY_NAME);
	metric->type = sql_row_text(row, REGISTRY_TYPE);
	metric->unit = sql_row_text(row, REGISTRY_UNIT);
	metric->help = sql_row_text(row, REGISTRY_HELP);
	metric->suffix = strcmp(metric->type, "counter") == 0 ? "_total" : "";
	initStringInfo(&metric->samples);
	query->metrics = lappend(query->metrics, metric);
}

/*
 * read_registry returns the queries (MetricQuery) with their metrics.
 */
static List *
read_registry(void)
{
	List *queries = NIL;

	extension_visit("SELECT q.query_name, q.query, q.labels, m.metric_name, m.type, m.unit, m.help "
					"FROM sessionize.metric_query AS q "
					"JOIN sessionize.metric AS m ON m.query_name = q.query_name "
					"ORDER BY q.query_name, m.number",
					SQL_READ_ONLY, SQL_NO_VALUES, take_metric, &queries);
	return queries;
}

/*
 * column_of returns the number of a column of a query's result.
 */
static int
column_of(const MetricQuery *query, const SqlRow *row, const char *name)
{
	for (int i = 0; i < row->desc->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(row->desc, i)->attname), name) == 0)
			return i + 1;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("the query of the metrics \"%s\" has no column \"%s\"", query->name, name)));
}

/*
 * value_text returns the value of the column that a metric has in a row, NULL for NULL.  suffix: of
 * the column's name.
 */
static char *
value_text(const MetricQuery *query, const SqlRow *row, const Metric *metric, const char *suffix)
{
	const char *name = psprintf("%s%s", metric->name + strlen(query->name) + 1, suffix);

	return sql_row_text(row, column_of(query, row, name));
}

/*
 * value_array returns the array of such a column, NULL for NULL.
 */
static ArrayType *
value_array(const MetricQuery *query, const SqlRow *row, const Metric *metric, const char *suffix)
{
	const char *name = psprintf("%s%s", metric->name + strlen(query->name) + 1, suffix);
	int column = column_of(query, row, name);
	bool isnull;
	Datum value = sql_row_datum(row, column, &isnull);

	if (!type_is_array(TupleDescAttr(row->desc, column - 1)->atttypid))
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("column \"%s\" of a histogram is no array", name)));
	return isnull ? NULL : DatumGetArrayTypeP(value);
}

/*
 * row_labels returns the labels of a row.
 */
static RowLabels
row_labels(const MetricQuery *query, const SqlRow *row)
{
	RowLabels labels;
	Datum *names;

	deconstruct_array(query->labels, TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &labels.count);
	labels.list = palloc(labels.count * sizeof(MetricLabel));
	for (int i = 0; i < labels.count; i++)
	{
		char *name = TextDatumGetCString(names[i]);

		labels.list[i] = (MetricLabel){name, sql_row_text(row, column_of(query, row, name))};
	}
	return labels;
}

/*
 * add_histogram adds a row to the samples of a histogram.
 */
static void
add_histogram(const MetricQuery *query, const SqlRow *row, Metric *metric, RowLabels labels)
{
	ArrayType *bounds = value_array(query, row, metric, "");
	ArrayType *buckets = value_array(query, row, metric, "_bucket");
	char *sum = value_text(query, row, metric, "_sum");
	char *count = value_text(query, row, metric, "_count");

	if (bounds != NULL && buckets != NULL && sum != NULL && count != NULL)
		exposition_histogram(&metric->samples, metric->name, labels.list, labels.count, bounds,
							 buckets, sum, count);
}

/*
 * add_row adds a row to the samples of the query's metrics.  A NULL is no sample.
 */
static void
add_row(void *arg, const SqlRow *row)
{
	const MetricQuery *query = arg;
	RowLabels labels = row_labels(query, row);
	ListCell *cell;

	foreach (cell, query->metrics)
	{
		Metric *metric = lfirst(cell);
		char *value;

		if (strcmp(metric->type, "histogram") == 0)
		{
			add_histogram(query, row, metric, labels);
			continue;
		}
		value = value_text(query, row, metric, metric->suffix);
		if (value != NULL)
			exposition_sample(&metric->samples, metric->name, metric->suffix, labels.list,
							  labels.count, value);
	}
}

/*
 * run_query runs a query.
 */
static void
run_query(void *arg)
{
	MetricQuery *query = arg;

	(void) sql_visit(query->sql, SQL_READ_WRITE, SQL_NO_VALUES, add_row, query);
}

/*
 * show_query appends a query's metrics.
 */
static void
show_query(StringInfo out, const MetricQuery *query)
{
	ListCell *cell;

	foreach (cell, query->metrics)
	{
		const Metric *metric = lfirst(cell);

		if (query->failed || metric->samples.len == 0)
			continue;
		exposition_head(out, metric->name, metric->type, metric->unit, metric->help);
		appendBinaryStringInfo(out, metric->samples.data, metric->samples.len);
	}
}

/*
 * show_failures appends which queries have failed.
 */
static void
show_failures(StringInfo out, List *queries)
{
	const char *database = get_database_name(MyDatabaseId);
	ListCell *cell;

	exposition_head(out, "sessionize_scrape_query_failed", "gauge", NULL,
					"1: the query of the metrics whose names begin like this has failed, so that "
					"they are missing; the server's log has the error.");
	foreach (cell, queries)
	{
		const MetricQuery *query = lfirst(cell);

		exposition_sample(out, "sessionize_scrape_query_failed", "",
						  (MetricLabel[]){{"datname", database}, {"query", query->name}}, 2,
						  query->failed ? "1" : "0");
	}
}

/*
 * sessionize_openmetrics returns the metrics.
 */
Datum
sessionize_openmetrics(PG_FUNCTION_ARGS)
{
	StringInfoData out;
	List *queries = read_registry();
	ListCell *cell;

	(void) fcinfo;
	initStringInfo(&out);
	foreach (cell, queries)
	{
		MetricQuery *query = lfirst(cell);
		char *message;

		CHECK_FOR_INTERRUPTS();
		query->failed = !try_whatever_fails(run_query, query, &message);
		if (query->failed)
			ereport(LOG, (errmsg("the query of the metrics \"%s\" has failed: %s", query->name,
								 message)));
		show_query(&out, query);
	}
	show_failures(&out, queries);
	exposition_end(&out);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
