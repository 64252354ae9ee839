/*
 * stored_rows.h
 *		The rows of a star table, read once and split into the derivation's pieces.
 *
 * Without the split, each piece would have to scan or probe the whole table for its rows.
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
	const char *sql;       /* its columns must be those of shape->desc */
	const RowShape *shape; /* must outlive the rows */
	/* the number of the session key's column, from 0; -1: all rows belong to piece 0 */
	int key_column;
	int sum_column; /* the number of a bigint column for stored_rows_sum; -1: none */
	int pieces;
	const bool *wanted; /* a flag for each piece; NULL: all pieces */
	Size budget;        /* in bytes; rows beyond it are in temporary files */
	bool read_only;     /* use the active snapshot, else a new one */
	/*
	 * the rows that the query sees as KEY_ROWS; if given, the result must not outlive the
	 * transaction
	 */
	const KeyRelation *keys;
	const StaleKeys *stale; /* keys whose rows are left out; NULL: none */
	int stale_column;       /* the number of the session key's column, for stale keys */
} StoredQuery;

typedef struct StoredRows StoredRows;

/*
 * Read the rows into a child context of parent.  They may outlive the transaction, unless there are
 * keys.
 */
extern StoredRows *stored_rows_read(MemoryContext parent, const StoredQuery *query);

/* Leave out a piece's rows of some keys. */
extern void stored_rows_leave_out(StoredRows *stored, int piece, const StaleKeys *keys);

/*
 * Keep a comparison from reporting a piece's stored rows of some keys, for which no rows are
 * derived.  These rows are still part of counts and sums: the keys are only looked up when the
 * comparison ends, which saves a pass over the rows.
 */
extern void stored_rows_set_aside(StoredRows *stored, int piece, const StaleKeys *keys);

/*
 * Whether an unmatched row of a piece is of a key that was set aside; if so, adds the row to
 * stored_rows_set_aside_sum.
 */
extern bool stored_rows_is_set_aside(StoredRows *stored, int piece, const TupleTableSlot *row);
extern int64 stored_rows_set_aside_sum(const StoredRows *stored, int piece);

extern int64 stored_rows_count(const StoredRows *stored, int piece);
extern int64 stored_rows_sum(const StoredRows *stored, int piece);

/* About how much memory a piece's rows take as a RowSet. */
extern Size stored_rows_size(const StoredRows *stored, int piece);

/* A piece's rows, NULL if there are none; the caller has to free them. */
extern Tuplestorestate *stored_rows_take(StoredRows *stored, int piece);

/* Free the rows that were not taken. */
extern void stored_rows_free(StoredRows *stored);

#endif /* SESSIONIZE_STORED_ROWS_H */
