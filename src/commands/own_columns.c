/*
 * own_columns.c
 *		What is common to the commands that add columns of the user's own, and drop them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/lock.h"
#include "catalog/pipeline_catalog.h"
#include "commands/own_columns.h"
#include "commands/source_change.h"
#include "run/run.h"
#include "spi/scope.h"
#include "utils/arguments.h"
#include "utils/expression.h"
#include "wakeup/notify.h"

/*
 * own_text_argument returns a text argument; NULL for SQL's NULL and for an empty text.
 */
char *
own_text_argument(FunctionCallInfo fcinfo, int argno)
{
	char *given = PG_ARGISNULL(argno) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argno));

	return given == NULL || given[0] == '\0' ? NULL : given;
}

/*
 * own_lock_pipeline loads the pipeline and locks it against refreshes and other changes.
 */
Pipeline *
own_lock_pipeline(FunctionCallInfo fcinfo)
{
	return pipeline_load_owned(argument_pipeline(fcinfo), pipeline_lock_transaction);
}

/*
 * own_check_count reports that a pipeline has as many measures, or dimensions, as it can have.
 */
void
own_check_count(const Pipeline *pipeline, const char *what, int count, int most)
{
	if (count >= most)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("pipeline \"%s\" has too many %s", pipeline->name, what),
						errdetail("%d is the most.", most)));
}

/*
 * value_type returns the type in which values of an expression of a type are kept; InvalidOid if
 * there can't be such values.
 */
static Oid
value_type(Oid given)
{
	switch (getBaseType(given))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return INT8OID;
		case NUMERICOID:
		case BOOLOID:
		case TIMESTAMPTZOID:
			return getBaseType(given);
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
		case UNKNOWNOID:
			return TEXTOID;
		default:
			return InvalidOid;
	}
}

/*
 * report_value_type reports an expression whose values have another type.
 */
pg_noreturn static void
report_value_type(const char *argument, const char *text, Oid given)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("a measure or dimension can't have values of type %s", format_type_be(given)),
			 errdetail("Its values are of type bigint, numeric, text, boolean or timestamptz."),
			 errhint("Cast the expression, for instance: %s => %s", argument,
					 quote_literal_cstr(psprintf(
						 "(%s)::%s", text, getBaseType(given) == JSONBOID ? "text" : "numeric")))));
}

/*
 * own_value_parse parses an expression and converts it to the type in which its values are kept.
 */
Node *
own_value_parse(Relation raw, const char *argument, const char *text, Oid *type)
{
	Node *expression = expression_parse(raw, argument, text);
	Oid given = exprType(expression);
	Node *value;

	*type = value_type(given);
	if (!OidIsValid(*type))
		report_value_type(argument, text, given);
	value = expression_convert(expression, *type, true);
	expression_check_immutable(value, argument, text, NULL);
	return value;
}

/*
 * own_value_sql returns the text of an expression for the view "source".
 */
char *
own_value_sql(Relation raw, Node *value, Oid type, bool one_form)
{
	int level = pinned_settings_enter();
	char *sql = expression_text(raw, value, SOURCE_CHANGE_ALIAS);

	pinned_settings_leave(level);
	if (one_form && type == NUMERICOID)
		return psprintf("pg_catalog.trim_scale(%s)", sql);
	return type == TEXTOID ? psprintf("(%s) COLLATE pg_catalog.\"C\"", sql) : sql;
}

/*
 * own_outdate notes that the star has to be rebuilt.
 */
void
own_outdate(const Pipeline *pipeline)
{
	run_unbuild(pipeline, true);
	/* keys that an interrupted rebuild has done are no longer right */
	run_forget_newest(pipeline);
	worker_notify_at_commit(pipeline->id);
}

/*
 * own_load_changed returns the pipeline with its changed definition.
 */
Pipeline *
own_load_changed(const Pipeline *pipeline)
{
	CommandCounterIncrement();
	return pipeline_load(pipeline->name);
}
