/*
 * quarantine_counts.c
 *		sessionize.quarantine_counts(pipeline): how many rows of the quarantine have which reason.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/star_relation.h"
#include "spi/privileges.h"
#include "spi/statement.h"

/* A quarantine of more rows is not counted; about so many of its rows are read as a sample. */
#define MOST_COUNTED 100000

PG_FUNCTION_INFO_V1(sessionize_quarantine_counts);

#define COUNTED                                                                                    \
	"SELECT q.reason, pg_catalog.count(*), false FROM ONLY @quarantine AS q GROUP BY 1 ORDER BY 1"

#define SAMPLED                                                                                    \
	"SELECT q.reason, (pg_catalog.count(*) * $1 / pg_catalog.sum(pg_catalog.count(*)) OVER "       \
	"())::bigint, true FROM ONLY @quarantine AS q TABLESAMPLE SYSTEM (%f) GROUP BY 1 ORDER BY 1"

/*
 * put_row adds a row to the result.
 */
static void
put_row(void *arg, const SqlRow *row)
{
	ReturnSetInfo *result = arg;

	tuplestore_puttuple(result->setResult, row->tuple);
}

/*
 * noted_rows returns how many rows the ledger says that the quarantine has.
 */
static int64
noted_rows(const Pipeline *pipeline)
{
	int64 rows = 0;

	(void) extension_bigints("SELECT quarantined_rows FROM sessionize.ledger "
							 "WHERE pipeline_id = $1",
							 SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline->id)), &rows, 1);
	return rows;
}

/*
 * sessionize_quarantine_counts counts the rows as the pipeline's owner.  No row for a pipeline that
 * is not there, that is not whole, or that the user may not see.
 */
Datum
sessionize_quarantine_counts(PG_FUNCTION_ARGS)
{
	const Pipeline *pipeline = pipeline_find(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	OwnerScope scope;
	int64 rows;

	InitMaterializedSRF(fcinfo, 0);
	if (pipeline == NULL || !may_see_state(pipeline->owner) || pipeline->fault != PIPELINE_WHOLE)
		PG_RETURN_NULL();
	rows = noted_rows(pipeline);
	owner_scope_enter(&scope, pipeline);
	if (rows <= MOST_COUNTED)
		sql_visit(star_sql_text(pipeline, COUNTED), SQL_READ_ONLY, SQL_NO_VALUES, put_row,
				  fcinfo->resultinfo);
	else
		sql_visit(star_sql(pipeline, SAMPLED, 100.0 * MOST_COUNTED / (double) rows), SQL_READ_ONLY,
				  SQL_VALUES(SQL_INT8(rows)), put_row, fcinfo->resultinfo);
	owner_scope_leave(&scope);
	PG_RETURN_NULL();
}
