/*
 * definition.c
 *		The extension's own tables of attributes, measures and dimensions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "catalog/definition.h"
#include "catalog/extension_sql.h"

/* The kinds of measures, and whether each measures an expression. */
static const struct
{
	const char *name;
	bool has_value;
	Oid type;         /* of the results; InvalidOid: that of the expression */
	const char *text; /* what it is, in words; the expression follows */
} kinds[MEASURE_KINDS] = {
	[MEASURE_COUNT] = {"count", false, INT8OID, "number of events"},
	[MEASURE_SUM] = {"sum", true, InvalidOid, "sum of "},
	[MEASURE_MIN] = {"min", true, InvalidOid, "least value of "},
	[MEASURE_MAX] = {"max", true, InvalidOid, "greatest value of "},
	[MEASURE_FIRST] = {"first", true, InvalidOid, "first value of "},
	[MEASURE_LAST] = {"last", true, InvalidOid, "last value of "},
	[MEASURE_COUNT_DISTINCT] = {"count_distinct", true, INT8OID, "number of distinct values of "},
	[MEASURE_ANY] = {"any", false, BOOLOID, "whether there is an event"},
	[MEASURE_ACTIVE_TIME] = {"active_time", false, INTERVALOID,
							 "sum of the pauses between the events"},
};

/* The names of the picks, and what each is, in words. */
static const struct
{
	const char *name;
	const char *text;
} picks[DIMENSION_PICKS] = {
	[PICK_EACH] = {"", ""},
	[PICK_FIRST] = {"first", " of the session's first event"},
	[PICK_LAST] = {"last", " of the session's last event"},
	[PICK_FIRST_NOT_NULL] = {"first_not_null", " of the session's first event that has any"},
	[PICK_LAST_NOT_NULL] = {"last_not_null", " of the session's last event that has any"},
	[PICK_ENTRY] = {"entry", " of the session's first page view"},
	[PICK_EXIT] = {"exit", " of the session's last page view"},
};

/*
 * measure_kind_name returns the name of a kind.
 */
const char *
measure_kind_name(MeasureKind kind)
{
	return kinds[kind].name;
}

/*
 * measure_kind_find returns the kind of a name.
 */
MeasureKind
measure_kind_find(const char *name)
{
	MeasureKind kind = 0;

	while (kind < MEASURE_KINDS && strcmp(kinds[kind].name, name) != 0)
		kind++;
	return kind;
}

/*
 * measure_kind_has_value tells whether a measure of this kind needs an expression.
 */
bool
measure_kind_has_value(MeasureKind kind)
{
	return kinds[kind].has_value;
}

/*
 * measure_comment says what a measure is.
 */
char *
measure_comment(const MeasureDefinition *measure)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, kinds[measure->kind].text);
	if (measure->given != NULL)
		appendStringInfoString(&text, measure->given);
	if (measure->given_filter != NULL)
		appendStringInfo(&text, " where %s", measure->given_filter);
	if (measure->cap != NULL)
	{
		char cap[MAXDATELEN + 1];
		struct pg_itm parts;

		/* in one form, whatever IntervalStyle is */
		interval2itm(*measure->cap, &parts);
		EncodeInterval(&parts, INTSTYLE_POSTGRES, cap);
		appendStringInfo(&text, ", of each at most %s", cap);
	}
	return text.data;
}

/*
 * attribute_comment says what an attribute is.
 */
char *
attribute_comment(const AttributeDefinition *attribute)
{
	return attribute->given == NULL
			   ? pstrdup("of a measure or dimension that was dropped; no longer used")
			   : psprintf("needed by a measure or dimension: %s", attribute->given);
}

/*
 * measure_type returns the type of a measure's values.
 */
Oid
measure_type(const Pipeline *pipeline, const MeasureDefinition *measure)
{
	return OidIsValid(kinds[measure->kind].type)
			   ? kinds[measure->kind].type
			   : pipeline->types[attribute_column(measure->value)];
}

