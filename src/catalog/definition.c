/*
 * definition.c
 *		The extension's own tables of attributes and measures.
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
	return attribute->given == NULL ? pstrdup("of a measure that was dropped; no longer used")
									: psprintf("needed by a measure: %s", attribute->given);
}

/*
 * measure_kind_type returns the type of the values of a measure of a kind.
 */
Oid
measure_kind_type(MeasureKind kind, Oid value)
{
	return OidIsValid(kinds[kind].type) ? kinds[kind].type : value;
}

/*
 * measure_type returns the type of a measure's values.
 */
Oid
measure_type(const Pipeline *pipeline, const MeasureDefinition *measure)
{
	return measure_kind_type(
		measure->kind,
		measure->value < 0 ? InvalidOid : pipeline->types[attribute_column(measure->value)]);
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
}
