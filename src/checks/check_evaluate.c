/*
 * check_evaluate.c
 *		One run of a check, without any effect.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <limits.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/timeout.h"

#include "catalog/owner_scope.h"
#include "checks/check_evaluate.h"
#include "checks/check_query.h"
#include "spi/statement.h"
#include "utils/subtransaction.h"

/*
 * Which columns of the star are derived from what is wrong, an attribute or expression, or from the
 * raw column that it is; of any column: the relations.
 */
#define DERIVED                                                                                    \
	"SELECT coalesce(jsonb_agg(d.item ORDER BY d.item ->> 'relation', d.item), '[]') FROM ("       \
	"SELECT DISTINCT CASE WHEN $2 = '*' THEN jsonb_build_object('relation', l.relation) "          \
	"ELSE jsonb_build_object('relation', l.relation, 'columns', l.columns, 'raw_column', "         \
	"l.raw_column) END AS item FROM sessionize.lineage AS l "                                      \
	"WHERE l.pipeline_name = $1 AND ($2 = '*' OR $2 IN (l.attribute, l.expression) OR "            \
	"l.raw_column IN (SELECT o.raw_column FROM sessionize.lineage AS o WHERE o.pipeline_name = "   \
	"$1 AND o.expression = o.raw_column AND $2 IN (o.attribute, o.expression)))) AS d"

/* A run, for the function that does it in a subtransaction. */
typedef struct Evaluation
{
	const Pipeline *pipeline;
	const DataCheck *check;
	TimestampTz at;
	CheckOutcome outcome;
} Evaluation;

static volatile sig_atomic_t timed_out = false;

/*
 * cancel is the handler of the timeout, which runs in a signal handler.
 */
static void
cancel(void)
{
	timed_out = true;
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}

/*
 * timeout_begin cancels what runs after so many milliseconds, unless timeout_end is called.
 */
static void
timeout_begin(int64 milliseconds)
{
	static TimeoutId id = MAX_TIMEOUTS;

	if (id == MAX_TIMEOUTS)
		id = RegisterTimeout(USER_TIMEOUT, cancel);
	timed_out = false;
	if (milliseconds > 0)
		enable_timeout_after(id, (int) Min(milliseconds, INT_MAX));
	else
		disable_timeout(id, false);
}

/*
 * timeout_end ends the watch.  A cancel by the timeout that has not been noticed is taken back.
 */
static void
timeout_end(void)
{
	bool was_timed_out = timed_out;

	timeout_begin(0);
	if (was_timed_out)
		QueryCancelPending = false;
	timed_out = was_timed_out;
}

/*
 * is_of_check tells whether an error is the check's: any but a user's cancel, or a shutdown.
 */
static bool
is_of_check(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_OPERATOR_INTERVENTION ||
		   (error->sqlerrcode == ERRCODE_QUERY_CANCELED && timed_out);
}

/*
 * run_values returns the parameters of the check's queries.
 */
#define RUN_VALUES(evaluation)                                                                     \
	SQL_VALUES(SQL_TEXT((evaluation)->pipeline->name), SQL_TIMESTAMPTZ((evaluation)->at),          \
			   SQL_TEXT((evaluation)->check->parameters),                                          \
			   SQL_TEXT((evaluation)->check->reference))

/*
 * take_outcome takes the row that the check's query returns.
 */
static void
take_outcome(void *arg, const SqlRow *row)
{
	CheckOutcome *outcome = arg;

	outcome->subjects = sql_row_int4(row, 1);
	outcome->failing = sql_row_int4(row, 2);
	outcome->value = sql_row_text(row, 3);
	outcome->lower = sql_row_text(row, 4);
	outcome->upper = sql_row_text(row, 5);
	outcome->affected = sql_row_text(row, 6);
	outcome->since = sql_row_text(row, 7);
	outcome->sample = sql_row_text(row, 8);
	outcome->subject_list = sql_row_text(row, 9);
	if (outcome->failing > 0)
		outcome->status = CHECK_FAILED;
	else
		outcome->status = outcome->subjects > 0 ? CHECK_OK : CHECK_LEARNING;
}

/*
 * text_of returns the value of a query as text; NULL for NULL.
 */
static char *
text_of(const char *sql, SqlValues values)
{
	bool isnull;
	Datum value = sql_value(sql, SQL_READ_ONLY, values, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * evaluate runs the check's queries, in a subtransaction that only reads.
 */
static void
evaluate(void *arg)
{
	Evaluation *evaluation = arg;
	CheckOutcome *outcome = &evaluation->outcome;
	const DataCheck *check = evaluation->check;
	const char *remember;
	OwnerScope scope;

	owner_scope_enter(&scope, evaluation->pipeline);
	/* until the end of the subtransaction; since PostgreSQL 17 the setting can't be made here */
	XactReadOnly = true;
	sql_visit(check_query(evaluation->pipeline, check), SQL_READ_ONLY, RUN_VALUES(evaluation),
			  take_outcome, outcome);
	remember = check_remember_query(evaluation->pipeline, check);
	if (remember != NULL)
		outcome->reference =
			text_of(psprintf("SELECT (%s)::text", remember), RUN_VALUES(evaluation));
	if (outcome->status == CHECK_FAILED)
		outcome->derived =
			text_of("SELECT (" DERIVED ")::text", SQL_VALUES(SQL_TEXT(evaluation->pipeline->name),
															 SQL_TEXT(check_concerns(check))));
	owner_scope_leave(&scope);
}

/*
 * error_text returns what is said of an error.
 */
static char *
error_text(const ErrorData *error, const DataCheck *check)
{
	if (timed_out && error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		return psprintf("it took longer than its timeout of " INT64_FORMAT " ms", check->timeout);
	return pstrdup(error->message != NULL ? error->message : "unknown error");
}

/*
 * status_of returns the status of a check that has reported an error: where something is not there
 * yet, such as counts of events that the next refresh makes, the check waits for it.
 */
static CheckStatus
status_of(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE ? CHECK_LEARNING
																		 : CHECK_ERROR;
}

/*
 * check_evaluate runs a check as of an instant.
 */
CheckOutcome
check_evaluate(const Pipeline *pipeline, const DataCheck *check, TimestampTz at)
{
	Evaluation evaluation = {.pipeline = pipeline, .check = check, .at = at};
	TimestampTz began = GetCurrentTimestamp();
	ErrorData *error;

	timeout_begin(check->timeout);
	error = try_or_catch(evaluate, &evaluation, is_of_check);
	timeout_end();
	if (error != NULL)
		evaluation.outcome = (CheckOutcome){.status = status_of(error),
											.error = error_text(error, check),
											.reference = check->reference,
											.subject_list = "[{}]",
											.derived = "[]"};
	evaluation.outcome.began = began;
	return evaluation.outcome;
}
