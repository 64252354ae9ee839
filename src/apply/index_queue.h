/*
 * index_queue.h
 *		Entries of the index that keeps a table's ids unique, made at the end, in the index's order.
 *
 * Ids are random, so the entries of rows that come one after the other lie in as many pages of the index, and hardly one of
 * them is in the processor's cache.  In order, neighbours share a page.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_INDEX_QUEUE_H
#define SESSIONIZE_INDEX_QUEUE_H

#include "catalog/pipeline.h"
#include "star/star.h"

typedef struct IndexQueue IndexQueue;

/*
 * A queue for the unique index of the table's first column, a uuid; NULL where there is none such.  The index and the table stay
 * open and locked until index_queue_end, or the end of the subtransaction.
 */
extern IndexQueue *
index_queue_begin(MemoryContext parent, const Pipeline *pipeline, const StarTable *table, Size budget);

/* Which index that is: nobody else makes entries in it meanwhile, or looks anything up. */
extern Oid index_queue_index(const IndexQueue *queue);

/* Queue the entry of a row that has been inserted from the slot. */
extern void index_queue_put(IndexQueue *queue, TupleTableSlot *slot);

/* How many are queued; and take out those that were put when there were so many already, for their rows are gone. */
extern int64 index_queue_count(const IndexQueue *queue);
extern void index_queue_truncate(IndexQueue *queue, int64 count);

/*
 * Make the entries: if they take more than the budget, or all, to free everything.  An id that is there already is an error, as
 * in any unique index.
 */
extern void index_queue_trim(IndexQueue *queue);
extern void index_queue_end(IndexQueue *queue);

#endif /* SESSIONIZE_INDEX_QUEUE_H */
