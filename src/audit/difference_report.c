/*
 * difference_report.c
 *		Differences between the stored and the derived star, as rows of verify()'s result.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "audit/difference_report.h"
#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "compat.h"
#include "identity/person_derive.h"
#include "rollup/rollup_sql.h"
#include "spi/sql_rows.h"
#include "star/calendar.h"
#include "star/star.h"

/* The columns of verify()'s result. */
enum
{
	COL_RELATION,
	COL_DIFFERENCE,
	COL_SESSION_KEY,
	COL_STORED,
	COL_EXPECTED,
	COL_COUNT
};

struct DifferenceReport
{
	ReturnSetInfo *result;
	const StarTable *table;
	MemoryContext row_context;
	TupleDesc desc;    /* the table's own columns, without those of ROW_EXTRA and after it */
	FmgrInfo to_jsonb; /* to_jsonb(record) */
	FmgrInfo key_output;
	int key_column;
};

/*
 * own_columns returns the description of the table's own columns.
 */
static TupleDesc
own_columns(const StarTable *table, const RowShape *shape)
{
	TupleDesc desc = CreateTemplateTupleDesc(table->ncolumns);

	for (int i = 0; i < table->ncolumns; i++)
		TupleDescCopyEntry(desc, (AttrNumber) (i + 1), shape->desc, (AttrNumber) (i + 1));
	sz_finish_tuple_desc(desc);
	return BlessTupleDesc(desc);
}

/*
 * difference_report_create prepares the report of a table.
 */
DifferenceReport *
difference_report_create(ReturnSetInfo *result, const StarTable *table, const RowShape *shape)
{
	DifferenceReport *report = palloc0(sizeof(DifferenceReport));
	Node *record = (Node *) makeNullConst(RECORDOID, -1, InvalidOid);
	Oid output;
	bool varlena;

	report->result = result;
	report->table = table;
	report->row_context = AllocSetContextCreate(CurrentMemoryContext, "sessionize difference",
												ALLOCSET_DEFAULT_SIZES);
	report->desc = own_columns(table, shape);
	fmgr_info(F_TO_JSONB, &report->to_jsonb);
	fmgr_info_set_expr((Node *) makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(record), InvalidOid,
											 InvalidOid, COERCE_EXPLICIT_CALL),
					   &report->to_jsonb);
	report->key_column = table->session_key;
	getTypeOutputInfo(TupleDescAttr(report->desc, report->key_column)->atttypid, &output, &varlena);
	fmgr_info(output, &report->key_output);
	return report;
}

/*
 * row_as_jsonb returns the table's own columns of a row as jsonb.
 */
static Datum
row_as_jsonb(DifferenceReport *report, const Datum *values, const bool *isnull)
{
	HeapTuple tuple =
		heap_form_tuple(report->desc, unconstify(Datum *, values), unconstify(bool *, isnull));

	return FunctionCall1(&report->to_jsonb, HeapTupleGetDatum(tuple));
}

/*
 * add_row adds a row to the result.  For a missing row stored is NULL, for an unexpected one
 * expected is.
 */
static void
add_row(DifferenceReport *report, const char *difference, const Datum *stored,
		const bool *stored_isnull, const Datum *expected, const bool *expected_isnull)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(report->row_context);
	const Datum *any = stored ? stored : expected;
	const bool *any_isnull = stored ? stored_isnull : expected_isnull;
	Datum values[COL_COUNT] = {0};
	bool isnull[COL_COUNT] = {false};

	/* derived rows are those of tables that every pipeline has */
	values[COL_RELATION] = CStringGetTextDatum(star_relations[report->table->relation].name);
	values[COL_DIFFERENCE] = CStringGetTextDatum(difference);
	isnull[COL_SESSION_KEY] = any_isnull[report->key_column];
	if (!isnull[COL_SESSION_KEY])
		values[COL_SESSION_KEY] =
			CStringGetTextDatum(OutputFunctionCall(&report->key_output, any[report->key_column]));
	isnull[COL_STORED] = stored == NULL;
	if (stored != NULL)
		values[COL_STORED] = row_as_jsonb(report, stored, stored_isnull);
	isnull[COL_EXPECTED] = expected == NULL;
	if (expected != NULL)
		values[COL_EXPECTED] = row_as_jsonb(report, expected, expected_isnull);
	tuplestore_putvalues(report->result->setResult, report->result->setDesc, values, isnull);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(report->row_context);
}

/*
 * difference_report_missing reports a row that is derived, but not stored.
 */
void
difference_report_missing(void *arg, const Datum *values, const bool *isnull)
{
	add_row(arg, "missing", NULL, NULL, values, isnull);
}

/*
 * difference_report_different reports a stored row that differs from the derived one.
 */
void
difference_report_different(void *arg, const Datum *values, const bool *isnull,
							TupleTableSlot *stored)
{
	add_row(arg, "different", stored->tts_values, stored->tts_isnull, values, isnull);
}

/*
 * difference_report_unexpected reports a row that is stored, but not derived.
 */
void
difference_report_unexpected(void *arg, TupleTableSlot *stored)
{
	add_row(arg, "unexpected", stored->tts_values, stored->tts_isnull, NULL, NULL);
}

/*
 * report_query adds the rows of a query, over rows that may be NULL, to the result.  It calls SPI
 * itself: the rows go straight to the result's tuplestore.
 */
