/*
 * stored_rows.h
 *		The rows of a star table, read once and split into the derivation's pieces.
 *
 * Without this split every piece would have to scan, or probe, the whole table for its part of it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STORED_ROWS_H
#define SESSIONIZE_STORED_ROWS_H

#include "executor/tuptable.h"
#include "utils/tuplestore.h"

#include "catalog/pipeline.h"
#include "dirty/stale_keys.h"
#include "spi/key_relation.h"
#include "utils/rowset.h"

/* What to read. */
typedef struct StoredQuery
{
	const Pipeline *pipeline;
	const char *sql;       /* its columns are those of shape->desc */
	const RowShape *shape; /* must outlive the rows */
	int key_column;        /* of the session key, from 0; -1: all rows belong to piece 0 */
	int sum_column;        /* of a bigint that stored_rows_sum adds up; -1: none */
	int pieces;
	const bool *wanted;      /* a flag for each piece, or NULL for all of them */
	Size budget;             /* in bytes; beyond it the rows lie in temporary files */
	bool read_only;          /* with the active snapshot, else with a new one */
	const KeyRelation *keys; /* KEY_ROWS of the query; then the rows belong to the transaction */
	const StaleKeys *stale;  /* keys whose rows are left out; NULL: none */
	int stale_column;        /* of that key, and of stored_rows_leave_out's */
} StoredQuery;

typedef struct StoredRows StoredRows;

/* Read them, into a child of parent.  They outlive the transaction, unless there are keys. */
extern StoredRows *stored_rows_read(MemoryContext parent, const StoredQuery *query);

/* Leave out a piece's rows of these keys. */
extern void stored_rows_leave_out(StoredRows *stored, int piece, const StaleKeys *keys);

/*
 * Have a comparison not report a piece's rows of these keys, of which no row is expected.  Counts and sums still have them: the keys
 * are not looked for among the rows until the comparison ends, which spares a pass over them.
 */
extern void stored_rows_set_aside(StoredRows *stored, int piece, const StaleKeys *keys);

/* Whether a row of the piece, which nothing has matched, is set aside; adds it to the sum of those that are. */
extern bool stored_rows_is_set_aside(StoredRows *stored, int piece, const TupleTableSlot *row);
extern int64 stored_rows_set_aside_sum(const StoredRows *stored, int piece);

extern int64 stored_rows_count(const StoredRows *stored, int piece);
extern int64 stored_rows_sum(const StoredRows *stored, int piece);

/* About how much memory a piece's rows take as a RowSet. */
extern Size stored_rows_size(const StoredRows *stored, int piece);

/* A piece's rows, NULL where there are none; they belong to the caller now. */
extern Tuplestorestate *stored_rows_take(StoredRows *stored, int piece);

/* Free what nobody took. */
extern void stored_rows_free(StoredRows *stored);

#endif /* SESSIONIZE_STORED_ROWS_H */
