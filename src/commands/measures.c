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
#include "catalog/definition_table.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_function.h"
#include "catalog/star_relation.h"
#include "commands/measures.h"
#include "commands/outdate.h"
#include "commands/own_columns.h"
#include "commands/rollups.h"
#include "commands/source_change.h"
#include "derive/bounce.h"
#include "live/star_views.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "star/star.h"
#include "star/star_ddl.h"
#include "star/star_upkeep.h"
#include "utils/arguments.h"
#include "utils/expression.h"

/* The longest pause that counts as active time, unless the user gives another one. */
static const Interval default_cap = {.time = USECS_PER_MINUTE};

/* The positions of the arguments. */
enum
{
	ARG_PIPELINE,
	ARG_NAME,
	ARG_KIND,
	ARG_EXPRESSION,
	ARG_FILTER,
	ARG_CAP,
	ARG_GRAIN
};

/*
 * check_name reports a name that no new measure can have.
 */
static void
check_name(const Pipeline *pipeline, const char *name, bool of_events)
{
	const Definition *definition = pipeline->definition;

	if (name == NULL || strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 name == NULL ? errmsg("a measure must have a name")
							  : errmsg("\"%s\" can't be the name of a measure", name),
				 errdetail("The name is also that of a column: 1 to %d bytes.", NAMEDATALEN - 1),
				 errhint("Choose a short name, such as name => 'revenue'.")));
	own_check_column(pipeline, star_view(pipeline, own_view(of_events)), name, "measure");
	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
		if (strcmp(definition->measures[i].name, name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("pipeline \"%s\" has a measure \"%s\" already", pipeline->name, name),
					 errdetail("It is a measure of %s.", of_events ? "sessions" : "events"),
					 errhint("Choose another name, since drop_measure drops it by name.")));
}

/*
 * read_kind returns the kind of the measure.
 */
static MeasureKind
read_kind(FunctionCallInfo fcinfo)
{
	const char *name = own_text_argument(fcinfo, ARG_KIND);
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
 * measure_value_sql returns the text of a measure's value for the view "source", and its type; NULL
 * if the measure has none.
 */
char *
measure_value_sql(Relation raw, const MeasureDefinition *measure, Oid *type)
{
	Node *value;

	if (measure->given == NULL)
		return NULL;
	value = own_value_parse(raw, "expression", measure->given, type);
	check_kind_type(measure->kind, *type);
	return own_value_sql(raw, value, *type, measure->kind == MEASURE_COUNT_DISTINCT);
}

/*
 * measure_filter_sql returns the text of a measure's filter for the view "source"; NULL if the
 * measure has none.
 */
char *
measure_filter_sql(Relation raw, const MeasureDefinition *measure)
{
	const char *text = measure->given_filter;
	Node *given;
	Node *value;

	if (text == NULL)
		return NULL;
	given = expression_parse(raw, "filter", text);
	value = expression_convert(given, BOOLOID, false);
	if (value == NULL)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("argument filter must be of type boolean, not %s",
							   format_type_be(exprType(given))),
						errhint("Compare it, so that the result is true or false.")));
	expression_check_immutable(value, "filter", text, NULL);
	return own_value_sql(raw, value, BOOLOID, false);
}

/*
 * filter_name returns the name of the attribute that is a measure's filter.
 */
static char *
filter_name(const MeasureDefinition *measure)
{
	return makeObjectName(measure->name, NULL, "filter");
}

/*
 * measure_read returns the measure that add_measure's arguments describe.
 */
MeasureDefinition
measure_read(FunctionCallInfo fcinfo, const Pipeline *pipeline)
{
	MeasureDefinition measure = {.name = own_text_argument(fcinfo, ARG_NAME),
								 .kind = read_kind(fcinfo),
								 .of_events = own_grain_argument(fcinfo, ARG_GRAIN, pipeline),
								 .value = -1,
								 .filter = -1,
								 .given = own_text_argument(fcinfo, ARG_EXPRESSION),
								 .given_filter = own_text_argument(fcinfo, ARG_FILTER)};

	check_arguments(measure.kind, measure.given, measure.given_filter, !PG_ARGISNULL(ARG_CAP));
	if (measure.kind == MEASURE_ACTIVE_TIME)
	{
		measure.cap = PG_ARGISNULL(ARG_CAP) ? &default_cap : PG_GETARG_INTERVAL_P(ARG_CAP);
		(void) sz_interval_usecs(measure.cap, "cap");
	}
	return measure;
}

/*
 * comment_measure comments on the columns of a measure.
 */
