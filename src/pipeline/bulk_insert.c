/*
 * bulk_insert.c
 *		Many rows into a plain table at once, past the executor.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "pipeline/bulk_insert.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* Rows written at a time: enough to fill several pages with each WAL record's overhead paid once. */
#define BATCH_ROWS 256

struct BulkInsert
{
	MemoryContext context;
	MemoryContext batch_context; /* the rows of a batch */
	Relation relation;
	BulkInsertState state;
	CommandId command;
	int ncolumns;
	int natts;
	int surrogate;                 /* attribute of the surrogate key, from 0; -1: none */
	int attributes[ROW_MAX_WIDTH]; /* where our columns lie in the table, from 0 */
	TupleDesc desc;                /* the relation's; not counted as a reference by each slot */
	TupleTableSlot *slots[BATCH_ROWS];
	int nslots;
	int nmade; /* slots that are there already */
};

/*
 * all_columns_are_ours tells whether the table has our columns and no other, dropped ones included.
 */
static bool
all_columns_are_ours(const StarTable *table, Relation relation)
{
	if (RelationGetNumberOfAttributes(relation) != table->ncolumns + (table->surrogate ? 1 : 0))
		return false;
	for (int i = 0; i < table->ncolumns; i++)
		if (get_attnum(RelationGetRelid(relation), table->columns[i].name) == InvalidAttrNumber)
			return false;
	return table->surrogate == NULL ||
		   get_attnum(RelationGetRelid(relation), table->surrogate) != InvalidAttrNumber;
}

/*
 * bulk_insert_possible tells whether nothing but the heap has to know of a new row, and the current user may
 * insert it; without the privilege, a statement says so.
 */
bool
bulk_insert_possible(const StarTable *table, Relation relation)
{
	TupleConstr *constraints = RelationGetDescr(relation)->constr;
	List *indexes = RelationGetIndexList(relation);
	bool has_indexes = indexes != NIL;

	list_free(indexes);
	return !has_indexes && relation->rd_rel->relkind == RELKIND_RELATION &&
		   relation->rd_rel->relpersistence != RELPERSISTENCE_TEMP && !relation->rd_rel->relispartition &&
		   !relation->rd_rel->relrowsecurity && !relation->rd_rel->relforcerowsecurity &&
		   relation->trigdesc == NULL && relation->rd_rules == NULL &&
		   (constraints == NULL || (constraints->num_check == 0 && !constraints->has_generated_stored)) &&
		   all_columns_are_ours(table, relation) &&
		   pg_class_aclcheck(RelationGetRelid(relation), GetUserId(), ACL_INSERT) == ACLCHECK_OK;
}

/*
 * bulk_insert_begin makes ready to insert.
 */
BulkInsert *
bulk_insert_begin(MemoryContext parent, const StarTable *table, Relation relation)
{
	MemoryContext context = AllocSetContextCreate(parent, "sessionize bulk insert", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	BulkInsert *bulk = palloc0(sizeof(BulkInsert));
	Oid relid = RelationGetRelid(relation);

	bulk->context = context;
	bulk->batch_context = AllocSetContextCreate(context, "sessionize bulk rows", ALLOCSET_DEFAULT_SIZES);
	bulk->relation = relation;
	bulk->state = GetBulkInsertState();
	bulk->command = GetCurrentCommandId(true);
	bulk->ncolumns = table->ncolumns;
	bulk->natts = RelationGetNumberOfAttributes(relation);
	for (int i = 0; i < table->ncolumns; i++)
		bulk->attributes[i] = get_attnum(relid, table->columns[i].name) - 1;
	bulk->surrogate = table->surrogate ? get_attnum(relid, table->surrogate) - 1 : -1;
	bulk->desc = CreateTupleDescCopy(RelationGetDescr(relation));
	MemoryContextSwitchTo(oldcontext);
	return bulk;
}

/*
 * write_batch writes the rows collected.
 */
static void
write_batch(BulkInsert *bulk)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(bulk->batch_context);

	CHECK_FOR_INTERRUPTS();
	if (bulk->nslots > 0)
		table_multi_insert(bulk->relation, bulk->slots, bulk->nslots, bulk->command, TABLE_INSERT_SKIP_FSM,
						   bulk->state);
	for (int i = 0; i < bulk->nslots; i++)
		ExecClearTuple(bulk->slots[i]);
	bulk->nslots = 0;
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(bulk->batch_context);
}

/*
 * next_slot returns the slot for the next row of the batch.
 */
static TupleTableSlot *
next_slot(BulkInsert *bulk)
{
	if (bulk->nslots == bulk->nmade)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(bulk->context);

		bulk->slots[bulk->nmade++] = MakeSingleTupleTableSlot(bulk->desc, &TTSOpsHeapTuple);
		MemoryContextSwitchTo(oldcontext);
	}
	return bulk->slots[bulk->nslots++];
}

/*
 * bulk_insert_put adds a row to the batch.
 */
void
bulk_insert_put(BulkInsert *bulk, const Datum *values, const bool *isnull, int32 surrogate)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(bulk->batch_context);
	Datum row_values[ROW_MAX_WIDTH];
	bool row_isnull[ROW_MAX_WIDTH];
	HeapTuple tuple;

	for (int i = 0; i < bulk->ncolumns; i++)
	{
		row_values[bulk->attributes[i]] = values[i];
		row_isnull[bulk->attributes[i]] = isnull[i];
	}
	if (bulk->surrogate >= 0)
	{
		row_values[bulk->surrogate] = Int32GetDatum(surrogate);
		row_isnull[bulk->surrogate] = false;
	}
	tuple = heap_form_tuple(bulk->desc, row_values, row_isnull);
	ExecStoreHeapTuple(tuple, next_slot(bulk), false);
	MemoryContextSwitchTo(oldcontext);
	if (bulk->nslots == BATCH_ROWS)
		write_batch(bulk);
}

/*
 * bulk_insert_end writes what is left and frees everything.
 */
void
bulk_insert_end(BulkInsert *bulk)
{
	write_batch(bulk);
	table_finish_bulk_insert(bulk->relation, TABLE_INSERT_SKIP_FSM);
	FreeBulkInsertState(bulk->state);
	for (int i = 0; i < bulk->nmade; i++)
		ExecDropSingleTupleTableSlot(bulk->slots[i]);
	MemoryContextDelete(bulk->context);
}
