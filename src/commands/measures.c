/*
 * measures.c
 *		sessionize.add_measure() and drop_measure(): the user's own columns of sessions.
 *
 * What a measure needs of a raw row becomes an attribute (source_change.h).  The measure itself is
 * a column of fact_session and of the views over it.  As after alter_pipeline, the next refresh
 * rebuilds the star.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/definition.h"
#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/star_relation.h"
#include "commands/outdate.h"
#include "commands/source_change.h"
#include "live/star_views.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "star/star.h"
#include "star/star_ddl.h"
#include "utils/arguments.h"
#include "utils/expression.h"

/* The longest pause that counts as active time, unless the user gives another one. */
static const Interval default_cap = {.time = USECS_PER_MINUTE};

PG_FUNCTION_INFO_V1(sessionize_add_measure);
PG_FUNCTION_INFO_V1(sessionize_drop_measure);

/* The positions of the arguments. */
enum
{
	ARG_PIPELINE,
	ARG_NAME,
	ARG_KIND,
	ARG_EXPRESSION,
	ARG_FILTER,
	ARG_CAP
};

/*
 * text_argument returns a text argument; NULL for SQL's NULL and for an empty text.
 */
static char *
text_argument(FunctionCallInfo fcinfo, int argno)
{
	char *given = PG_ARGISNULL(argno) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argno));

	return given == NULL || given[0] == '\0' ? NULL : given;
}

/*
 * lock_pipeline loads the pipeline and locks it against refreshes and other changes.
 */
static Pipeline *
lock_pipeline(FunctionCallInfo fcinfo)
{
	return pipeline_load_owned(argument_pipeline(fcinfo), pipeline_lock_transaction);
}

/*
 * check_name reports a name that no new measure can have.
 */
static void
check_name(const Pipeline *pipeline, const char *name)
{
	const StarView *view = star_view(pipeline, VIEW_SESSIONS);
	bool is_taken;

	if (name == NULL || strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 name == NULL ? errmsg("a measure must have a name")
							  : errmsg("\"%s\" can't be the name of a measure", name),
				 errdetail("The name is also that of a column: 1 to %d bytes.", NAMEDATALEN - 1),
				 errhint("Choose a short name, such as name => 'revenue'.")));
	is_taken = get_attnum(star_relation_oid(pipeline, STAR_FACT_SESSION), name) != 0;
	for (int i = 0; i < view->ncolumns; i++)
		is_taken |= strcmp(view->columns[i].name, name) == 0;
	if (is_taken)
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
						errmsg("the sessions of pipeline \"%s\" have a column \"%s\" already",
							   pipeline->name, name),
						errhint("Choose another name.  SELECT * FROM sessionize.measures shows the "
								"measures there are; drop_measure drops one.")));
}

/*
 * read_kind returns the kind of the measure.
 */
static MeasureKind
read_kind(FunctionCallInfo fcinfo)
{
	const char *name = text_argument(fcinfo, ARG_KIND);
	MeasureKind kind = name == NULL ? MEASURE_KINDS : measure_kind_find(name);
	StringInfoData names;

	if (kind < MEASURE_KINDS)
		return kind;
	initStringInfo(&names);
	for (kind = 0; kind < MEASURE_KINDS; kind++)
		appendStringInfo(&names, "%s%s", kind > 0 ? ", " : "", measure_kind_name(kind));
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					name == NULL ? errmsg("a measure must have a kind")
								 : errmsg("there is no kind of measure \"%s\"", name),
					errhint("The kinds are %s.", names.data)));
}

/*
 * check_arguments reports arguments that a kind of measure needs, or has no use for.
 */
static void
check_arguments(MeasureKind kind, const char *expression, const char *filter, bool has_cap)
{
	const char *name = measure_kind_name(kind);

	if (measure_kind_has_value(kind) && expression == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a measure of kind %s needs an expression", name),
				 errhint("For instance: expression => '(properties ->> ''price'')::numeric'")));
	if (!measure_kind_has_value(kind) && expression != NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a measure of kind %s has no expression", name),
						errhint("Say which events count by filter => '...'.")));
	if (kind == MEASURE_ANY && filter == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a measure of kind %s needs a filter", name),
						errhint("For instance: filter => 'event_name = ''purchase'''")));
	if (kind != MEASURE_ACTIVE_TIME && has_cap)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a measure of kind %s has no cap", name),
						errhint("A cap is for kind => 'active_time'.")));
}

