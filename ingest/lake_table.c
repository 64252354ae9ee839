/*
 * lake_table.c
 *		Tables of a lake, and their types.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lake_table.h"

/*
 * Delta has no type for a uuid: it is a string there, and then it has to be one in Parquet as well,
 * since readers refuse 16 bytes in a column of strings.  Parquet's logical type JSON is a string that
 * they take.
 */
static const LakeType types[] = {
	{LAKE_STRING, "string", "string", "VARCHAR", -1, LAKE_STATS_NONE},
	{LAKE_LONG, "long", "long", "BIGINT", 8, LAKE_STATS_NUMBER},
	{LAKE_INTEGER, "integer", "integer", "INTEGER", 4, LAKE_STATS_NUMBER},
	{LAKE_DOUBLE, "double", "double", "DOUBLE", 8, LAKE_STATS_NUMBER},
	{LAKE_BOOLEAN, "boolean", "boolean", "BOOLEAN", 1, LAKE_STATS_NONE},
	{LAKE_DATE, "date", "date", "DATE", 4, LAKE_STATS_DATE},
	{LAKE_TIMESTAMP, "timestamp", "timestamp", "TIMESTAMPTZ", 8, LAKE_STATS_TIMESTAMP},
	{LAKE_DECIMAL, "decimal", "decimal", "VARCHAR", -1, LAKE_STATS_NUMBER},
	{LAKE_JSON, "json", "string", "JSON", -1, LAKE_STATS_NONE},
	{LAKE_UUID, "uuid", "string", "VARCHAR", -1, LAKE_STATS_NONE},
};

/*
 * find_type finds a type by its name, which may have arguments in parentheses.
 */
static const LakeType *
find_type(const char *name)
{
	size_t length = strcspn(name, "(");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i].name) == length && strncmp(types[i].name, name, length) == 0)
			return &types[i];
	return NULL;
}

/*
 * read_arguments reads the precision and the scale of a decimal; other types have no arguments.
 */
static bool
read_arguments(LakeColumn *column, const char *type)
{
	const char *arguments = type + strcspn(type, "(");
	char end;

	if (column->type->code != LAKE_DECIMAL)
		return *arguments == '\0';
	return sscanf(arguments, "(%2d,%2d%c", &column->precision, &column->scale, &end) == 3 &&
		   end == ')' && column->precision >= 1 && column->precision <= 38 && column->scale >= 0 &&
		   column->scale <= column->precision;
}

/*
 * init_column makes a column of a JSON object.
 */
static bool
init_column(LakeColumn *column, const json_t *object, const char *table, Failure *failure)
{
	const char *name = json_string_value(json_object_get(object, "name"));
	const char *type = json_string_value(json_object_get(object, "type"));
	const char *comment = json_string_value(json_object_get(object, "comment"));

	if (name == NULL || type == NULL)
		return fail_with(failure, "a column of the table \"%s\" has no name or no type", table);
	if ((column->type = find_type(type)) == NULL || !read_arguments(column, type))
		return fail_with(failure,
						 "the column \"%s\" of the table \"%s\" has a type that this program does "
						 "not know, %s: the extension is newer than the program; install both of "
						 "one version",
						 name, table, type);
	column->name = strdup(name);
	column->comment = comment != NULL ? strdup(comment) : NULL;
	return (column->name != NULL && (comment == NULL || column->comment != NULL)) ||
		   fail_with(failure, "there is no memory for the columns of \"%s\"", table);
}

/*
 * init_columns makes all columns, and finds the partition's.
 */
static bool
init_columns(LakeTable *table, const json_t *columns, const char *partition, Failure *failure)
{
	size_t count = json_array_size(columns);

	table->columns = calloc(count + 1, sizeof(LakeColumn));
	if (count == 0 || table->columns == NULL)
		return fail_with(failure, "the table \"%s\" has no columns", table->name);
	for (size_t i = 0; i < count; i++)
	{
		LakeColumn *column = &table->columns[table->count++];

		if (!init_column(column, json_array_get(columns, i), table->name, failure))
			return false;
		if (partition != NULL && strcmp(column->name, partition) == 0 &&
			column->type->code == LAKE_DATE)
			table->partition = (int) i;
	}
	if (partition != NULL && table->partition < 0)
		return fail_with(failure, "the table \"%s\" has no column \"%s\" of type date", table->name,
						 partition);
	return true;
}

/*
 * lake_table_init makes a table.
 */
bool
lake_table_init(LakeTable *table, const char *name, const char *partition, const char *columns,
				Failure *failure)
{
	json_error_t error;
	json_t *list = json_loads(columns, JSON_ALLOW_NUL, &error);
	bool done;

	*table = (LakeTable){.name = strdup(name), .partition = -1};
	if (list == NULL || table->name == NULL)
		done = fail_with(failure, "the columns of \"%s\" can't be read: %s", name, error.text);
	else
		done = init_columns(table, list, partition, failure);
	json_decref(list);
	return done;
}

/*
 * lake_table_free frees a table.
 */
void
lake_table_free(LakeTable *table)
{
	for (int i = 0; i < table->count; i++)
	{
		free(table->columns[i].name);
		free(table->columns[i].comment);
	}
	free(table->columns);
	free(table->name);
	*table = (LakeTable){.partition = -1};
}

/*
 * field returns a column in Delta's schema.
 */
static json_t *
field(const LakeColumn *column)
{
	json_t *metadata = json_object();
	char type[32];

	snprintf(type, sizeof(type), "%s", column->type->delta);
	if (column->type->code == LAKE_DECIMAL)
		snprintf(type, sizeof(type), "decimal(%d,%d)", column->precision, column->scale);
	if (column->comment != NULL)
		json_object_set_new(metadata, "comment", json_string(column->comment));
	return json_pack("{s:s, s:s, s:b, s:o}", "name", column->name, "type", type, "nullable", 1,
					 "metadata", metadata);
}

/*
 * lake_table_schema returns the schema.
 */
json_t *
lake_table_schema(const LakeTable *table)
{
	json_t *fields = json_array();

	for (int i = 0; i < table->count; i++)
		if (json_array_append_new(fields, field(&table->columns[i])) != 0)
		{
			json_decref(fields);
			return NULL;
		}
	return json_pack("{s:s, s:o}", "type", "struct", "fields", fields);
}
