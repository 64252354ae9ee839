/*
 * index_queue.h
 *		Entries of the unique index on a table's ids, collected and made in the index's order.
 *
 * Ids are random, so the entries of rows that follow each other lie in different pages of the
 * index, hardly one of which is in the processor's cache.  In the index's order, neighbours share a
 * page.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_INDEX_QUEUE_H
#define SESSIONIZE_INDEX_QUEUE_H

#include "catalog/pipeline.h"
#include "star/star.h"

typedef struct IndexQueue IndexQueue;

/*
 * A queue for the unique index of the table's first column, a uuid; NULL if there is no such
 * index.  budget is in bytes.  The index and the table stay open and locked until index_queue_end,
 * or the end of the subtransaction.
 */
extern IndexQueue *index_queue_begin(MemoryContext parent, const Pipeline *pipeline,
									 const StarTable *table, Size budget);

/*
 * The OID of the index.  Until index_queue_end it must not be used in any other way, since entries
 * are missing.
 */
extern Oid index_queue_index(const IndexQueue *queue);

/* Queue the entry of a row that was inserted from the slot. */
extern void index_queue_put(IndexQueue *queue, TupleTableSlot *slot);

/*
 * The number of queued entries; and remove the entries that were queued after it was count, because
 * their rows were rolled back.
 */
extern int64 index_queue_count(const IndexQueue *queue);
extern void index_queue_truncate(IndexQueue *queue, int64 count);

/*
 * Make the entries: index_queue_trim if they exceed the budget, index_queue_end in any case, which
 * also frees everything.  An id that exists already is an error, as in any unique index.
 */
extern void index_queue_trim(IndexQueue *queue);
extern void index_queue_end(IndexQueue *queue);

#endif /* SESSIONIZE_INDEX_QUEUE_H */
