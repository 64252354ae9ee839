/*
 * contract_columns.c
 *		The columns of the view "source" that contracts judge.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline_contracts.h"
#include "commands/contract_check.h"
#include "commands/contract_columns.h"
#include "commands/own_columns.h"
#include "utils/expression.h"

/*
 * has_name tells whether a column's name is the given one, or begins with it.
 */
static inline bool
has_name(const char *column, const char *name)
{
	return strncmp(column, name, strlen(name)) == 0;
}

/*
 * document_sql returns the expression of the view for a document.
 */
static char *
document_sql(Relation raw, const char *about)
{
	Node *expression = contract_about_parse(raw, about);

	if (expression == NULL)
		return "pg_catalog.to_jsonb(" MAPPING_ALIAS ".*)";
	return own_value_sql(raw, expression, JSONBOID, false);
}

/*
 * version_sql returns the expression of the view for the version that an event names: a text, as
 * jsonb like all that is judged.
 */
static char *
version_sql(Relation raw, const char *given)
{
	Node *expression = expression_parse(raw, "contract_version", given);
	Node *value = expression_convert(expression, TEXTOID, true);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("argument contract_version must be of type text, not %s",
						format_type_be(exprType(expression))),
				 errhint("For instance: contract_version => 'properties ->> ''version'''.")));
	expression_check_immutable(value, "contract_version", given, NULL);
	return psprintf("pg_catalog.to_jsonb((%s)::pg_catalog.text)",
					own_value_sql(raw, value, TEXTOID, false));
}

/*
 * contract_column_sql returns the expression of the view for a column.
 */
char *
contract_column_sql(Relation raw, const char *name, const char *given)
{
	return has_name(name, CONTRACT_VERSION) ? version_sql(raw, given) : document_sql(raw, given);
}

/*
 * apply_change changes the view as the pipeline's owner.
 */
static void
apply_change(const SourceChange *change)
{
	OwnerScope scope;

	owner_scope_enter(&scope, change->pipeline);
	source_change_apply(change);
	owner_scope_leave(&scope);
}

/*
 * contract_column_add adds a column to the view.
 */
void
contract_column_add(const Pipeline *pipeline, const char *name, const char *given)
{
	Relation raw = table_open(pipeline->source, AccessShareLock);
	SourceChange change = {.pipeline = pipeline, .raw = raw};

	(void) source_change_add(&change, name, given, JSONBOID, contract_column_sql(raw, name, given));
	apply_change(&change);
	table_close(raw, NoLock);
}

/*
 * contract_column_remove has a column no longer used.
 */
void
contract_column_remove(const Pipeline *pipeline, const char *name, const char *given)
{
	int column = pipeline_contract_column(pipeline->definition, name, given);
	Relation raw;
	SourceChange change = {.pipeline = pipeline};

	if (column < 0)
		return;
	raw = table_open(pipeline->source, AccessShareLock);
	change.raw = raw;
	source_change_remove(&change, ATTRIBUTE_COUNT + column - SRC_NCOLUMNS);
	apply_change(&change);
	table_close(raw, NoLock);
}

/*
 * contract_columns_map adds to a change that these columns are read anew.
 */
void
contract_columns_map(SourceChange *change)
{
	const Pipeline *pipeline = change->pipeline;
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->nattributes; i++)
	{
		const AttributeDefinition *attribute = &definition->attributes[i];

		if (attribute->given != NULL && attribute_is_judged(pipeline->types[SRC_NCOLUMNS + i]))
			source_change_replace(
				change, ATTRIBUTE_COUNT + i, attribute->given, JSONBOID,
				contract_column_sql(change->raw, attribute->name, attribute->given));
	}
}
