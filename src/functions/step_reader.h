/*
 * step_reader.h
 *		Which of several conditions a row satisfies.
 *
 * If all conditions only use one column, such as an event's name, they are computed once for each
 * of the column's most frequent values.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STEP_READER_H
#define SESSIONIZE_STEP_READER_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "nodes/pg_list.h"

typedef struct StepReader StepReader;

/*
 * Prepare to compute conditions, given as expression trees and as execution states.  There are 1 to
 * SZ_MAX_STEPS of them, and all their variables are columns of the rows.  The context must have no
 * other user, since the reader resets it after each row.
 */
extern StepReader *step_reader_create(List *expressions, List *states, ExprContext *econtext);

/*
 * Prepare to compute conditions over the input of a node: their variables are columns of the outer
 * tuple.
 */
extern StepReader *step_reader_for_node(List *expressions, PlanState *node);

/* Say in which slot the next rows come; to be called before the first row. */
extern void step_reader_set_slot(StepReader *reader, TupleTableSlot *slot);

/* The conditions that the row in the slot satisfies: bit i - 1 is set for condition i. */
extern uint32 step_reader_mask(StepReader *reader);

/* Forget the results that are remembered, because parameters have changed. */
extern void step_reader_forget(StepReader *reader);

/* The context with which the reader was made. */
extern ExprContext *step_reader_context(const StepReader *reader);

#endif /* SESSIONIZE_STEP_READER_H */
