/*
 * source_change.c
 *		A change of the attributes, or of the mapping, of a pipeline.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "rewrite/rewriteManip.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/definition_table.h"
#include "catalog/pipeline_contracts.h"
#include "catalog/star_relation.h"
#include "commands/source_change.h"
#include "live/star_views.h"
#include "source/source_mapping.h"
#include "spi/grants.h"
#include "spi/scope.h"
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
 * source_change_replace adds another expression of an attribute to the change.
 */
void
source_change_replace(SourceChange *change, int number, const char *given, Oid type,
					  const char *sql)
{
	const char *name = source_column_name(change->pipeline, attribute_column(number));

	Assert(change->count < SOURCE_CHANGE_MAX);
	change->attributes[change->count++] = (ChangedAttribute){
		.number = number, .definition = {.name = name, .given = given}, .type = type, .sql = sql};
}

/*
 * source_targets returns the targets of a view with this query.
 */
List *
source_targets(const char *query)
{
	RawStmt *statement = linitial_node(RawStmt, raw_parser(query, RAW_PARSE_DEFAULT));

	return parse_analyze_fixedparams(statement, query, NULL, 0, NULL)->targetList;
}

/*
 * source_column_is tells whether a column of the view is taken from this expression.
 */
bool
source_column_is(const Pipeline *pipeline, Relation raw, SourceColumn column, const char *sql)
{
	SourceMapping *mapping = source_mapping(pipeline);
	Node *present = copyObject(source_expression(mapping, column));
	int level = pinned_settings_enter();
	List *targets = source_targets(psprintf("SELECT %s FROM %s AS " MAPPING_ALIAS, sql,
											sql_qualified_name(RelationGetRelid(raw))));

	pinned_settings_leave(level);
	ChangeVarNodes(present, (int) mapping->varno, 1, 0);
	return equal(present, linitial_node(TargetEntry, targets)->expr);
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
 * changed_sql returns the new expression of a column that the view has already; NULL if it stays.
 */
static const char *
changed_sql(const SourceChange *change, int column)
{
	if (column < SRC_NCOLUMNS && change->mapping != NULL)
		return change->mapping->columns[column].sql;
	for (int i = 0; i < change->count; i++)
		if ((int) attribute_column(change->attributes[i].number) == column)
			return change->attributes[i].sql;
	return NULL;
}

/*
 * present_sql returns the expression that a column of the view has.
 */
static char *
present_sql(const SourceChange *change, int column)
{
	SourceMapping *mapping = source_mapping(change->pipeline);
	Node *expression = copyObject(source_expression(mapping, column));

	ChangeVarNodes(expression, (int) mapping->varno, 1, 0);
	return expression_text(change->raw, expression, MAPPING_ALIAS);
}

/*
 * append_column appends a column that the view has already.
 */
static void
append_column(StringInfo sql, const SourceChange *change, int column)
{
	const char *text = changed_sql(change, column);

	if (text == NULL)
		text = present_sql(change, column);
	appendStringInfo(sql, "%s%s AS %s", column > 0 ? ", " : "", text,
					 quote_identifier(source_column_name(change->pipeline, column)));
}

/*
 * source_change_query returns the query of the view with the change.
 */
char *
source_change_query(const SourceChange *change)
{
	const Pipeline *pipeline = change->pipeline;
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	for (int column = 0; column < SRC_NCOLUMNS; column++)
		append_column(&sql, change, column);
	appendStringInfoString(&sql, ", " MAPPING_ALIAS ".tableoid AS raw_table, " MAPPING_ALIAS
								 ".ctid AS raw_ctid");
	for (int column = SRC_NCOLUMNS; column < pipeline->ncolumns; column++)
		append_column(&sql, change, column);
	for (int i = 0; i < change->count; i++)
		if (is_new(change, &change->attributes[i]))
			appendStringInfo(&sql, ", %s AS %s", change->attributes[i].sql,
							 quote_identifier(change->attributes[i].definition.name));
	appendStringInfo(&sql, " FROM %s AS " MAPPING_ALIAS, sql_qualified_name(pipeline->source));
	return sql.data;
}

/*
 * keeps_types tells whether all columns of the view keep their types.
 */
static bool
keeps_types(const SourceChange *change)
{
	for (int i = 0; change->mapping != NULL && i < SRC_NCOLUMNS; i++)
		if (change->mapping->columns[i].type != change->pipeline->types[i])
			return false;
	for (int i = 0; i < change->count; i++)
		if (!is_new(change, &change->attributes[i]) &&
			change->attributes[i].type !=
				change->pipeline->types[attribute_column(change->attributes[i].number)])
			return false;
	return true;
}

/*
 * drop_source drops the view, unknown to the event trigger that warns of it.
 */
static void
drop_source(const Pipeline *pipeline)
{
	ErrorContextCallback callback = {error_context_stack, star_hint_dependents, NULL};
	ObjectAddress address;

	ObjectAddressSet(address, RelationRelationId, pipeline->source_view);
	error_context_stack = &callback;
	performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
	error_context_stack = callback.previous;
	CommandCounterIncrement();
}

/*
 * recreate_source makes the view anew, since it is to have columns of other types.
 */
static void
recreate_source(const SourceChange *change, const char *query)
{
	const Pipeline *pipeline = change->pipeline;
	const Definition *definition = pipeline->definition;
	List *grants = NIL;

	if (OidIsValid(pipeline->source_view))
	{
		LockRelationOid(pipeline->source_view, AccessExclusiveLock);
		grants = grants_read(list_make1_oid(pipeline->source_view));
		drop_source(pipeline);
	}
	(void) sql_executef("CREATE VIEW %s AS %s", star_relation(pipeline, STAR_SOURCE), query);
	grants_restore(grants);
	star_comment_relation(pipeline, STAR_SOURCE);
	for (int i = 0; definition != NULL && i < definition->nattributes; i++)
		star_comment_attribute(pipeline, &definition->attributes[i]);
}

/*
 * replace_source replaces the view "source".
 */
static void
replace_source(const SourceChange *change)
{
	char *query = source_change_query(change);

	if (OidIsValid(change->pipeline->source_view) && keeps_types(change))
		(void) sql_executef("CREATE OR REPLACE VIEW %s AS %s",
							star_relation(change->pipeline, STAR_SOURCE), query);
	else
		recreate_source(change, query);
}

/*
 * source_change_apply changes the view, the table and the catalog.
 */
void
source_change_apply(const SourceChange *change)
{
	if (change->count == 0 && change->mapping == NULL)
		return;
	if (change->raw != NULL)
		replace_source(change);
	for (int i = 0; i < change->count; i++)
	{
		const ChangedAttribute *attribute = &change->attributes[i];

		if (is_new(change, attribute) && !attribute_is_judged(attribute->type))
			(void) sql_executef(
				"ALTER TABLE %s ADD COLUMN %s %s", star_relation(change->pipeline, STAR_SEALED),
				quote_identifier(attribute->definition.name), sql_column_type(attribute->type));
		definition_set_attribute(change->pipeline->id, attribute->number, &attribute->definition);
		star_comment_attribute(change->pipeline, &attribute->definition);
	}
}