/*
 * dimension_pick_name returns the name of a pick.
 */
const char *
dimension_pick_name(DimensionPick pick)
{
	return picks[pick].name;
}

/*
 * dimension_pick_find returns the pick of a name.
 */
DimensionPick
dimension_pick_find(const char *name)
{
	DimensionPick pick = PICK_FIRST;

	while (pick < DIMENSION_PICKS && strcmp(picks[pick].name, name) != 0)
		pick++;
	return pick;
}

/*
 * dimension_comment says what a dimension is.
 */
char *
dimension_comment(const DimensionDefinition *dimension)
{
	return psprintf("members of the dimension %s%s; member 0 is unknown", dimension->name,
					picks[dimension->pick].text);
}

/*
 * dimension_key_comment says what a fact's column with the keys of a dimension is.
 */
char *
dimension_key_comment(const DimensionDefinition *dimension)
{
	return psprintf("key in %s: %s%s; 0 where all its attributes are NULL", dimension->table,
					dimension->name, picks[dimension->pick].text);
}

/*
 * definition_members returns how many dimensions have their keys in a fact.
 */
int
definition_members(const Pipeline *pipeline, bool of_events)
{
	const Definition *definition = pipeline->definition;
	int count = 0;

	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
		count += (definition->dimensions[i].pick == PICK_EACH) == of_events;
	return count;
}

/*
 * definition_next_number returns the number of a new measure or dimension.
 */
int
definition_next_number(const Pipeline *pipeline)
{
	const Definition *definition = pipeline->definition;
	int number = 0;

	if (definition == NULL)
		return 0;
	if (definition->nmeasures > 0)
		number = definition->measures[definition->nmeasures - 1].number + 1;
	if (definition->ndimensions > 0)
		number = Max(number, definition->dimensions[definition->ndimensions - 1].number + 1);
	return number;
}

/*
 * read_attribute adds an attribute to a definition.
 */
static void
read_attribute(void *arg, const SqlRow *row)
{
	Definition *definition = arg;

	definition->attributes[definition->nattributes++] =
		(AttributeDefinition){.name = sql_row_text(row, 1), .given = sql_row_text(row, 2)};
}

/*
 * attribute_or_none returns the number of an attribute in a column; -1 for NULL.
 */
static int
attribute_or_none(const SqlRow *row, int column)
{
	bool isnull;
	Datum value = sql_row_datum(row, column, &isnull);

	return isnull ? -1 : DatumGetInt16(value);
}

/*
 * read_measure adds a measure to a definition.
 */
static void
read_measure(void *arg, const SqlRow *row)
{
	Definition *definition = arg;
	MeasureDefinition *measure = &definition->measures[definition->nmeasures++];
	bool isnull;
	Datum cap = sql_row_datum(row, 7, &isnull);

	*measure = (MeasureDefinition){.number = sql_row_int4(row, 1),
								   .name = sql_row_text(row, 2),
								   .kind = measure_kind_find(sql_row_text(row, 3)),
								   .value = attribute_or_none(row, 4),
								   .filter = attribute_or_none(row, 5),
								   .given = sql_row_text(row, 6),
								   .given_filter = sql_row_text(row, 8)};
	if (!isnull)
		measure->cap = memcpy(palloc(sizeof(Interval)), DatumGetIntervalP(cap), sizeof(Interval));
	if (measure->kind == MEASURE_KINDS)
		elog(ERROR, "a measure has a kind that this version does not know");
}

/*
 * dimension_set_name sets a dimension's name, and those of its table and its key.
 */
void
dimension_set_name(DimensionDefinition *dimension, const char *name)
{
	dimension->name = name;
	dimension->table = psprintf("dim_%s", name);
	dimension->key = psprintf("%s_key", name);
}

/*
 * dimension_name_columns names the columns of views that show a dimension's attributes.
 */