static void
report_query(ReturnSetInfo *result, const char *sql, const NamedRows *named)
{
	DestReceiver *receiver = CreateDestReceiver(DestTuplestore);
	SPIExecuteOptions options = {.read_only = true, .dest = receiver};
	int status;

	SetTuplestoreDestReceiverParams(receiver, result->setResult,
									result->econtext->ecxt_per_query_memory, true, NULL, NULL);
	SPI_connect();
	if (named != NULL)
		sql_register_rows(named);
	status = SPI_execute_extended(sql, &options);
	if (status < 0)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(status));
	SPI_finish();
	receiver->rDestroy(receiver);
}

/*
 * report_unknown_member reports a dimension's member 0 if it is missing or has wrong values.
 * columns and unknown are SQL select lists: the columns to compare, and the values that they must
 * have.
 */
static void
report_unknown_member(ReturnSetInfo *result, const Pipeline *pipeline, StarDimensionId id,
					  const char *columns, const char *unknown)
{
	const StarDimension *dimension = star_dimension(pipeline, id);

	report_query(result,
				 psprintf("SELECT %s::text, CASE WHEN d.%s IS NULL THEN 'missing' ELSE "
						  "'different' END, NULL::text, "
						  "to_jsonb(d.*), to_jsonb(u.*) FROM (SELECT %s) AS u "
						  "LEFT JOIN (SELECT %s FROM %s) AS d ON d.%s = 0 "
						  "WHERE to_jsonb(d.*) IS DISTINCT FROM to_jsonb(u.*)",
						  quote_literal_cstr(star_relation_name(pipeline, dimension->relation)),
						  quote_identifier(dimension->key), unknown, columns,
						  star_relation(pipeline, dimension->relation),
						  quote_identifier(dimension->key)),
				 NULL);
}

/*
 * report_unknown_text reports the wrong member 0 of a dictionary.
 */
static void
report_unknown_text(ReturnSetInfo *result, const Pipeline *pipeline, StarDimensionId id)
{
	const StarDimension *dimension = star_dimension(pipeline, id);
	const StarTable *table = star_table(pipeline, dimension->relation);
	StringInfoData columns;
	StringInfoData unknown;

	initStringInfo(&columns);
	initStringInfo(&unknown);
	for (int i = 0; i < table->ncolumns; i++)
	{
		const char *name = quote_identifier(table->columns[i].name);

		appendStringInfo(&columns, "%s%s", i > 0 ? ", " : "", name);
		if (strcmp(table->columns[i].name, dimension->key) == 0)
			appendStringInfo(&unknown, "%s0 AS %s", i > 0 ? ", " : "", name);
		else
			appendStringInfo(
				&unknown, "%sNULL::%s AS %s", i > 0 ? ", " : "",
				format_type_be_qualified(star_column_type(&table->columns[i], pipeline)), name);
	}
	report_unknown_member(result, pipeline, id, columns.data, unknown.data);
}

/*
 * difference_report_members reports dimension members that are wrong in themselves.
 */
void
difference_report_members(ReturnSetInfo *result, const Pipeline *pipeline)
{
	for (int i = 0; i < star_dimension_count(pipeline); i++)
		if (star_dimension(pipeline, i)->is_dictionary)
			report_unknown_text(result, pipeline, i);
	report_unknown_member(
		result, pipeline, DIMENSION_USER,
		"user_key, session_key, user_id, valid_from, valid_to, is_current",
		"0 AS user_key, NULL::text AS session_key, NULL::text AS user_id, "
		"'-infinity'::timestamptz AS valid_from, 'infinity'::timestamptz AS valid_to, "
		"true AS is_current");
	report_unknown_member(
		result, pipeline, DIMENSION_DATE, CALENDAR_COLUMNS,
		"0 AS date_key, u.date, u.year, u.quarter, u.month, u.month_name, u.week, "
		"u.iso_year, u.day, u.day_of_week, u.day_name, u.is_weekend "
		"FROM sessionize.calendar_day(NULL) AS u");
	report_query(
		result,
		star_sql(
			pipeline,
			"SELECT 'dim_date'::text, 'different'::text, NULL::text, to_jsonb(d.*), to_jsonb(c.*) "
			"FROM (SELECT " CALENDAR_COLUMNS " FROM @dim_date WHERE date_key <> 0) AS d, "
			"sessionize.calendar_day(d.date) AS c "
			"WHERE to_jsonb(d.*) IS DISTINCT FROM to_jsonb(c.*)"),
		NULL);
}

/*
 * difference_report_persons reports the differences of the persons.
 */
void
difference_report_persons(ReturnSetInfo *result, const Pipeline *pipeline)
{
	NamedRows joined;
	char *sql = persons_differences_sql(pipeline, &joined);

	report_query(result, sql, &joined);
	tuplestore_end(joined.rows);
}

/*
 * difference_report_rollups reports the differences of the rollups.
 */
void
difference_report_rollups(ReturnSetInfo *result, const Pipeline *pipeline)
{
	for (int i = 0; pipeline->rollups != NULL && i < pipeline->rollups->count; i++)
		if (pipeline->rollups->rollups[i].is_filled)
			report_query(result, rollup_differences_sql(rollup_resolve(pipeline, i)), NULL);
}