static void
comment_measure(const Pipeline *pipeline, const MeasureDefinition *measure)
{
	const StarView *view = star_view(pipeline, own_view(measure->of_events));

	star_comment_columns(pipeline, view->fact, measure->name);
	star_comment_columns(pipeline, view->relation, measure->name);
	star_comment_columns(pipeline, view->live, measure->name);
}

/*
 * begin_measure checks a new measure, and adds its attributes to the change.
 */
static void
begin_measure(SourceChange *change, MeasureDefinition *measure)
{
	const Pipeline *pipeline = change->pipeline;
	Oid type = InvalidOid;
	const char *sql;

	own_check_count(pipeline, "measures",
					pipeline->definition == NULL ? 0 : pipeline->definition->nmeasures,
					MEASURES_MAX);
	check_name(pipeline, measure->name, measure->of_events);
	measure->number = definition_next_number(pipeline);
	sql = measure_value_sql(change->raw, measure, &type);
	measure->value = own_attribute_change(change, -1, measure->name, measure->given, type, sql);
	sql = measure_filter_sql(change->raw, measure);
	measure->filter =
		own_attribute_change(change, -1, filter_name(measure), measure->given_filter, BOOLOID, sql);
}

/*
 * measure_add adds a measure.
 */
Pipeline *
measure_add(Pipeline *pipeline, Relation raw, MeasureDefinition measure)
{
	SourceChange change = {.pipeline = pipeline, .raw = raw};
	OwnerScope scope;

	begin_measure(&change, &measure);
	owner_scope_enter(&scope, pipeline);
	/* without a star, nothing is half filled */
	measure.is_visible = star_is_empty(pipeline);
	source_change_apply(&change);
	definition_add_measure(pipeline->id, &measure);
	pipeline = own_load_changed(pipeline);
	star_lock_views(pipeline);
	star_add_column(pipeline, star_view(pipeline, own_view(measure.of_events))->fact, measure.name);
	star_create_views(pipeline);
	comment_measure(pipeline, &measure);
	owner_scope_leave(&scope);
	pipeline_outdate_columns(pipeline);
	return pipeline;
}

/*
 * sessionize_add_measure adds a measure.
 */
PIPELINE_FUNCTION(sessionize_add_measure)
{
	Pipeline *pipeline;
	Relation raw;

	PreventCommandIfReadOnly("sessionize.add_measure()");
	pipeline = own_lock_pipeline(fcinfo);
	raw = table_open(pipeline->source, AccessShareLock);
	(void) measure_add(pipeline, raw, measure_read(fcinfo, pipeline));
	table_close(raw, NoLock);
	PG_RETURN_VOID();
}

/*
 * measure_find returns the measure of a name.
 */
const MeasureDefinition *
measure_find(const Pipeline *pipeline, const char *name)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && name != NULL && i < definition->nmeasures; i++)
		if (strcmp(definition->measures[i].name, name) == 0)
			return &definition->measures[i];
	return NULL;
}

/*
 * check_unused reports a measure by which bounces are told.
 */
static void
check_unused(const Pipeline *pipeline, const MeasureDefinition *measure)
{
	if (!measure->of_events && bounce_uses(pipeline, measure->name))
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("measure \"%s\" can't be dropped: bounces are told by it", measure->name),
				 errdetail("The pipeline has bounce => %s.", quote_literal_cstr(pipeline->bounce)),
				 errhint("SELECT sessionize.alter_pipeline(%s, unset => '{bounce}'); first.",
						 quote_literal_cstr(pipeline->name))));
}

/*
 * find_measure returns the measure of a name, and reports a name that is none.
 */
static const MeasureDefinition *
find_measure(const Pipeline *pipeline, const char *name)
{
	const MeasureDefinition *measure = measure_find(pipeline, name);

	if (measure == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 name == NULL
					 ? errmsg("the name of a measure must not be null")
					 : errmsg("pipeline \"%s\" has no measure \"%s\"", pipeline->name, name),
				 errhint("SELECT * FROM sessionize.measures shows the measures there are.")));
	return measure;
}

/*
 * measure_drop drops a measure.
 */
Pipeline *
measure_drop(Pipeline *pipeline, Relation raw, const MeasureDefinition *measure)
{
	SourceChange change = {.pipeline = pipeline, .raw = raw};
	OwnerScope scope;

	source_change_remove(&change, measure->value);
	source_change_remove(&change, measure->filter);
	owner_scope_enter(&scope, pipeline);
	source_change_apply(&change);
	definition_drop_measure(pipeline->id, measure->number);
	pipeline = own_load_changed(pipeline);
	star_recreate_views(pipeline);
	star_drop_column(pipeline, star_view(pipeline, own_view(measure->of_events))->fact,
					 measure->name);
	owner_scope_leave(&scope);
	pipeline_outdate_columns(pipeline);
	return pipeline;
}

