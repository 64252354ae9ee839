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

#include "catalog/definition.h"
#include "catalog/definition_table.h"
#include "catalog/lock.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/star_relation.h"
#include "commands/own_columns.h"
#include "commands/source_change.h"
#include "commands/value_type.h"
#include "source/source_mapping.h"
#include "spi/scope.h"
#include "star/star_ddl.h"
#include "utils/arguments.h"
#include "utils/expression.h"

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
 * own_report_choice reports an argument whose value is not one of a few.
 */
void
own_report_choice(const char *argument, const char *given, const char *choices)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					given == NULL ? errmsg("argument %s must not be null", argument)
								  : errmsg("there is no %s \"%s\"", argument, given),
					errhint("It is %s.", choices)));
}

/*
 * own_grain_argument tells whether an argument says that each event has a value.
 */
bool
own_grain_argument(FunctionCallInfo fcinfo, int argno, const Pipeline *pipeline)
{
	const char *grain = own_text_argument(fcinfo, argno);

	if (grain == NULL || (strcmp(grain, "session") != 0 && strcmp(grain, "event") != 0))
		own_report_choice("grain", grain, "session or event");
	if (strcmp(grain, "session") == 0)
		return false;
	if (!pipeline->store_events)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("pipeline \"%s\" stores no events", pipeline->name),
						errhint("Say grain => 'session', or create the pipeline with "
								"store_events => true.")));
	return true;
}

/*
 * is_hidden tells whether a column of this name, of a dimension, may not be in the view yet.  A
 * measure's column is in the fact already.
 */
static bool
is_hidden(const Pipeline *pipeline, bool of_events, const char *name)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
	{
		const DimensionDefinition *dimension = &definition->dimensions[i];

		if (dimension->of_events != of_events)
			continue;
		for (int j = 0; j < dimension->nattributes; j++)
			if (strcmp(dimension->attributes[j].column, name) == 0)
				return true;
	}
	return false;
}

/*
 * own_column_is_taken tells whether a fact, or the view over it, has a column of a name.
 */
bool
own_column_is_taken(const Pipeline *pipeline, const StarView *view, const char *name)
{
	for (int i = 0; i < view->ncolumns; i++)
		if (strcmp(view->columns[i].name, name) == 0)
			return true;
	return get_attnum(star_relation_oid(pipeline, view->fact), name) != 0 ||
		   is_hidden(pipeline, view->fact == STAR_FACT_EVENT, name);
}

/*
 * own_check_column reports a name that a column has already.
 */
void
own_check_column(const Pipeline *pipeline, const StarView *view, const char *name, const char *what)
{
	if (own_column_is_taken(pipeline, view, name))
		ereport(
			ERROR,
			(errcode(ERRCODE_DUPLICATE_COLUMN),
			 errmsg("the %s of pipeline \"%s\" have a column \"%s\" already",
					view->fact == STAR_FACT_EVENT ? "events" : "sessions", pipeline->name, name),
			 errhint("Choose another name.  SELECT * FROM sessionize.%ss shows the %ss there "
					 "are; drop_%s drops one.",
					 what, what, what)));
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
	char *sql = expression_text(raw, value, MAPPING_ALIAS);

	pinned_settings_leave(level);
	if (one_form && type == NUMERICOID)
		return psprintf("pg_catalog.trim_scale(%s)", sql);
	return type == TEXTOID ? psprintf("(%s) COLLATE pg_catalog.\"C\"", sql) : sql;
}

/*
 * own_load_changed returns the pipeline with its changed definition.
 */
Pipeline *
own_load_changed(const Pipeline *pipeline)
{
	CommandCounterIncrement();
	return pipeline_load_detached(pipeline->name);
}

/*
 * own_attribute_is tells whether an attribute has this type and this text.
 */
bool
own_attribute_is(const Pipeline *pipeline, Relation raw, int attribute, Oid type, const char *sql)
{
	if (attribute < 0 || sql == NULL)
		return attribute < 0 && sql == NULL;
	return pipeline->types[attribute_column(attribute)] == type &&
		   source_column_is(pipeline, raw, attribute_column(attribute), sql);
}

/*
 * own_attribute_change takes an attribute for another expression.
 */
int
own_attribute_change(SourceChange *change, int present, const char *name, const char *given,
					 Oid type, const char *sql)
{
	if (present >= 0 && sql != NULL && change->pipeline->types[attribute_column(present)] == type)
	{
		source_change_replace(change, present, given, type, sql);
		return present;
	}
	source_change_remove(change, present);
	return sql == NULL ? -1 : source_change_add(change, name, given, type, sql);
}

/*
 * own_attribute_note stores the user's expression of an attribute.
 */
void
own_attribute_note(const Pipeline *pipeline, int attribute, const char *given)
{
	AttributeDefinition definition;

	if (attribute < 0)
		return;
	definition =
		(AttributeDefinition){source_column_name(pipeline, attribute_column(attribute)), given};
	definition_set_attribute(pipeline->id, attribute, &definition);
	star_comment_attribute(pipeline, &definition);
}

/*
 * own_same_text tells whether two texts are equal.
 */
bool
own_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}
