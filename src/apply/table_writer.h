/*
 * table_writer.h
 *		One piece of one star table: from the rows it has to the rows it should have.
 *
 * Where nothing of the piece is stored yet and the table has no indexes, rows are written in bulk.
 * Otherwise they are compared with what is stored, and the difference alone is written: a row that is
 * right is not touched.
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

typedef struct WriteCounts
{
	int64 inserted;
	int64 updated;
	int64 deleted;
} WriteCounts;

/*
 * Write a piece of the table.  All of these are called as the pipeline's owner, in one transaction.
 * sequence is that of the table's surrogate key, if it has one; entries of the queue's index, if there is one, are left to
 * whoever made the queue; budget is in bytes.
 */
extern TableWriter *
table_writer_begin(MemoryContext parent, const Pipeline *pipeline, const StarTable *table, StoredRows *stored,
				   int piece, Oid sequence, IndexQueue *queue, Size budget);

/*
 * Put a row the piece should have: the table's columns, in arrays of ROW_MAX_WIDTH.  Returns the row's
 * surrogate key, which is the stored one where there is one; 0 where the table has none.
 */
extern int32 table_writer_put(TableWriter *writer, Datum *values, bool *isnull);

/* Write the rows that are missing and those that are different.  No more are put after this. */
extern void table_writer_flush(TableWriter *writer);

/* After that: delete the rows the piece should not have, free everything, and add to the counts. */
extern void table_writer_end(TableWriter *writer, WriteCounts *counts);

#endif /* SESSIONIZE_TABLE_WRITER_H */