/*
 * sessionize_drop_measure drops a measure.
 */
PIPELINE_FUNCTION(sessionize_drop_measure)
{
	const MeasureDefinition *measure;
	Pipeline *pipeline;
	Relation raw;

	PreventCommandIfReadOnly("sessionize.drop_measure()");
	pipeline = own_lock_pipeline(fcinfo);
	measure = find_measure(pipeline, own_text_argument(fcinfo, ARG_NAME));
	check_unused(pipeline, measure);
	rollup_check_unused(pipeline, measure->of_events, measure->name, "measure", measure->name);
	raw = table_open(pipeline->source, AccessShareLock);
	(void) measure_drop(pipeline, raw, measure);
	table_close(raw, NoLock);
	PG_RETURN_VOID();
}

/*
 * measure_has_form tells whether a measure has the form of another one.
 */
bool
measure_has_form(const MeasureDefinition *measure, const MeasureDefinition *wanted)
{
	return measure->kind == wanted->kind && measure->of_events == wanted->of_events &&
		   (measure->given == NULL) == (wanted->given == NULL) &&
		   (measure->given_filter == NULL) == (wanted->given_filter == NULL) &&
		   (measure->cap == NULL || memcmp(measure->cap, wanted->cap, sizeof(Interval)) == 0);
}

/*
 * measure_is_same tells whether two measures compute the same.
 */
bool
measure_is_same(const Pipeline *pipeline, Relation raw, const MeasureDefinition *present,
				const MeasureDefinition *wanted)
{
	Oid type = InvalidOid;
	const char *value = measure_value_sql(raw, wanted, &type);

	return measure_has_form(present, wanted) &&
		   own_attribute_is(pipeline, raw, present->value, type, value) &&
		   own_attribute_is(pipeline, raw, present->filter, BOOLOID,
							measure_filter_sql(raw, wanted));
}

/*
 * replace stores a measure in place of another one, with its number.
 */
static void
replace(const Pipeline *pipeline, const MeasureDefinition *present, MeasureDefinition *measure)
{
	measure->number = present->number;
	measure->is_visible = present->is_visible;
	definition_drop_measure(pipeline->id, measure->number);
	definition_add_measure(pipeline->id, measure);
}

/*
 * measure_note stores the texts by which a measure was given.
 */
void
measure_note(const Pipeline *pipeline, const MeasureDefinition *present,
			 const MeasureDefinition *wanted)
{
	MeasureDefinition noted = *wanted;
	OwnerScope scope;

	if (own_same_text(present->given, wanted->given) &&
		own_same_text(present->given_filter, wanted->given_filter))
		return;
	noted.value = present->value;
	noted.filter = present->filter;
	owner_scope_enter(&scope, pipeline);
	replace(pipeline, present, &noted);
	own_attribute_note(pipeline, noted.value, noted.given);
	own_attribute_note(pipeline, noted.filter, noted.given_filter);
	comment_measure(own_load_changed(pipeline), &noted);
	owner_scope_leave(&scope);
}

/*
 * change_in_place has a measure computed otherwise, without a change of its column.
 */
static Pipeline *
change_in_place(Pipeline *pipeline, SourceChange *change, const MeasureDefinition *present,
				MeasureDefinition *wanted)
{
	OwnerScope scope;

	owner_scope_enter(&scope, pipeline);
	source_change_apply(change);
	replace(pipeline, present, wanted);
	pipeline = own_load_changed(pipeline);
	comment_measure(pipeline, wanted);
	owner_scope_leave(&scope);
	pipeline_outdate_columns(pipeline);
	return pipeline;
}

/*
 * measure_change has a measure computed otherwise.
 */
Pipeline *
measure_change(Pipeline *pipeline, Relation raw, const MeasureDefinition *present,
			   MeasureDefinition wanted)
{
	SourceChange change = {.pipeline = pipeline, .raw = raw};
	Oid type = InvalidOid;
	const char *value = measure_value_sql(raw, &wanted, &type);

	if (present->of_events != wanted.of_events ||
		measure_kind_type(wanted.kind, type) != measure_type(pipeline, present))
		return measure_add(measure_drop(pipeline, raw, present), raw, wanted);
	wanted.value =
		own_attribute_change(&change, present->value, wanted.name, wanted.given, type, value);
	wanted.filter =
		own_attribute_change(&change, present->filter, filter_name(&wanted), wanted.given_filter,
							 BOOLOID, measure_filter_sql(raw, &wanted));
	return change_in_place(pipeline, &change, present, &wanted);
}
