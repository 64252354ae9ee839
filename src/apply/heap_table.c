/*
 * heap_table.c
 *		A plain star table, whose rows can be written past the executor.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "apply/heap_table.h"
#include "compat.h"
#include "star/star.h"

struct HeapTable
{
	MemoryContext context;
	Relation relation;
	TupleDesc desc; /* a copy, so that slots don't pin the relation's */
	int ncolumns;
	bool has_dropped;              /* columns of the table were dropped */
	int surrogate;                 /* attribute index of the surrogate key, from 0; -1: none */
	int stamp;                     /* attribute index of the time of the write; -1: none */
	int attributes[ROW_MAX_WIDTH]; /* attribute index of each column, from 0 */
	EState *estate;
	ResultRelInfo *result;
	IndexQueue *queue; /* gets the entries of one index; NULL: all entries are made at once */
	TupleTableSlot *old;
};

/*
 * column_is_plain tells whether the table has the column, without a type modifier.
 */
static bool
column_is_plain(Relation relation, const char *column)
{
	AttrNumber number = get_attnum(RelationGetRelid(relation), column);

	return number != InvalidAttrNumber &&
		   TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypmod == -1;
}

/*
 * live_columns returns how many columns a table has, without those that were dropped.
 */
static int
live_columns(Relation relation)
{
	TupleDesc desc = RelationGetDescr(relation);
	int count = 0;

	for (int i = 0; i < desc->natts; i++)
		count += !TupleDescAttr(desc, i)->attisdropped;
	return count;
}

/*
 * all_columns_are_ours tells whether the table has the star table's columns and no others.
 */
static bool
all_columns_are_ours(const StarTable *table, Relation relation)
{
	if (RelationGetNumberOfAttributes(relation) > ROW_MAX_WIDTH ||
		live_columns(relation) !=
			table->ncolumns + (table->surrogate ? 1 : 0) + (table->stamp ? 1 : 0))
		return false;
	for (int i = 0; i < table->ncolumns; i++)
		if (!column_is_plain(relation, table->columns[i].name))
			return false;
	return (table->surrogate == NULL || column_is_plain(relation, table->surrogate)) &&
		   (table->stamp == NULL || column_is_plain(relation, table->stamp));
}

/*
 * index_with tells whether the table has an index for which check is true.
 */
static bool
index_with(Relation relation, bool (*check)(const FormData_pg_index *form))
{
	List *indexes = RelationGetIndexList(relation);
	ListCell *cell;
	bool found = false;

	foreach (cell, indexes)
	{
		HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for index %u", lfirst_oid(cell));
		found = found || check((Form_pg_index) GETSTRUCT(tuple));
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	return found;
}

/*
 * is_checked_later tells whether an index belongs to an exclusion or a deferrable constraint.
 */
static bool
is_checked_later(const FormData_pg_index *form)
{
	return form->indisexclusion || !form->indimmediate;
}

/*
 * is_unique tells whether an index is unique.
 */
static bool
is_unique(const FormData_pg_index *form)
{
	return form->indisunique;
}

/*
 * heap_table_possible tells whether the table is plain and may be written.
 */
bool
heap_table_possible(const StarTable *table, Relation relation)
{
	const AclMode wanted = ACL_SELECT | ACL_INSERT | ACL_UPDATE | ACL_DELETE;
	const TupleConstr *constraints = RelationGetDescr(relation)->constr;
	const FormData_pg_class *form = relation->rd_rel;

	return form->relkind == RELKIND_RELATION && form->relpersistence != RELPERSISTENCE_TEMP &&
		   !form->relispartition && !form->relrowsecurity && !form->relforcerowsecurity &&
		   relation->trigdesc == NULL && relation->rd_rules == NULL &&
		   (constraints == NULL ||
			(constraints->num_check == 0 && !constraints->has_generated_stored)) &&
		   all_columns_are_ours(table, relation) && !index_with(relation, is_checked_later) &&
		   pg_class_aclmask(RelationGetRelid(relation), GetUserId(), wanted, ACLMASK_ALL) == wanted;
}

/*
 * heap_table_is_unique tells whether the table has a unique index.
 */
bool
heap_table_is_unique(Relation relation)
{
	return index_with(relation, is_unique);
}

/*
 * leave_index_out removes the queue's index from the indexes that get entries row by row.
 */
static void
leave_index_out(HeapTable *plain)
{
	ResultRelInfo *result = plain->result;
	int kept = 0;

	for (int i = 0; i < result->ri_NumIndices; i++)
	{
		Relation index = result->ri_IndexRelationDescs[i];

		if (RelationGetRelid(index) == index_queue_index(plain->queue))
			index_close(index, NoLock);
		else
		{
			result->ri_IndexRelationDescs[kept] = index;
			result->ri_IndexRelationInfo[kept++] = result->ri_IndexRelationInfo[i];
		}
	}
	result->ri_NumIndices = kept;
}

/*
 * heap_table_open prepares to write, and opens the indexes.
 */
HeapTable *
heap_table_open(MemoryContext parent, const StarTable *table, Relation relation, IndexQueue *queue)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize plain table", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	HeapTable *plain = palloc0(sizeof(HeapTable));
	Oid relid = RelationGetRelid(relation);

	plain->context = context;
	plain->relation = relation;
	plain->ncolumns = table->ncolumns;
	for (int i = 0; i < table->ncolumns; i++)
		plain->attributes[i] = get_attnum(relid, table->columns[i].name) - 1;
	plain->has_dropped = live_columns(relation) < RelationGetNumberOfAttributes(relation);
	plain->surrogate = table->surrogate ? get_attnum(relid, table->surrogate) - 1 : -1;
	plain->stamp = table->stamp ? get_attnum(relid, table->stamp) - 1 : -1;
	plain->desc = CreateTupleDescCopyConstr(RelationGetDescr(relation));
	plain->estate = CreateExecutorState();
	plain->result = makeNode(ResultRelInfo);
	InitResultRelInfo(plain->result, relation, 0, NULL, 0);
	ExecOpenIndices(plain->result, false);
	plain->queue = queue;
	if (queue != NULL)
		leave_index_out(plain);
	plain->old = MakeSingleTupleTableSlot(plain->desc, table_slot_callbacks(relation));
	MemoryContextSwitchTo(oldcontext);
	return plain;
}

