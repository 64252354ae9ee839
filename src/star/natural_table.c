/*
 * natural_table.c
 *		The star's tables with natural keys in place of surrogate keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "catalog/definition.h"
#include "catalog/star_relation.h"
#include "star/natural_table.h"
#include "star/star.h"

/* A table under construction. */
typedef struct Making
{
	const Pipeline *pipeline;
	const StarTable *from;
	StarColumn *columns;
	int ncolumns;
	StringInfoData joins;
	StringInfoData missing; /* SQL that counts surrogate keys without a member */
} Making;

/*
 * add_column adds a column; sql is its expression, or NULL for the table's column of this name.
 */
static void
add_column(Making *making, const char *name, Oid type, StarField field, const char *sql)
{
	making->columns[making->ncolumns++] = (StarColumn){
		.name = name, .type = type, .source = SRC_SESSION_KEY, .field = field, .sql = sql};
}

/*
 * add_user adds the columns that identify a version of a user.
 */
static void
add_user(Making *making, const StarColumn *column, int number)
{
	const StarColumn *key = &making->from->columns[making->from->session_key];

	add_column(making, "user_session_key", InvalidOid, key->field,
			   psprintf("d%d.session_key", number));
	add_column(making, "user_valid_from", TIMESTAMPTZOID, column->field,
			   psprintf("d%d.valid_from", number));
}

/*
 * add_member adds the attributes of a member of a dimension that the user has added.
 */
static void
add_member(Making *making, const StarColumn *column, int number)
{
	const DimensionDefinition *dimension = star_dimension(making->pipeline, column->dimension)->own;
	StarField field = column->field;

	field.kind = FIELD_MEMBER_PART;
	for (int i = 0; i < dimension->nattributes; i++)
	{
		const MemberAttribute *attribute = &dimension->attributes[i];
		Oid type = making->pipeline->types[attribute_column(attribute->attribute)];

		field.part = i;
		field.layout = value_layout(type);
		add_column(making, attribute->column, type, field,
				   psprintf("d%d.%s", number, quote_identifier(attribute->name)));
		making->columns[making->ncolumns - 1].dimension = column->dimension;
	}
}

/*
 * add_surrogate adds a column's natural key, and the join that finds the key.  A date key is kept,
 * since it follows from the date.
 */
static void
add_surrogate(Making *making, const StarColumn *column, int number)
{
	const StarDimension *dimension = star_dimension(making->pipeline, column->dimension);

	if (column->dimension == DIMENSION_USER)
		add_user(making, column, number);
	else if (dimension->own != NULL)
		add_member(making, column, number);
	else if (dimension->is_dictionary)
		add_column(making, column->natural, dimension->type, column->field,
				   psprintf("d%d.%s", number, dimension->member));
	else
		making->columns[making->ncolumns++] = *column;
	appendStringInfo(&making->joins, " LEFT JOIN @%d AS d%d ON d%d.%s = f.%s",
					 (int) dimension->relation, number, number, quote_identifier(dimension->key),
					 quote_identifier(column->name));
	appendStringInfo(&making->missing, "%s(d%d.%s IS NULL)::int",
					 making->missing.len > 0 ? " + " : "", number,
					 quote_identifier(dimension->key));
}

/*
 * natural_table returns a table joined with its dimensions.
 */
StarTable *
natural_table(const Pipeline *pipeline, StarRelationId relation)
{
	Making making = {.pipeline = pipeline, .from = star_table(pipeline, relation)};
	StarTable *table = palloc(sizeof(StarTable));

	*table = *making.from;
	making.columns = palloc0(ROW_MAX_WIDTH * sizeof(StarColumn));
	initStringInfo(&making.joins);
	initStringInfo(&making.missing);
	for (int i = 0; i < making.from->ncolumns; i++)
	{
		const StarColumn *column = &making.from->columns[i];

		if (i == making.from->session_key)
			table->session_key = making.ncolumns;
		if (column->dimension == DIMENSION_NONE)
			making.columns[making.ncolumns++] = *column;
		else
			add_surrogate(&making, column, i);
	}
	if (making.missing.len > 0)
		add_column(&making, "missing_members", INT4OID, (StarField){.kind = FIELD_NONE},
				   making.missing.data);
	table->columns = making.columns;
	table->ncolumns = making.ncolumns;
	table->joins = making.joins.data;
	Assert(ROW_WIDTH(table) <= ROW_MAX_WIDTH);
	return table;
}

/*
 * natural_row fills a row from a derived row.
 */
void
natural_row(const StarTable *table, Calendar *calendar, MemberGuard *guard, const void *derived,
			Datum *values, bool *isnull)
{
	for (int i = 0; i < table->ncolumns; i++)
	{
		const StarColumn *column = &table->columns[i];

		isnull[i] = false;
		if (column->field.kind == FIELD_NONE)
			values[i] = Int32GetDatum(0);
		else if (column->dimension == DIMENSION_DATE)
			values[i] =
				Int32GetDatum(calendar_date_key(calendar, star_field_day(column->field, derived)));
		else if (column->field.kind == FIELD_MEMBER_PART)
			values[i] = member_guard_value(guard, column->dimension, column->field, column->type,
										   derived, &isnull[i]);
		else
			values[i] = star_field_value(column->field, derived, &isnull[i]);
	}
}