/*
 * value_type returns the type in which values of an expression of a type are kept; InvalidOid if a
 * measure can't have such values.
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
 * report_value_type reports an expression whose values a measure can't have.
 */
pg_noreturn static void
report_value_type(const char *text, Oid given)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("a measure can't have values of type %s", format_type_be(given)),
			 errdetail("Its values are of type bigint, numeric, text, boolean or timestamptz."),
			 errhint("Cast the expression, for instance: expression => %s",
					 quote_literal_cstr(psprintf(
						 "(%s)::%s", text, getBaseType(given) == JSONBOID ? "text" : "numeric")))));
}

/*
 * check_kind_type reports a type of values that a kind of measure can't work with.
 */
static void
check_kind_type(MeasureKind kind, Oid type)
{
	if (kind == MEASURE_SUM && type != INT8OID && type != NUMERICOID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("a sum can't be made of values of type %s", format_type_be(type)),
						errhint("Use an expression of an integer type or of type numeric.")));
	if ((kind == MEASURE_MIN || kind == MEASURE_MAX) && type == BOOLOID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("a boolean has neither a minimum nor a maximum"),
						errhint("Use kind => 'any' with the expression as the filter.")));
}

/*
 * convert parses an expression and converts it to the type in which its values are kept.
 */
static Node *
convert(Relation raw, const char *text, MeasureKind kind, Oid *type)
{
	Node *expression = expression_parse(raw, "expression", text);
	Oid given = exprType(expression);
	Node *value;

	*type = value_type(given);
	if (!OidIsValid(*type))
		report_value_type(text, given);
	check_kind_type(kind, *type);
	value = expression_convert(expression, *type, true);
	expression_check_immutable(value, "expression", text, NULL);
	return value;
}

/*
 * view_sql returns the text of an expression for the view "source".  Numbers to count get one form,
 * so that different values have different bytes.
 */
static char *
view_sql(Relation raw, Node *value, MeasureKind kind, Oid type)
{
	int level = pinned_settings_enter();
	char *sql = expression_text(raw, value, MAPPING_ALIAS);

	pinned_settings_leave(level);
	if (kind == MEASURE_COUNT_DISTINCT && type == NUMERICOID)
		return psprintf("pg_catalog.trim_scale(%s)", sql);
	return type == TEXTOID ? psprintf("(%s) COLLATE pg_catalog.\"C\"", sql) : sql;
}

/*
 * add_value adds the attribute that is measured to the change.
 */
static void
add_value(SourceChange *change, MeasureDefinition *measure)
{
	Oid type;
	Node *value;

	if (measure->given == NULL)
		return;
	value = convert(change->raw, measure->given, measure->kind, &type);
	measure->value = source_change_add(change, measure->name, measure->given, type,
									   view_sql(change->raw, value, measure->kind, type));
}

/*
 * add_filter adds the attribute that is the measure's condition to the change.
 */
static void
add_filter(SourceChange *change, MeasureDefinition *measure)
{
	const char *text = measure->given_filter;
	Node *given;
	Node *value;

	if (text == NULL)
		return;
	given = expression_parse(change->raw, "filter", text);
	value = expression_convert(given, BOOLOID, false);
	if (value == NULL)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("argument filter must be of type boolean, not %s",
							   format_type_be(exprType(given))),
						errhint("Compare it, so that the result is true or false.")));
	expression_check_immutable(value, "filter", text, NULL);
	measure->filter =
		source_change_add(change, makeObjectName(measure->name, NULL, "filter"), text, BOOLOID,
						  view_sql(change->raw, value, measure->kind, BOOLOID));
}

/*
 * next_number returns the number of a new measure.
 */
static int
next_number(const Pipeline *pipeline)
{
	const Definition *definition = pipeline->definition;
	int count = definition == NULL ? 0 : definition->nmeasures;

	if (count == MEASURES_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("pipeline \"%s\" has too many measures", pipeline->name),
						errdetail("%d is the most.", MEASURES_MAX)));
	return count == 0 ? 0 : definition->measures[count - 1].number + 1;
}