void
dimension_name_columns(DimensionDefinition *dimension)
{
	bool is_only =
		dimension->nattributes == 1 && strcmp(dimension->attributes[0].name, dimension->name) == 0;

	for (int i = 0; i < dimension->nattributes; i++)
		dimension->attributes[i].column =
			is_only ? dimension->name
					: psprintf("%s_%s", dimension->name, dimension->attributes[i].name);
}

/*
 * read_dimension adds a dimension to a definition.
 */
static void
read_dimension(void *arg, const SqlRow *row)
{
	Definition *definition = arg;
	DimensionDefinition *dimension = &definition->dimensions[definition->ndimensions++];
	char *pick = sql_row_text(row, 3);

	*dimension = (DimensionDefinition){.number = sql_row_int4(row, 1),
									   .pick = pick ? dimension_pick_find(pick) : PICK_EACH,
									   .max_members = sql_row_int8(row, 4)};
	if (dimension->pick == DIMENSION_PICKS)
		elog(ERROR, "a dimension has a pick that this version does not know");
	dimension_set_name(dimension, sql_row_text(row, 2));
	dimension->attributes = palloc0(ATTRIBUTES_MAX * sizeof(MemberAttribute));
	for (int i = 0; i < definition->ndimensions - 1; i++)
		dimension->member +=
			(definition->dimensions[i].pick == PICK_EACH) == (dimension->pick == PICK_EACH);
}

/*
 * read_member_attribute adds an attribute to a dimension of a definition.
 */
static void
read_member_attribute(void *arg, const SqlRow *row)
{
	Definition *definition = arg;
	int number = sql_row_int4(row, 1);
	DimensionDefinition *dimension = definition->dimensions;

	while (dimension->number != number)
		dimension++;
	dimension->attributes[dimension->nattributes++] =
		(MemberAttribute){.name = sql_row_text(row, 2),
						  .attribute = sql_row_int4(row, 3),
						  .given = sql_row_text(row, 4)};
	dimension_name_columns(dimension);
}

/*
 * load_dimensions reads the dimensions of a pipeline.
 */
static void
load_dimensions(Definition *definition, int32 pipeline, SqlAccess access)
{
	definition->dimensions = palloc0(DIMENSIONS_MAX * sizeof(DimensionDefinition));
	extension_visit("SELECT number::int, dimension, pick, max_members FROM sessionize.dimension "
					"WHERE pipeline_id = $1 ORDER BY number",
					access, SQL_VALUES(SQL_INT4(pipeline)), read_dimension, definition);
	if (definition->ndimensions > 0)
		extension_visit(
			"SELECT a.number::int, a.name, a.attribute::int, a.expression "
			"FROM sessionize.dimension_attribute AS a JOIN sessionize.dimension AS d "
			"USING (pipeline_id, number) WHERE a.pipeline_id = $1 ORDER BY a.number, a.place",
			access, SQL_VALUES(SQL_INT4(pipeline)), read_member_attribute, definition);
}

/*
 * definition_load reads a pipeline's definition.
 */
const Definition *
definition_load(int32 pipeline, SqlAccess access)
{
	Definition *definition = palloc0(sizeof(Definition));

	definition->attributes = palloc0(ATTRIBUTES_MAX * sizeof(AttributeDefinition));
	definition->measures = palloc0(MEASURES_MAX * sizeof(MeasureDefinition));
	extension_visit("SELECT attribute, expression FROM sessionize.attribute WHERE pipeline_id = $1 "
					"ORDER BY number",
					access, SQL_VALUES(SQL_INT4(pipeline)), read_attribute, definition);
	extension_visit("SELECT number::int, measure, kind, value, condition, expression, cap, filter "
					"FROM sessionize.measure WHERE pipeline_id = $1 ORDER BY number",
					access, SQL_VALUES(SQL_INT4(pipeline)), read_measure, definition);
	load_dimensions(definition, pipeline, access);
	return definition;
}

/*
 * definition_set_attribute writes an attribute.
 */
