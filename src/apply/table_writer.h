/*
 * table_writer.h
 *		Writes one piece of one star table: from the rows that are stored to the rows it should
 *		have.
 *
 * If no row of the piece is stored and the table has no indexes, rows are inserted in bulk.
 * Otherwise they are compared with the stored rows, and only differences are written.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_TABLE_WRITER_H
#define SESSIONIZE_TABLE_WRITER_H

#include "apply/index_queue.h"
#include "catalog/pipeline.h"
#include "star/star.h"
#include "star/stored_rows.h"

typedef struct TableWriter TableWriter;

/*
 * Is told of each row before it is written: values are the row's columns as they will be, NULL for
 * a row that goes; stored is the row as it was, NULL for a row that comes.
 */
typedef struct RowListener
{
	void (*changes)(void *arg, const Datum *values, const bool *isnull,
					const TupleTableSlot *stored);
	void *arg;
} RowListener;

typedef struct WriteCounts
{
	int64 inserted;
	int64 updated;
	int64 deleted;
} WriteCounts;

/*
 * Begin to write a piece of the table.  All functions here are called as the pipeline's owner, in
 * one transaction.  sequence is that of the table's surrogate key, or InvalidOid.  queue may be
 * NULL; otherwise the entries of its index are queued, and the caller ends the queue.  budget is in
 * bytes.
 */
extern TableWriter *
table_writer_begin(MemoryContext parent, const Pipeline *pipeline, const StarTable *table,
				   StoredRows *stored, int piece, Oid sequence, IndexQueue *queue, Size budget);

/* Have a listener told of all changes.  To be called before a row is put. */
extern void table_writer_set_listener(TableWriter *writer, RowListener listener);

/*
 * Put a row that the piece should have: the table's columns, in arrays of ROW_MAX_WIDTH, which are
 * changed.  Returns the row's surrogate key, which is the stored one if the row is stored; 0 if the
 * table has none, or has one that only numbers the rows.
 */
extern int32 table_writer_put(TableWriter *writer, Datum *values, bool *isnull);

/* Write missing and different rows.  No row may be put afterwards. */
extern void table_writer_flush(TableWriter *writer);

/* Delete unexpected rows, free everything, and add to the counts.  To be called after the flush. */
extern void table_writer_end(TableWriter *writer, WriteCounts *counts);

#endif /* SESSIONIZE_TABLE_WRITER_H */
