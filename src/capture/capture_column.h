/*
 * capture_column.h
 *		Reading one of a pipeline's columns from a row of the raw table or of a partition.
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

/* A column with neither attributes nor an expression is always NULL. */
typedef struct CaptureColumn
{
	int nattributes;
	AttrNumber *attributes; /* the value is the first of these that is not NULL */
	Node *expression;       /* if there are no attributes: the value's expression */
	bool is_guarded;        /* the expression may raise an error */
	bool is_users;          /* calls functions of users: evaluate as the pipeline's owner */
	ExprState *state;       /* of the expression, compiled in this transaction_number */
	ExprContext *econtext;
	uint64 transaction;
} CaptureColumn;

/*
 * Prepare a column, in CurrentMemoryContext, to be read from rows of the relation, which is the raw
 * table or a partition. expression is over the columns of the raw table, whose range table index is
 * varno; NULL: the column is always NULL.
 */
extern void capture_column_init(CaptureColumn *column, Node *expression, Index varno, Oid raw_table,
								Relation relation);

/* Read the column. The value lies in the row or in CurrentMemoryContext. */
extern Datum capture_column_read(CaptureColumn *column, TupleTableSlot *slot, bool *isnull);

/* To be called at the end of each transaction: what was compiled in it is gone. */
extern void capture_column_forget(void);

#endif /* SESSIONIZE_CAPTURE_COLUMN_H */
