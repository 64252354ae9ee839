/*
 * heap_table.h
 *		A star table of which nothing but the heap and its indexes has to know when a row changes, so that its rows
 *		can be written past the executor.
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
 * Is the table plain, as its owner has left it, and may the current user write it?  No trigger, check, rule, policy,
 * partition, column but ours, generated value, or constraint that is looked at later.  Else a statement has to write the
 * rows, or to say what is wrong.
 */
extern bool heap_table_possible(const StarTable *table, Relation relation);

/* Has it an index that is to be unique?  Then a row can meet another one that is in the way. */
extern bool heap_table_is_unique(Relation relation);

/*
 * For the relation, which stays open until heap_table_close; in a child of parent.  The entries of the queue's index are put
 * there; queue may be NULL.
 */
extern HeapTable *
heap_table_open(MemoryContext parent, const StarTable *table, Relation relation, IndexQueue *queue);
extern void heap_table_close(HeapTable *plain);

/* Whether it has indexes at all. */
extern bool heap_table_has_indexes(const HeapTable *plain);

/* A slot for a row of the table. */
extern TupleTableSlot *heap_table_slot(const HeapTable *plain);

/* Make a row in the slot, of our columns and the value of the surrogate key, in CurrentMemoryContext. */
extern void heap_table_store(const HeapTable *plain, TupleTableSlot *slot, const Datum *values,
							 const bool *isnull, int32 surrogate);

/* Make the index entries of a row that has been inserted from the slot. */
extern void heap_table_index(HeapTable *plain, TupleTableSlot *slot);

/*
 * Replace, or delete, the row at this place, if the active snapshot sees it there in this version, and nobody has changed it
 * since; else false.
 */
extern bool heap_table_update(HeapTable *plain, ItemPointer at, TransactionId xmin, TupleTableSlot *row);
extern bool heap_table_delete(HeapTable *plain, ItemPointer at, TransactionId xmin);

#endif /* SESSIONIZE_HEAP_TABLE_H */