/*
 * read_measure returns the measure that add_measure's arguments describe.
 */
static MeasureDefinition
read_measure(FunctionCallInfo fcinfo, const Pipeline *pipeline)
{
	MeasureDefinition measure = {.name = text_argument(fcinfo, ARG_NAME),
								 .kind = read_kind(fcinfo),
								 .number = next_number(pipeline),
								 .value = -1,
								 .filter = -1,
								 .given = text_argument(fcinfo, ARG_EXPRESSION),
								 .given_filter = text_argument(fcinfo, ARG_FILTER)};

	check_name(pipeline, measure.name);
	check_arguments(measure.kind, measure.given, measure.given_filter, !PG_ARGISNULL(ARG_CAP));
	if (measure.kind == MEASURE_ACTIVE_TIME)
	{
		measure.cap = PG_ARGISNULL(ARG_CAP) ? &default_cap : PG_GETARG_INTERVAL_P(ARG_CAP);
		(void) sz_interval_usecs(measure.cap, "cap");
	}
	return measure;
}

/*
 * load_changed returns the pipeline with its changed definition.
 */
static Pipeline *
load_changed(const Pipeline *pipeline)
{
	CommandCounterIncrement();
	return pipeline_load(pipeline->name);
}

/*
 * sessionize_add_measure adds a measure.
 */
Datum
sessionize_add_measure(PG_FUNCTION_ARGS)
{
	SourceChange change = {0};
	MeasureDefinition measure;
	Pipeline *pipeline;
	OwnerScope scope;

	PreventCommandIfReadOnly("sessionize.add_measure()");
	change.pipeline = pipeline = lock_pipeline(fcinfo);
	measure = read_measure(fcinfo, pipeline);
	change.raw = table_open(pipeline->source, AccessShareLock);
	add_value(&change, &measure);
	add_filter(&change, &measure);
	owner_scope_enter(&scope, pipeline);
	source_change_apply(&change);
	definition_add_measure(pipeline->id, &measure);
	pipeline = load_changed(pipeline);
	star_lock_views(pipeline);
	star_add_column(pipeline, STAR_FACT_SESSION, measure.name);
	star_create_views(pipeline);
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (i == STAR_FACT_SESSION || i == STAR_SESSIONS || i == STAR_SESSIONS_LIVE)
			star_comment_columns(pipeline, i, measure.name);
	owner_scope_leave(&scope);
	pipeline_outdate(pipeline);
	table_close(change.raw, NoLock);
	PG_RETURN_VOID();
}

/*
 * find_measure returns the measure of a name.
 */
static const MeasureDefinition *
find_measure(const Pipeline *pipeline, const char *name)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && name != NULL && i < definition->nmeasures; i++)
		if (strcmp(definition->measures[i].name, name) == 0)
			return &definition->measures[i];
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 name == NULL ? errmsg("the name of a measure must not be null")
						  : errmsg("pipeline \"%s\" has no measure \"%s\"", pipeline->name, name),
			 errhint("SELECT * FROM sessionize.measures shows the measures there are.")));
}

/*
 * sessionize_drop_measure drops a measure.
 */
Datum
sessionize_drop_measure(PG_FUNCTION_ARGS)
{
	SourceChange change = {0};
	const MeasureDefinition *measure;
	Pipeline *pipeline;
	OwnerScope scope;

	PreventCommandIfReadOnly("sessionize.drop_measure()");
	change.pipeline = pipeline = lock_pipeline(fcinfo);
	measure = find_measure(pipeline, text_argument(fcinfo, ARG_NAME));
	change.raw = table_open(pipeline->source, AccessShareLock);
	source_change_remove(&change, measure->value);
	source_change_remove(&change, measure->filter);
	owner_scope_enter(&scope, pipeline);
	source_change_apply(&change);
	definition_drop_measure(pipeline->id, measure->number);
	pipeline = load_changed(pipeline);
	star_recreate_views(pipeline);
	star_drop_column(pipeline, STAR_FACT_SESSION, measure->name);
	owner_scope_leave(&scope);
	pipeline_outdate(pipeline);
	table_close(change.raw, NoLock);
	PG_RETURN_VOID();
}
