/*
 * heap_changes.c
 *		Inserts, updates or deletes the rows of a tuplestore in a plain table (heap_table.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/tuptable.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "apply/bulk_insert.h"
#include "apply/heap_changes.h"
#include "utils/pass_limit.h"

/* Changes a row; false if the row was not there. */
typedef bool (*RowChange)(const HeapChanges *changes, const TupleTableSlot *row, void *arg);

/*
 * for_each_row calls change for each row, and returns how many rows were changed.
 */
static int64
for_each_row(const HeapChanges *changes, RowChange change, void *arg)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(changes->shape->desc, &TTSOpsMinimalTuple);
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context =
		AllocSetContextCreate(caller, "sessionize changed row", ALLOCSET_DEFAULT_SIZES);
	int64 done = 0;

	/* a statement may have read the rows before */
	tuplestore_select_read_pointer(changes->rows, 0);
	tuplestore_rescan(changes->rows);
	while (tuplestore_gettupleslot(changes->rows, true, false, slot))
	{
		pass_progress();
		slot_getallattrs(slot);
		MemoryContextSwitchTo(context);
		done += change(changes, slot, arg) ? 1 : 0;
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
	}
	ExecDropSingleTupleTableSlot(slot);
	MemoryContextDelete(context);
	return done;
}

/*
 * surrogate_of returns the value of the table's surrogate key.
 */
static int64
surrogate_of(const HeapChanges *changes, const TupleTableSlot *row)
{
	return DatumGetInt64(row->tts_values[ROW_EXTRA(changes->table)]);
}

/*
 * row_at returns the ctid of the stored row.
 */
static ItemPointer
row_at(const HeapChanges *changes, const TupleTableSlot *row)
{
	return (ItemPointer) DatumGetPointer(row->tts_values[ROW_AT(changes->table)]);
}

/*
 * row_xmin returns the xmin of the stored row as it was read.
 */
static TransactionId
row_xmin(const HeapChanges *changes, const TupleTableSlot *row)
{
	return DatumGetTransactionId(row->tts_values[ROW_XMIN(changes->table)]);
}

/*
 * insert_row inserts a row.
 */
static bool
insert_row(const HeapChanges *changes, const TupleTableSlot *row, void *arg)
{
	bulk_insert_put(arg, row->tts_values, row->tts_isnull, surrogate_of(changes, row));
	return true;
}

/*
 * update_row updates a row.
 */
static bool
update_row(const HeapChanges *changes, const TupleTableSlot *row, void *arg)
{
	TupleTableSlot *new_row = arg;
	bool updated;

	heap_table_store(changes->plain, new_row, row->tts_values, row->tts_isnull,
					 surrogate_of(changes, row));
	updated =
		heap_table_update(changes->plain, row_at(changes, row), row_xmin(changes, row), new_row);
	ExecClearTuple(new_row);
	return updated;
}

/*
 * delete_row deletes a row.
 */
static bool
delete_row(const HeapChanges *changes, const TupleTableSlot *row, void *arg pg_attribute_unused())
{
	return heap_table_delete(changes->plain, row_at(changes, row), row_xmin(changes, row));
}

/*
 * change_rows updates or deletes the rows as a statement would: in a snapshot of its own.
 */
static int64
change_rows(const HeapChanges *changes, RowChange change, void *arg)
{
	int64 changed;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	changed = for_each_row(changes, change, arg);
	PopActiveSnapshot();
	CommandCounterIncrement();
	return changed;
}

/*
 * heap_changes_insert inserts the rows.
 */
void
heap_changes_insert(const HeapChanges *changes)
{
	BulkInsert *bulk = bulk_insert_begin(CurrentMemoryContext, changes->plain, changes->relation);

	(void) for_each_row(changes, insert_row, bulk);
	bulk_insert_end(bulk);
}

/*
 * heap_changes_update updates the rows.
 */
int64
heap_changes_update(const HeapChanges *changes)
{
	TupleTableSlot *slot = heap_table_slot(changes->plain);
	int64 updated = change_rows(changes, update_row, slot);

	ExecDropSingleTupleTableSlot(slot);
	return updated;
}

/*
 * heap_changes_delete deletes the rows.
 */
int64
heap_changes_delete(const HeapChanges *changes)
{
	return change_rows(changes, delete_row, NULL);
}
