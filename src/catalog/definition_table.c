/*
 * definition_table.c
 *		The extension's own tables of attributes, measures and dimensions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "catalog/definition_table.h"
#include "catalog/extension_sql.h"

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

	*measure = (MeasureDefinition){.of_events = sql_row_bool(row, 9),
								   .is_visible = sql_row_bool(row, 10),
								   .number = sql_row_int4(row, 1),
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
	for (int i = 0; i < definition->nmeasures - 1; i++)
		measure->index += definition->measures[i].of_events == measure->of_events;
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
									   .pick = pick ? dimension_pick_find(pick) : PICK_ITSELF,
									   .of_events = sql_row_bool(row, 6),
									   .max_members = sql_row_int8(row, 4),
									   .is_visible = sql_row_bool(row, 5)};
	if (dimension->pick == DIMENSION_PICKS)
		elog(ERROR, "a dimension has a pick that this version does not know");
	dimension_set_name(dimension, sql_row_text(row, 2));
	dimension->attributes = palloc0(ATTRIBUTES_MAX * sizeof(MemberAttribute));
	for (int i = 0; i < definition->ndimensions - 1; i++)
		dimension->member += definition->dimensions[i].of_events == dimension->of_events;
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
	extension_visit("SELECT number::int, dimension, pick, max_members, visible, of_events FROM "
					"sessionize.dimension "
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
	extension_visit(
		"SELECT number::int, measure, kind, value, condition, expression, cap, filter, "
		"of_events, visible FROM sessionize.measure WHERE pipeline_id = $1 ORDER BY number",
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
				  "condition, expression, filter, cap, of_events, visible) "
				  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(measure->number), SQL_TEXT(measure->name),
							 SQL_TEXT(measure_kind_name(measure->kind)),
							 number_or_null(measure->value), number_or_null(measure->filter),
							 SQL_TEXT(measure->given), SQL_TEXT(measure->given_filter),
							 SQL_INTERVAL(measure->cap), SQL_BOOL(measure->of_events),
							 SQL_BOOL(measure->is_visible)));
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
		"INSERT INTO sessionize.dimension (pipeline_id, number, dimension, pick, max_members, "
		"visible, of_events) VALUES ($1, $2, $3, nullif($4, ''), nullif($5, 0), $6, $7)",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline), SQL_INT4(dimension->number), SQL_TEXT(dimension->name),
				   SQL_TEXT(dimension_pick_name(dimension->pick)), SQL_INT8(dimension->max_members),
				   SQL_BOOL(dimension->is_visible), SQL_BOOL(dimension->of_events)));
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
 * definition_set_visible notes that the views have all columns.
 */
void
definition_set_visible(int32 pipeline)
{
	extension_run("UPDATE sessionize.measure SET visible = true WHERE pipeline_id = $1 AND "
				  "NOT visible",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline)));
	extension_run("UPDATE sessionize.dimension SET visible = true WHERE pipeline_id = $1 AND "
				  "NOT visible",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline)));
}
