/*
 * raw_index.c
 *		Which of a pipeline's columns the indexes of its raw table have.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "functions/expression.h"
#include "pipeline/raw_index.h"
#include "rewrite/rewriteManip.h"
#include "utils/rel.h"

/* What an index is asked for. */
typedef struct Wanted
{
	Node *key; /* over the raw table, as in an index */
	Node *column;
	bool is_next; /* after the key, else anywhere */
} Wanted;

/*
 * wanted_expression returns a column's expression as an index would have it, whatever type and collation it is seen as.
 */
static Node *
wanted_expression(const SourceMapping *mapping, SourceColumn column)
{
	Node *expression = copyObject((Node *) list_nth_node(TargetEntry, mapping->targets, column)->expr);

	ChangeVarNodes(expression, (int) mapping->varno, 1, 0);
	return expression_strip(expression_simplify(expression));
}

/*
 * index_column_is tells whether a column of an index is an expression.
 */
static bool
index_column_is(Relation index, int column, Node *expression)
{
	const FormData_pg_index *form = index->rd_index;
	int number = 0;

	if (form->indkey.values[column] != 0)
		return IsA(expression, Var) && ((Var *) expression)->varattno == form->indkey.values[column];
	for (int i = 0; i < column; i++)
		number += form->indkey.values[i] == 0;
	return equal(expression_strip(list_nth(RelationGetIndexExpressions(index), number)), expression);
}

/*
 * index_has tells whether an index is what is wanted.
 */
static bool
index_has(Relation index, const Wanted *wanted)
{
	const FormData_pg_index *form = index->rd_index;
	bool begins_with_key;
	int count;

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid || RelationGetIndexPredicate(index) != NIL)
		return false;
	begins_with_key = index_column_is(index, 0, wanted->key);
	if (wanted->is_next)
		return begins_with_key && form->indnkeyatts > 1 && index_column_is(index, 1, wanted->column);
	count = begins_with_key ? form->indnkeyatts : 1;
	for (int i = 0; i < count; i++)
		if (index_column_is(index, i, wanted->column))
			return true;
	return false;
}

/*
 * find_index looks for such an index among the table's.
 */
static bool
find_index(const Pipeline *pipeline, const Wanted *wanted)
{
	Relation table = table_open(pipeline->source, AccessShareLock);
	bool found = false;

	/* tables that inherit from it, without being its partitions, have indexes of their own */
	if (table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE || !table->rd_rel->relhassubclass)
	{
		ListCell *cell;

		foreach (cell, RelationGetIndexList(table))
		{
			Relation index = index_open(lfirst_oid(cell), AccessShareLock);

			found |= index_has(index, wanted);
			/* the lock is kept: nobody drops it before the transaction ends */
			index_close(index, NoLock);
		}
	}
	table_close(table, NoLock);
	return found;
}

/*
 * raw_index_has_next tells whether an index begins with the key and the column.
 */
bool
raw_index_has_next(const Pipeline *pipeline, const SourceMapping *mapping, SourceColumn column)
{
	const Wanted wanted = {wanted_expression(mapping, SRC_SESSION_KEY), wanted_expression(mapping, column),
						   true};

	return find_index(pipeline, &wanted);
}

/*
 * raw_index_has tells whether an index finds rows of a key, or all rows, by the column.
 */
bool
raw_index_has(const Pipeline *pipeline, const SourceMapping *mapping, SourceColumn column)
{
	const Wanted wanted = {wanted_expression(mapping, SRC_SESSION_KEY), wanted_expression(mapping, column),
						   false};

	return find_index(pipeline, &wanted);
}
