/*
 * raw_index.c
 *		Indexes of the raw table that begin with the session key and the time of its rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "catalog/pipeline.h"
#include "source/source_mapping.h"
#include "utils/expression.h"
#include "window/raw_index.h"

/*
 * The columns that an index must have, as expressions over the raw table in the form of an index's.
 */
typedef struct Wanted
{
	Node *key;
	Oid key_type;
	Node *time;
	Node *column; /* NULL: no further column */
} Wanted;

/*
 * wanted_expression returns a source column's expression in the form that it has in an index,
 * without casts that only relabel the type or collation.
 */
static Node *
wanted_expression(const SourceMapping *mapping, SourceColumn column)
{
	Node *expression =
		copyObject((Node *) list_nth_node(TargetEntry, mapping->targets, column)->expr);

	ChangeVarNodes(expression, (int) mapping->varno, 1, 0);
	return expression_strip(expression_simplify(expression));
}

/*
 * index_column_is tells whether a column of an index, counted from 0, is the expression.
 */
static bool
index_column_is(Relation index, int column, Node *expression)
{
	const FormData_pg_index *form = index->rd_index;
	int number = 0;

	if (form->indkey.values[column] != 0)
		return IsA(expression, Var) &&
			   ((Var *) expression)->varattno == form->indkey.values[column];
	for (int i = 0; i < column; i++)
		number += form->indkey.values[i] == 0;
	return equal(expression_strip(list_nth(RelationGetIndexExpressions(index), number)),
				 expression);
}

/*
 * compares_as tells whether an index column compares values of a type, as far as the strategy goes,
 * by the type's default operator.
 */
static bool
compares_as(Relation index, int column, Oid type, StrategyNumber strategy)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR | TYPECACHE_LT_OPR);

	return index->rd_opcintype[column] == type &&
		   get_opfamily_member(index->rd_opfamily[column], type, type, strategy) ==
			   (strategy == BTEqualStrategyNumber ? entry->eq_opr : entry->lt_opr);
}

/*
 * index_has tells whether an index has the wanted columns, and at which number (from 1) the further
 * one.
 */
static bool
index_has(Relation index, const Wanted *wanted, AttrNumber *number)
{
	const FormData_pg_index *form = index->rd_index;

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid ||
		RelationGetIndexPredicate(index) != NIL || form->indnkeyatts < 2 ||
		!index_column_is(index, 0, wanted->key) || !index_column_is(index, 1, wanted->time))
		return false;
	if (wanted->column == NULL)
		return true;
	if (!compares_as(index, 0, wanted->key_type, BTEqualStrategyNumber) ||
		!compares_as(index, 1, TIMESTAMPTZOID, BTLessStrategyNumber))
		return false;
	for (*number = 3; *number <= form->indnatts; (*number)++)
		if (index_column_is(index, *number - 1, wanted->column))
			return true;
	return false;
}

/*
 * find_index returns an index of the raw table that has the wanted columns, or InvalidOid.
 */
static Oid
find_index(const Pipeline *pipeline, const Wanted *wanted, AttrNumber *number)
{
	Relation table = table_open(pipeline->source, AccessShareLock);
	Oid found = InvalidOid;

	/* inheritance children that are no partitions have indexes of their own */
	if (table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE || !table->rd_rel->relhassubclass)
	{
		ListCell *cell;

		foreach (cell, RelationGetIndexList(table))
		{
			Relation index = index_open(lfirst_oid(cell), AccessShareLock);

			if (index_has(index, wanted, number))
				found = RelationGetRelid(index);
			/* keep the lock, so that nobody drops the index before the transaction ends */
			index_close(index, NoLock);
			if (OidIsValid(found))
				break;
		}
	}
	table_close(table, NoLock);
	return found;
}

/*
 * wanted_of returns the two columns that every index must begin with.
 */
static Wanted
wanted_of(const Pipeline *pipeline, const SourceMapping *mapping)
{
	return (Wanted){wanted_expression(mapping, SRC_SESSION_KEY), pipeline->types[SRC_SESSION_KEY],
					wanted_expression(mapping, source_time_column(mapping)), NULL};
}

/*
 * raw_index_has_time tells whether an index begins with the session key and the time.
 */
bool
raw_index_has_time(const Pipeline *pipeline, const SourceMapping *mapping)
{
	Wanted wanted = wanted_of(pipeline, mapping);
	AttrNumber number;

	return OidIsValid(find_index(pipeline, &wanted, &number));
}

/*
 * raw_index_with returns an index that has a further column.
 */
Oid
raw_index_with(const Pipeline *pipeline, const SourceMapping *mapping, SourceColumn column,
			   AttrNumber *number)
{
	Wanted wanted = wanted_of(pipeline, mapping);

	wanted.column = wanted_expression(mapping, column);
	return find_index(pipeline, &wanted, number);
}

/*
 * raw_index_is_complete tells whether an index has entries for all rows that the active snapshot
 * sees.  It decides as the planner does (indcheckxmin): an index that was built over HOT chains
 * with different values may lack rows that only older snapshots see.
 */
bool
raw_index_is_complete(Relation index)
{
	const FormData_pg_index *form = index->rd_index;

	return form->indisvalid &&
		   (!form->indcheckxmin ||
			TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
								  TransactionXmin));
}
