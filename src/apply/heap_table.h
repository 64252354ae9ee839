/*
 * heap_table.h
 *		A plain star table, whose rows can be written past the executor, because only the heap and
 *		the indexes need to know of a change.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_HEAP_TABLE_H
#define SESSIONIZE_HEAP_TABLE_H

#include "utils/relcache.h"

#include "apply/index_queue.h"
#include "star/star.h"

typedef struct HeapTable HeapTable;

/*
 * Whether the table is plain, and the current user may write it.  A plain table has no trigger,
 * rule, policy, CHECK, partition or stored generated column, no columns but those of the star
 * table, and no constraint that is checked later.  Any other table has to be written by statements,
 * which also report what is wrong.
 */
extern bool heap_table_possible(const StarTable *table, Relation relation);

/* Whether the table has a unique index, so that a new row can conflict with another one. */
extern bool heap_table_is_unique(Relation relation);

/*
 * Prepare to write, in a child of parent.  relation must stay open until heap_table_close.  The
 * entries of queue's index are queued; queue may be NULL.
 */
extern HeapTable *
heap_table_open(MemoryContext parent, const StarTable *table, Relation relation, IndexQueue *queue);
extern void heap_table_close(HeapTable *plain);

/* Whether the table has any index. */
extern bool heap_table_has_indexes(const HeapTable *plain);

/* A slot for rows of the table. */
extern TupleTableSlot *heap_table_slot(const HeapTable *plain);

/*
 * Form a row in the slot from the star table's columns and the value of the surrogate key, in
 * CurrentMemoryContext.
 */
extern void heap_table_store(const HeapTable *plain, TupleTableSlot *slot, const Datum *values,
							 const bool *isnull, int64 surrogate);

/* Make the index entries of a row that was inserted from the slot. */
extern void heap_table_index(HeapTable *plain, TupleTableSlot *slot);

/*
 * Replace or delete the row at this place.  Returns false if the active snapshot does not see it
 * there with this xmin, or if it was changed since.
 */
extern bool
heap_table_update(HeapTable *plain, ItemPointer at, TransactionId xmin, TupleTableSlot *row);
extern bool heap_table_delete(HeapTable *plain, ItemPointer at, TransactionId xmin);

#endif /* SESSIONIZE_HEAP_TABLE_H */
