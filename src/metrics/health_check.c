/*
 * health_check.c
 *		sessionize.health_check(pipeline): what is right and wrong, and what to type.
 *
 * What is looked at are the queries of sessionize.health_query.  Each runs as the user who calls,
 * and in a subtransaction: one that fails becomes a row that says so.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "catalog/extension_sql.h"
#include "catalog/pipeline_catalog.h"
#include "spi/privileges.h"
#include "spi/statement.h"
#include "utils/subtransaction.h"

PG_FUNCTION_INFO_V1(sessionize_health_check);

/* The columns of the result and of each query. */
enum
{
	HEALTH_PIPELINE,
	HEALTH_TOPIC,
	HEALTH_STATUS,
	HEALTH_FOUND,
	HEALTH_STATEMENT,
	HEALTH_COLUMNS
};

/* The values of the column "status", in the order in which rows are returned. */
static const char *const status_names[] = {"error", "warning", "ok"};

/* A row of the result; NULL is SQL's NULL. */
typedef struct Finding
{
	char *columns[HEALTH_COLUMNS];
} Finding;

typedef struct HealthQuery
{
	char *name;
	char *sql;
} HealthQuery;

typedef struct HealthCheck
{
	MemoryContext context; /* of the findings */
	const char *pipeline;  /* the only one to look at; NULL: all */
	const HealthQuery *query;
	List *findings; /* of the query that runs (Finding) */
} HealthCheck;

/*
 * take_query adds a query to a list.
 */
static void
take_query(void *arg, const SqlRow *row)
{
	List **queries = arg;
	HealthQuery *query = palloc(sizeof(HealthQuery));

	query->name = sql_row_text(row, 1);
	query->sql = sql_row_text(row, 2);
	*queries = lappend(*queries, query);
}

/*
 * status_rank returns the place of a status among the statuses.
 */
static size_t
status_rank(const char *status)
{
	for (size_t i = 0; i < lengthof(status_names); i++)
		if (status != NULL && strcmp(status, status_names[i]) == 0)
			return i;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("the status of a health check is \"%s\", not ok, warning or error",
						   status != NULL ? status : "NULL")));
}

/*
 * take_finding adds a row of a query to the findings.
 */
static void
take_finding(void *arg, const SqlRow *row)
{
	HealthCheck *check = arg;
	MemoryContext caller = MemoryContextSwitchTo(check->context);
	Finding *finding = palloc(sizeof(Finding));

	if (row->desc->natts != HEALTH_COLUMNS)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("a query of sessionize.health_query returns %d columns, not %d",
							   row->desc->natts, (int) HEALTH_COLUMNS)));
	for (int i = 0; i < HEALTH_COLUMNS; i++)
		finding->columns[i] = sql_row_text(row, i + 1);
	(void) status_rank(finding->columns[HEALTH_STATUS]);
	check->findings = lappend(check->findings, finding);
	MemoryContextSwitchTo(caller);
}

/*
 * run_query runs a query.
 */
static void
run_query(void *arg)
{
	HealthCheck *check = arg;

	(void) sql_visit(check->query->sql, SQL_READ_WRITE, SQL_VALUES(SQL_TEXT(check->pipeline)),
					 take_finding, check);
}

/*
 * failed_query returns the finding that a query has failed.
 */
static List *
failed_query(const HealthCheck *check, const char *message)
{
	Finding *finding = palloc0(sizeof(Finding));

	finding->columns[HEALTH_PIPELINE] = check->pipeline != NULL ? pstrdup(check->pipeline) : NULL;
	finding->columns[HEALTH_TOPIC] = check->query->name;
	finding->columns[HEALTH_STATUS] = pstrdup("error");
	finding->columns[HEALTH_FOUND] = psprintf("this could not be checked: %s", message);
	return list_make1(finding);
}

/*
 * run_queries runs all queries and returns what they have found.
 */
static List *
run_queries(HealthCheck *check, List *queries)
{
	List *findings = NIL;
	ListCell *cell;

	foreach (cell, queries)
	{
		char *message;

		CHECK_FOR_INTERRUPTS();
		check->query = lfirst(cell);
		check->findings = NIL;
		if (!try_whatever_fails(run_query, check, &message))
			check->findings = failed_query(check, message);
		findings = list_concat(findings, check->findings);
	}
	return findings;
}

/*
 * put_findings returns the findings of a status.
 */
static void
put_findings(ReturnSetInfo *result, List *findings, size_t rank)
{
	ListCell *cell;

	foreach (cell, findings)
	{
		const Finding *finding = lfirst(cell);
		Datum values[HEALTH_COLUMNS] = {0};
		bool isnull[HEALTH_COLUMNS];

		if (status_rank(finding->columns[HEALTH_STATUS]) != rank)
			continue;
		for (int i = 0; i < HEALTH_COLUMNS; i++)
		{
			isnull[i] = finding->columns[i] == NULL;
			if (!isnull[i])
				values[i] = CStringGetTextDatum(finding->columns[i]);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
}

/*
 * is_distributed tells whether there is a distributed pipeline of this name that the user may see.
 */
static bool
is_distributed(const char *name)
{
	return sql_run("SELECT FROM sessionize.distributed_pipelines WHERE pipeline_name = $1",
				   SQL_READ_ONLY, SQL_VALUES(SQL_TEXT(name))) > 0;
}

/*
 * check_visible reports a pipeline that is not there, or that the user may not see.
 */
static void
check_visible(const char *name)
{
	const Pipeline *pipeline = pipeline_find(name);

	if (pipeline == NULL ? !is_distributed(name) : !may_see_state(pipeline->owner))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("there is no pipeline \"%s\" that you may see", name),
						errhint("SELECT pipeline_name FROM sessionize.pipelines;")));
}

/*
 * sessionize_health_check returns what was found, errors first.
 */
Datum
sessionize_health_check(PG_FUNCTION_ARGS)
{
	HealthCheck check = {.context = CurrentMemoryContext};
	List *queries = NIL;
	List *findings;

	if (!PG_ARGISNULL(0))
	{
		check.pipeline = text_to_cstring(PG_GETARG_TEXT_PP(0));
		check_visible(check.pipeline);
	}
	InitMaterializedSRF(fcinfo, 0);
	extension_visit("SELECT q.query_name, q.query FROM sessionize.health_query AS q "
					"ORDER BY q.query_name",
					SQL_READ_ONLY, SQL_NO_VALUES, take_query, &queries);
	findings = run_queries(&check, queries);
	for (size_t rank = 0; rank < lengthof(status_names); rank++)
		put_findings((ReturnSetInfo *) fcinfo->resultinfo, findings, rank);
	PG_RETURN_NULL();
}
