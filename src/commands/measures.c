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
#include "commands/measures.h"
#include "commands/outdate.h"
#include "commands/source_change.h"
#include "source/source_mapping.h"
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
 * measure_value_sql returns the text of a measure's value for the view "source", and its type; NULL if the
 * measure has none.
 */
char *
measure_value_sql(Relation raw, const MeasureDefinition *measure, Oid *type)
{
	Node *value;

	if (measure->given == NULL)
		return NULL;
	value = convert(raw, measure->given, measure->kind, type);
	return view_sql(raw, value, measure->kind, *type);
}

/*
 * measure_filter_sql returns the text of a measure's filter for the view "source"; NULL if the measure has
 * none.
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
	return view_sql(raw, value, measure->kind, BOOLOID);
}

/*
 * add_value adds the attribute that is measured to the change.
 */
static void
add_value(SourceChange *change, MeasureDefinition *measure)
{
	Oid type;
	const char *sql = measure_value_sql(change->raw, measure, &type);

	if (sql != NULL)
		measure->value = source_change_add(change, measure->name, measure->given, type, sql);
}

/*
 * add_filter adds the attribute that is the measure's condition to the change.
 */
static void
add_filter(SourceChange *change, MeasureDefinition *measure)
{
	const char *sql = measure_filter_sql(change->raw, measure);

	if (sql != NULL)
		measure->filter = source_change_add(change, makeObjectName(measure->name, NULL, "filter"),
											measure->given_filter, BOOLOID, sql);
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
 * measure_read returns the measure that add_measure's arguments describe.
 */
MeasureDefinition
measure_read(FunctionCallInfo fcinfo)
{
	MeasureDefinition measure = {.name = text_argument(fcinfo, ARG_NAME),
								 .kind = read_kind(fcinfo),
								 .value = -1,
								 .filter = -1,
								 .given = text_argument(fcinfo, ARG_EXPRESSION),
								 .given_filter = text_argument(fcinfo, ARG_FILTER)};

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
	return pipeline_load_detached(pipeline->name);
}

/*
 * comment_measure comments on the columns of a measure.
 */
static void
comment_measure(const Pipeline *pipeline, const char *name)
{
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (i == STAR_FACT_SESSION || i == STAR_SESSIONS || i == STAR_SESSIONS_LIVE)
			star_comment_columns(pipeline, i, name);
}

/*
 * measure_add adds a measure.
 */
Pipeline *
measure_add(Pipeline *pipeline, Relation raw, MeasureDefinition measure)
{
	SourceChange change = {.pipeline = pipeline, .raw = raw};
	OwnerScope scope;

	check_name(pipeline, measure.name);
	measure.number = next_number(pipeline);
	add_value(&change, &measure);
	add_filter(&change, &measure);
	owner_scope_enter(&scope, pipeline);
	source_change_apply(&change);
	definition_add_measure(pipeline->id, &measure);
	pipeline = load_changed(pipeline);
	star_lock_views(pipeline);
	star_add_column(pipeline, STAR_FACT_SESSION, measure.name);
	star_create_views(pipeline);
	comment_measure(pipeline, measure.name);
	owner_scope_leave(&scope);
	pipeline_outdate(pipeline);
	return pipeline;
}

/*
 * sessionize_add_measure adds a measure.
 */
Datum
sessionize_add_measure(PG_FUNCTION_ARGS)
{
	MeasureDefinition measure;
	Pipeline *pipeline;
	Relation raw;

	PreventCommandIfReadOnly("sessionize.add_measure()");
	pipeline = lock_pipeline(fcinfo);
	measure = measure_read(fcinfo);
	raw = table_open(pipeline->source, AccessShareLock);
	(void) measure_add(pipeline, raw, measure);
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
	pipeline = load_changed(pipeline);
	star_recreate_views(pipeline);
	star_drop_column(pipeline, STAR_FACT_SESSION, measure->name);
	owner_scope_leave(&scope);
	pipeline_outdate(pipeline);
	return pipeline;
}

/*
 * sessionize_drop_measure drops a measure.
 */
Datum
sessionize_drop_measure(PG_FUNCTION_ARGS)
{
	const MeasureDefinition *measure;
	Pipeline *pipeline;
	Relation raw;

	PreventCommandIfReadOnly("sessionize.drop_measure()");
	pipeline = lock_pipeline(fcinfo);
	measure = find_measure(pipeline, text_argument(fcinfo, ARG_NAME));
	raw = table_open(pipeline->source, AccessShareLock);
	(void) measure_drop(pipeline, raw, measure);
	table_close(raw, NoLock);
	PG_RETURN_VOID();
}

/*
 * is_attribute tells whether an attribute, -1 for none, has this type and this expression.
 */
static bool
is_attribute(const Pipeline *pipeline, Relation raw, int attribute, Oid type, const char *sql)
{
	if (attribute < 0 || sql == NULL)
		return attribute < 0 && sql == NULL;
	return pipeline->types[attribute_column(attribute)] == type &&
		   source_column_is(pipeline, raw, attribute_column(attribute), sql);
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

	return present->kind == wanted->kind &&
		   (present->cap == NULL || memcmp(present->cap, wanted->cap, sizeof(Interval)) == 0) &&
		   is_attribute(pipeline, raw, present->value, type, value) &&
		   is_attribute(pipeline, raw, present->filter, BOOLOID, measure_filter_sql(raw, wanted));
}

/*
 * replace stores a measure in place of the one with its number.
 */
static void
replace(const Pipeline *pipeline, const MeasureDefinition *measure)
{
	definition_drop_measure(pipeline->id, measure->number);
	definition_add_measure(pipeline->id, measure);
}

/*
 * same_text tells whether two texts, NULL for none, are equal.
 */
static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/*
 * note_attribute stores the text of an attribute, -1 for none.
 */
static void
note_attribute(const Pipeline *pipeline, int attribute, const char *given)
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
 * measure_note stores the texts by which a measure was given.
 */
void
measure_note(const Pipeline *pipeline, const MeasureDefinition *present,
			 const MeasureDefinition *wanted)
{
	MeasureDefinition noted = *wanted;
	OwnerScope scope;

	if (same_text(present->given, wanted->given) &&
		same_text(present->given_filter, wanted->given_filter))
		return;
	noted.number = present->number;
	noted.value = present->value;
	noted.filter = present->filter;
	owner_scope_enter(&scope, pipeline);
	replace(pipeline, &noted);
	note_attribute(pipeline, noted.value, noted.given);
	note_attribute(pipeline, noted.filter, noted.given_filter);
	comment_measure(load_changed(pipeline), noted.name);
	owner_scope_leave(&scope);
}

/*
 * change_attribute takes the attribute that a measure has for another expression of the same type, or
 * else has it no longer used.
 */
static void
change_attribute(SourceChange *change, int present, int *wanted, const char *name,
				 const char *given, Oid type, const char *sql)
{
	bool keeps =
		present >= 0 && sql != NULL && change->pipeline->types[attribute_column(present)] == type;

	if (keeps)
		source_change_replace(change, *wanted = present, given, type, sql);
	else
	{
		source_change_remove(change, present);
		if (sql != NULL)
			*wanted = source_change_add(change, name, given, type, sql);
	}
}

/*
 * change_in_place has a measure computed otherwise, without a change of its column.
 */
static Pipeline *
change_in_place(Pipeline *pipeline, SourceChange *change, const MeasureDefinition *wanted)
{
	OwnerScope scope;

	owner_scope_enter(&scope, pipeline);
	source_change_apply(change);
	replace(pipeline, wanted);
	pipeline = load_changed(pipeline);
	comment_measure(pipeline, wanted->name);
	owner_scope_leave(&scope);
	pipeline_outdate(pipeline);
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

	if (measure_kind_type(wanted.kind, type) != measure_type(pipeline, present))
		return measure_add(measure_drop(pipeline, raw, present), raw, wanted);
	change_attribute(&change, present->value, &wanted.value, wanted.name, wanted.given, type,
					 value);
	change_attribute(&change, present->filter, &wanted.filter,
					 makeObjectName(wanted.name, NULL, "filter"), wanted.given_filter, BOOLOID,
					 measure_filter_sql(raw, &wanted));
	wanted.number = present->number;
	return change_in_place(pipeline, &change, &wanted);
}