void
definition_set_attribute(int32 pipeline, int number, const AttributeDefinition *attribute)
{
	extension_run("INSERT INTO sessionize.attribute (pipeline_id, number, attribute, expression) "
				  "VALUES ($1, $2, $3, $4) ON CONFLICT (pipeline_id, number) "
				  "DO UPDATE SET expression = excluded.expression",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(number), SQL_TEXT(attribute->name),
							 SQL_TEXT(attribute->given)));
}

/*
 * number_or_null returns the number of an attribute as a parameter; NULL for -1.
 */
static SqlValue
number_or_null(int number)
{
	return SQL_DATUM(INT4OID, Int32GetDatum(number), number < 0);
}

/*
 * definition_add_measure adds a measure.
 */
void
definition_add_measure(int32 pipeline, const MeasureDefinition *measure)
{
	extension_run("INSERT INTO sessionize.measure (pipeline_id, number, measure, kind, value, "
				  "condition, expression, filter, cap) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(measure->number), SQL_TEXT(measure->name),
							 SQL_TEXT(measure_kind_name(measure->kind)),
							 number_or_null(measure->value), number_or_null(measure->filter),
							 SQL_TEXT(measure->given), SQL_TEXT(measure->given_filter),
							 SQL_INTERVAL(measure->cap)));
}

/*
 * definition_drop_measure removes a measure.
 */
void
definition_drop_measure(int32 pipeline, int number)
{
	extension_run("DELETE FROM sessionize.measure WHERE pipeline_id = $1 AND number = $2",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(number)));
}

/*
 * definition_add_dimension adds a dimension.
 */
void
definition_add_dimension(int32 pipeline, const DimensionDefinition *dimension)
{
	extension_run(
		"INSERT INTO sessionize.dimension (pipeline_id, number, dimension, pick, max_members) "
		"VALUES ($1, $2, $3, nullif($4, ''), nullif($5, 0))",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(dimension->number), SQL_TEXT(dimension->name),
				   SQL_TEXT(dimension_pick_name(dimension->pick)),
				   SQL_INT8(dimension->max_members)));
	for (int i = 0; i < dimension->nattributes; i++)
		extension_run(
			"INSERT INTO sessionize.dimension_attribute (pipeline_id, number, place, name, "
			"attribute, expression) VALUES ($1, $2, $3, $4, $5, $6)",
			SQL_READ_WRITE,
			SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(dimension->number), SQL_INT4(i + 1),
					   SQL_TEXT(dimension->attributes[i].name),
					   SQL_INT4(dimension->attributes[i].attribute),
					   SQL_TEXT(dimension->attributes[i].given)));
}

/*
 * definition_drop_dimension removes a dimension.
 */
void
definition_drop_dimension(int32 pipeline, int number)
{
	extension_run("DELETE FROM sessionize.dimension_attribute WHERE pipeline_id = $1 AND "
				  "number = $2",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(number)));
	extension_run("DELETE FROM sessionize.dimension WHERE pipeline_id = $1 AND number = $2",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(number)));
}

/*
 * append_dimension appends all that the members of a dimension depend on.
 */
static void
append_dimension(StringInfo text, const DimensionDefinition *dimension)
{
	appendStringInfo(text, " dimension %s %s", dimension->name,
					 dimension_pick_name(dimension->pick));
	for (int i = 0; i < dimension->nattributes; i++)
		appendStringInfo(text, " %s %d", dimension->attributes[i].name,
						 dimension->attributes[i].attribute);
}

/*
 * definition_append_text appends all that a derivation depends on.  The expressions of attributes
 * are in the definition of the view "source".
 */
void
definition_append_text(const Pipeline *pipeline, StringInfo text)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
	{
		const MeasureDefinition *measure = &definition->measures[i];

		appendStringInfo(text, " measure %s %s %d %d", measure->name,
						 measure_kind_name(measure->kind), measure->value, measure->filter);
		if (measure->cap != NULL)
			appendStringInfo(text, " cap " INT64_FORMAT " %d %d", measure->cap->time,
							 measure->cap->day, measure->cap->month);
	}
	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
		append_dimension(text, &definition->dimensions[i]);
}