/*
 * heap_table_close closes the indexes and frees everything.
 */
void
heap_table_close(HeapTable *plain)
{
	ExecDropSingleTupleTableSlot(plain->old);
	ExecCloseIndices(plain->result);
	FreeExecutorState(plain->estate);
	MemoryContextDelete(plain->context);
}

/*
 * heap_table_has_indexes tells whether the table has indexes.
 */
bool
heap_table_has_indexes(const HeapTable *plain)
{
	return plain->result->ri_NumIndices > 0 || plain->queue != NULL;
}

/*
 * heap_table_slot makes a slot for rows of the table.
 */
TupleTableSlot *
heap_table_slot(const HeapTable *plain)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(plain->desc, &TTSOpsHeapTuple);

	slot->tts_tableOid = RelationGetRelid(plain->relation);
	return slot;
}

/*
 * check_not_null reports a NULL in a NOT NULL column, as the executor would.
 */
static void
check_not_null(const HeapTable *plain, const bool *isnull)
{
	for (int i = 0; i < plain->desc->natts; i++)
	{
		const Form_pg_attribute att = TupleDescAttr(plain->desc, i);

		if (isnull[i] && att->attnotnull)
			ereport(
				ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg(
					 "null value in column \"%s\" of relation \"%s\" violates not-null constraint",
					 NameStr(att->attname), RelationGetRelationName(plain->relation))));
	}
}

/*
 * heap_table_store forms a row in the slot.
 */
void
heap_table_store(const HeapTable *plain, TupleTableSlot *slot, const Datum *values,
				 const bool *isnull, int64 surrogate)
{
	Datum row_values[ROW_MAX_WIDTH];
	bool row_isnull[ROW_MAX_WIDTH];

	/* dropped columns are NULL */
	if (plain->has_dropped)
		memset(row_isnull, true, plain->desc->natts * sizeof(bool));
	for (int i = 0; i < plain->ncolumns; i++)
	{
		row_values[plain->attributes[i]] = values[i];
		row_isnull[plain->attributes[i]] = isnull[i];
	}
	if (plain->surrogate >= 0)
	{
		row_values[plain->surrogate] =
			TupleDescAttr(plain->desc, plain->surrogate)->atttypid == INT8OID
				? Int64GetDatum(surrogate)
				: Int32GetDatum((int32) surrogate);
		row_isnull[plain->surrogate] = false;
	}
	if (plain->stamp >= 0)
	{
		row_values[plain->stamp] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
		row_isnull[plain->stamp] = false;
	}
	check_not_null(plain, row_isnull);
	ExecStoreHeapTuple(heap_form_tuple(plain->desc, row_values, row_isnull), slot, false);
}

/*
 * heap_table_index makes the index entries of a row, or queues them.
 */
void
heap_table_index(HeapTable *plain, TupleTableSlot *slot)
{
	if (!heap_table_has_indexes(plain))
		return;
	list_free(sz_insert_index_tuples(plain->result, slot, plain->estate));
	ResetPerTupleExprContext(plain->estate);
	if (plain->queue != NULL)
		index_queue_put(plain->queue, slot);
}

/*
 * find_row tells whether the active snapshot sees a row with this xmin at this place.  If so, the
 * row stays there as long as the snapshot does.
 */
static bool
find_row(HeapTable *plain, CmdType command, ItemPointer at, TransactionId xmin)
{
	bool isnull;
	bool found;

	CheckCmdReplicaIdentity(plain->relation, command);
	found = table_tuple_fetch_row_version(plain->relation, at, GetActiveSnapshot(), plain->old);
	found = found && TransactionIdEquals(DatumGetTransactionId(slot_getsysattr(
											 plain->old, MinTransactionIdAttributeNumber, &isnull)),
										 xmin);
	ExecClearTuple(plain->old);
	return found;
}

/*
 * heap_table_update replaces a row and makes the index entries.
 */
bool
heap_table_update(HeapTable *plain, ItemPointer at, TransactionId xmin, TupleTableSlot *row)
{
	TM_FailureData failure;
	LockTupleMode lockmode;
	SzUpdateIndexes indexes = SZ_UPDATE_NO_INDEX;

	if (!find_row(plain, CMD_UPDATE, at, xmin) ||
		sz_table_update(plain->relation, at, row, GetCurrentCommandId(true), GetActiveSnapshot(),
						&failure, &lockmode, &indexes) != TM_Ok)
		return false;
	if (heap_table_has_indexes(plain) && indexes != SZ_UPDATE_NO_INDEX)
	{
		list_free(sz_update_index_tuples(plain->result, row, plain->estate, indexes));
		if (plain->queue != NULL && sz_update_all_indexes(indexes))
			index_queue_put(plain->queue, row);
	}
	ResetPerTupleExprContext(plain->estate);
	return true;
}

/*
 * heap_table_delete deletes a row.
 */
bool
heap_table_delete(HeapTable *plain, ItemPointer at, TransactionId xmin)
{
	TM_FailureData failure;

	return find_row(plain, CMD_DELETE, at, xmin) &&
		   sz_table_delete(plain->relation, at, GetCurrentCommandId(true), GetActiveSnapshot(),
						   &failure) == TM_Ok;
}
