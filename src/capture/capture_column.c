/*
 * capture_column.c
 *		Reading one of a pipeline's columns from a row of the raw table or of a partition.
 *
 * Most columns are a column of the table, or coalesce() of several. These are read without the
 * executor.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/table.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteManip.h"
#include "utils/memutils.h"

#include "capture/capture_column.h"
#include "compat.h"
#include "utils/expression.h"

/*
 * Expressions are compiled once in each transaction, since what their functions cache may not live
 * longer.
 */
static uint64 transaction_number = 1;

/*
 * capture_column_forget has expressions compiled again when they are next used.
 */
void
capture_column_forget(void)
{
	transaction_number++;
}

/*
 * of_partition returns an expression over a partition's columns.
 */
static Node *
of_partition(Node *expression, Index varno, Oid raw_table, Relation partition)
{
	Relation raw = table_open(raw_table, AccessShareLock);
	AttrMap *map = sz_attrmap_by_name(RelationGetDescr(partition), RelationGetDescr(raw));
	bool any_whole_row;

	expression = map_variable_attnos(expression, (int) varno, 0, map, InvalidOid, &any_whole_row);
	if (any_whole_row)
		elog(ERROR, "a captured column refers to a whole row");
	free_attrmap(map);
	table_close(raw, AccessShareLock);
	return expression;
}

/*
 * over_relation returns an expression over the relation's columns, simplified.
 */
static Node *
over_relation(Node *expression, Index varno, Oid raw_table, Relation relation)
{
	expression = copyObject(expression);
	if (RelationGetRelid(relation) != raw_table)
		expression = of_partition(expression, varno, raw_table, relation);
	ChangeVarNodes(expression, (int) varno, 1, 0);
	return (Node *) expression_planner((Expr *) sz_expand_virtual(expression, relation, 1));
}

/*
 * take_attributes splits coalesce() of columns into its columns; false for any other expression.
 */
static bool
take_attributes(CaptureColumn *column, Node *expression)
{
	List *arguments = list_make1(expression);
	ListCell *cell;

	if (IsA(expression_strip(expression), CoalesceExpr))
		arguments = castNode(CoalesceExpr, expression_strip(expression))->args;
	column->attributes = palloc(list_length(arguments) * sizeof(AttrNumber));
	column->nattributes = 0;
	foreach (cell, arguments)
	{
		Node *argument = expression_strip(lfirst(cell));

		if (!IsA(argument, Var))
		{
			column->nattributes = 0;
			return false;
		}
		column->attributes[column->nattributes++] = ((Var *) argument)->varattno;
	}
	return true;
}

/*
 * capture_column_init sets a column up.
 */
void
capture_column_init(CaptureColumn *column, Node *expression, Index varno, Oid raw_table,
					Relation relation)
{
	memset(column, 0, sizeof(*column));
	if (expression == NULL)
		return;
	expression = over_relation(expression, varno, raw_table, relation);
	if (take_attributes(column, expression))
		return;
	column->expression = expression;
	column->is_users = expression_calls_users(expression);
	column->is_guarded = column->is_users || !expression_cannot_fail(expression);
}

/*
 * compile prepares the expression for the rest of the transaction.
 */
static void
compile(CaptureColumn *column)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

	column->econtext = CreateStandaloneExprContext();
	column->state = ExecInitExpr((Expr *) column->expression, NULL);
	column->transaction = transaction_number;
	MemoryContextSwitchTo(caller);
}

/*
 * capture_column_read reads a column from a row.
 */
Datum
capture_column_read(CaptureColumn *column, TupleTableSlot *slot, bool *isnull)
{
	Datum value = (Datum) 0;

	*isnull = true;
	for (int i = 0; i < column->nattributes && *isnull; i++)
		value = slot_getattr(slot, column->attributes[i], isnull);
	if (column->expression == NULL)
		return value;
	if (column->transaction != transaction_number)
		compile(column);
	ResetExprContext(column->econtext);
	column->econtext->ecxt_scantuple = slot;
	return ExecEvalExpr(column->state, column->econtext, isnull);
}
