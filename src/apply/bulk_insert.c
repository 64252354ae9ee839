/*
 * bulk_insert.c
 *		Inserts many rows at once into a plain table (heap_table.h), past the executor.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/tuptable.h"
#include "utils/memutils.h"

#include "apply/bulk_insert.h"
#include "utils/pass_limit.h"

/* Rows per multi-insert, enough for several pages, so that WAL is written by the page. */
#define BATCH_ROWS 256

struct BulkInsert
{
	MemoryContext context;
	MemoryContext batch_context; /* the rows of a batch */
	HeapTable *plain;
	Relation relation;
	BulkInsertState state; /* NULL: use shared buffers as usual, and free space */
	int options;
	CommandId command;
	TupleTableSlot *slots[BATCH_ROWS];
	int nslots;
	int nmade; /* slots that exist; they are used again by each batch */
};

/*
 * bulk_insert_begin prepares to insert.
 */
BulkInsert *
bulk_insert_begin(MemoryContext parent, HeapTable *plain, Relation relation)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize bulk insert", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	BulkInsert *bulk = palloc0(sizeof(BulkInsert));

	bulk->context = context;
	bulk->batch_context =
		AllocSetContextCreate(context, "sessionize bulk rows", ALLOCSET_DEFAULT_SIZES);
	bulk->plain = plain;
	bulk->relation = relation;
	/* A first build fills an empty table.  Later, rows may go anywhere, and are soon read again. */
	if (!heap_table_has_indexes(plain))
	{
		bulk->state = GetBulkInsertState();
		bulk->options = TABLE_INSERT_SKIP_FSM;
	}
	bulk->command = GetCurrentCommandId(true);
	MemoryContextSwitchTo(oldcontext);
	return bulk;
}

/*
 * write_batch inserts the rows collected.
 */
static void
write_batch(BulkInsert *bulk)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(bulk->batch_context);

	pass_progress();
	if (bulk->nslots > 0)
		table_multi_insert(bulk->relation, bulk->slots, bulk->nslots, bulk->command, bulk->options,
						   bulk->state);
	for (int i = 0; i < bulk->nslots; i++)
	{
		heap_table_index(bulk->plain, bulk->slots[i]);
		ExecClearTuple(bulk->slots[i]);
	}
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

		bulk->slots[bulk->nmade++] = heap_table_slot(bulk->plain);
		MemoryContextSwitchTo(oldcontext);
	}
	return bulk->slots[bulk->nslots++];
}

/*
 * bulk_insert_put adds a row to the batch.
 */
void
bulk_insert_put(BulkInsert *bulk, const Datum *values, const bool *isnull, int64 surrogate)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(bulk->batch_context);

	heap_table_store(bulk->plain, next_slot(bulk), values, isnull, surrogate);
	MemoryContextSwitchTo(oldcontext);
	if (bulk->nslots == BATCH_ROWS)
		write_batch(bulk);
}

/*
 * bulk_insert_end inserts the last rows and frees everything.
 */
void
bulk_insert_end(BulkInsert *bulk)
{
	write_batch(bulk);
	table_finish_bulk_insert(bulk->relation, bulk->options);
	if (bulk->state != NULL)
		FreeBulkInsertState(bulk->state);
	for (int i = 0; i < bulk->nmade; i++)
		ExecDropSingleTupleTableSlot(bulk->slots[i]);
	MemoryContextDelete(bulk->context);
}
