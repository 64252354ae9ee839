/*
 * capture_column.h
 *		One of a pipeline's columns, read from a row of the raw table or of a partition.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_COLUMN_H
#define SESSIONIZE_CAPTURE_COLUMN_H

#include "postgres.h"

#include "access/attnum.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

/* NULL where there is neither attribute nor expression. */
typedef struct CaptureColumn
{
	int nattributes;
	AttrNumber *attributes; /* the value is the first of these that is not NULL */
	Node *expression;       /* else what this gives */
	bool is_guarded;        /* which may raise an error */
	bool is_users;          /* and calls functions of users: evaluate it as the pipeline's owner */
	ExprState *state;       /* of the expression, in the transaction of this number */
	ExprContext *econtext;
	uint64 transaction;
} CaptureColumn;

/*
 * Set a column up, in CurrentMemoryContext, to be read from rows of the relation: the raw table or a
 * partition of it.  expression is over the raw table's columns; NULL: the column is always NULL.
 */
extern void capture_column_init(CaptureColumn *column, Node *expression, Oid raw_table, Relation relation);

/* Read it; the value lies in the row or in CurrentMemoryContext. */
extern Datum capture_column_read(CaptureColumn *column, TupleTableSlot *slot, bool *isnull);

/* At each transaction's end: what was compiled in it is gone. */
extern void capture_column_forget(void);

#endif /* SESSIONIZE_CAPTURE_COLUMN_H */
