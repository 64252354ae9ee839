/*
 * source_change.c
 *		A change of the attributes, or of the filter, of a pipeline.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/definition_table.h"
#include "catalog/star_relation.h"
#include "commands/source_change.h"
#include "source/source_mapping.h"
#include "spi/sql.h"
#include "star/star_ddl.h"
#include "utils/expression.h"

/*
 * is_taken tells whether the view "source", the table "sealed" or the change has a column.
 */
static bool
is_taken(const SourceChange *change, const char *name)
{
	const Pipeline *pipeline = change->pipeline;

	for (int i = 0; i < change->count; i++)
		if (strcmp(change->attributes[i].definition.name, name) == 0)
			return true;
	return get_attnum(pipeline->source_view, name) != InvalidAttrNumber ||
		   get_attnum(star_relation_oid(pipeline, STAR_SEALED), name) != InvalidAttrNumber;
}

/*
 * free_name returns a name that is not taken: the given one, or the given one with a number.
 */
static char *
free_name(const SourceChange *change, const char *name)
{
	char *tried = pstrdup(name);

	for (int i = 2; is_taken(change, tried); i++)
		tried = makeObjectName(name, NULL, psprintf("%d", i));
	return tried;
}

/*
 * find_unused returns the number of an attribute of this name and type that is not used; -1 if
 * there is none.
 */
static int
find_unused(const Pipeline *pipeline, const char *name, Oid type)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->nattributes; i++)
		if (definition->attributes[i].given == NULL &&
			strcmp(definition->attributes[i].name, name) == 0 &&
			pipeline->types[SRC_NCOLUMNS + i] == type)
			return ATTRIBUTE_COUNT + i;
	return -1;
}

/*
 * source_change_add adds an attribute to the change.
 */
int
source_change_add(SourceChange *change, const char *name, const char *given, Oid type,
				  const char *sql)
{
	int number = find_unused(change->pipeline, name, type);

	if (number < 0)
	{
		name = free_name(change, name);
		number = pipeline_attributes(change->pipeline) + change->added++;
	}
	if (number >= ATTRIBUTES_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("pipeline \"%s\" has too many expressions", change->pipeline->name),
						errdetail("All its measures and dimensions together can have %d "
								  "expressions and filters, those of dropped ones included.",
								  ATTRIBUTES_MAX - ATTRIBUTE_COUNT)));
	Assert(change->count < SOURCE_CHANGE_MAX);
	change->attributes[change->count++] = (ChangedAttribute){
		.number = number, .definition = {.name = name, .given = given}, .type = type, .sql = sql};
	return number;
}

/*
 * source_change_remove adds to the change that an attribute is no longer used.
 */
void
source_change_remove(SourceChange *change, int number)
{
	const Pipeline *pipeline = change->pipeline;
	Oid type;

	if (number < 0)
		return;
	type = pipeline->types[attribute_column(number)];
	change->attributes[change->count++] = (ChangedAttribute){
		.number = number,
		.definition = {.name = source_column_name(pipeline, attribute_column(number))},
		.type = type,
		.sql = psprintf("NULL::%s", sql_column_type(type))};
}

/*
 * is_new tells whether an attribute has no column yet.
 */
static inline bool
is_new(const SourceChange *change, const ChangedAttribute *attribute)
{
	return attribute->number >= pipeline_attributes(change->pipeline);
}

/*
 * append_column appends a column that the view has already, with its new expression if it changes.
 */
static void
append_column(StringInfo sql, const SourceChange *change, const SourceMapping *mapping, int column)
{
	const char *text = NULL;

	for (int i = 0; i < change->count; i++)
		if ((int) attribute_column(change->attributes[i].number) == column)
			text = change->attributes[i].sql;
	if (text == NULL)
	{
		Node *expression = copyObject(source_expression(mapping, column));

		ChangeVarNodes(expression, (int) mapping->varno, 1, 0);
		if (column == SRC_FILTER && change->filter != NULL)
			expression = change->filter;
		text = expression_text(change->raw, expression, SOURCE_CHANGE_ALIAS);
	}
	appendStringInfo(sql, "%s%s AS %s", column > 0 ? ", " : "", text,
					 quote_identifier(source_column_name(change->pipeline, column)));
}

/*
 * replace_source replaces the view "source".
 */
static void
replace_source(const SourceChange *change)
{
	const Pipeline *pipeline = change->pipeline;
	SourceMapping *mapping = source_mapping(pipeline);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE OR REPLACE VIEW %s AS SELECT ",
					 star_relation(pipeline, STAR_SOURCE));
	for (int column = 0; column < SRC_NCOLUMNS; column++)
		append_column(&sql, change, mapping, column);
	appendStringInfoString(&sql,
						   ", " SOURCE_CHANGE_ALIAS ".tableoid AS raw_table, " SOURCE_CHANGE_ALIAS
						   ".ctid AS raw_ctid");
	for (int column = SRC_NCOLUMNS; column < pipeline->ncolumns; column++)
		append_column(&sql, change, mapping, column);
	for (int i = 0; i < change->count; i++)
		if (is_new(change, &change->attributes[i]))
			appendStringInfo(&sql, ", %s AS %s", change->attributes[i].sql,
							 quote_identifier(change->attributes[i].definition.name));
	appendStringInfo(&sql, " FROM %s AS " SOURCE_CHANGE_ALIAS,
					 sql_qualified_name(pipeline->source));
	(void) sql_execute(sql.data);
}

/*
 * source_change_apply changes the view, the table and the catalog.
 */
void
source_change_apply(const SourceChange *change)
{
	if (change->count == 0 && change->filter == NULL)
		return;
	replace_source(change);
	for (int i = 0; i < change->count; i++)
	{
		const ChangedAttribute *attribute = &change->attributes[i];

		if (is_new(change, attribute))
			(void) sql_executef(
				"ALTER TABLE %s ADD COLUMN %s %s", star_relation(change->pipeline, STAR_SEALED),
				quote_identifier(attribute->definition.name), sql_column_type(attribute->type));
		definition_set_attribute(change->pipeline->id, attribute->number, &attribute->definition);
		star_comment_attribute(change->pipeline, &attribute->definition);
	}
}
