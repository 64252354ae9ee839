/*
 * row_value.h
 *		An expression over rows in a slot; a plain column is read without the executor.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROW_VALUE_H
#define SESSIONIZE_ROW_VALUE_H

#include "postgres.h"

#include "executor/executor.h"

#include "functions/slot_value.h"

typedef struct RowValue
{
	AttrNumber column; /* the plain column, or InvalidAttrNumber */
	bool direct;
	TupleTableSlot *slot;
	ExprState *state;
	ExprContext *econtext;
} RowValue;

/*
 * row_value_init prepares an expression whose variables are columns of econtext's outer tuple.
 */
static inline void
row_value_init(RowValue *value, Expr *expr, ExprContext *econtext, PlanState *node)
{
	memset(value, 0, sizeof(*value));
	value->econtext = econtext;
	if (IsA(expr, Var) && ((Var *) expr)->varattno > 0)
		value->column = ((Var *) expr)->varattno;
	else
		value->state = ExecInitExpr(expr, node);
}

/*
 * row_value_set_slot says in which slot the next rows come.
 */
static inline void
row_value_set_slot(RowValue *value, TupleTableSlot *slot)
{
	value->slot = slot;
	value->direct = value->column != InvalidAttrNumber && slot_value_is_direct(slot, value->column);
}

/*
 * row_value_get returns the value for the row in the slot.
 */
static inline Datum
row_value_get(const RowValue *value, bool *isnull)
{
	if (value->column != InvalidAttrNumber)
		return slot_value(value->slot, value->column, value->direct, isnull);
	return ExecEvalExprSwitchContext(value->state, value->econtext, isnull);
}

#endif /* SESSIONIZE_ROW_VALUE_H */
