/*
 * quarantine_rows.h
 *		Collects the raw rows that no event can be made of, with a reason for each.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_QUARANTINE_ROWS_H
#define SESSIONIZE_QUARANTINE_ROWS_H

#include "access/htup.h"
#include "utils/tuplestore.h"

#include "catalog/pipeline.h"
#include "utils/key_type.h"

typedef struct QuarantineRows QuarantineRows;

/* Begin an empty collection in CurrentMemoryContext, for the current transaction. */
extern QuarantineRows *quarantine_rows_begin(const KeyType *key);

/* Forget what was collected. */
extern void quarantine_rows_clear(QuarantineRows *rows);

/* Add a faulty row (faulty_row.h); the descriptor of such rows. */
extern void quarantine_rows_add(QuarantineRows *rows, HeapTuple row);
extern TupleDesc quarantine_rows_desc(const QuarantineRows *rows);

/*
 * Fetch the raw rows that are not there yet, in the active snapshot, and return the faulty rows,
 * which begin with their stored columns.  The raw row is NULL if jsonb can't hold it.
 */
extern Tuplestorestate *
quarantine_rows_finish(QuarantineRows *rows, const Pipeline *pipeline, TupleDesc *desc);

/*
 * Free the collection and the result.  To be called before the transaction commits; not needed
 * after an error.
 */
extern void quarantine_rows_end(QuarantineRows *rows);

#endif /* SESSIONIZE_QUARANTINE_ROWS_H */
