/*
 * step_reader.h
 *		Which of several conditions a row satisfies.
 *
 * Conditions over one and the same column, as steps over an event's name are, are computed once for each
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
 * Prepare to compute conditions, given as trees and ready for execution: 1 to SZ_MAX_STEPS of them, whose
 * variables are all columns of the rows.  The context is the reader's to use: it is reset after each row.
 */
extern StepReader *step_reader_create(List *expressions, List *states, ExprContext *econtext);

/* The same for the input of a node: variables are columns of the outer tuple. */
extern StepReader *step_reader_for_node(List *expressions, PlanState *node);

/* Where the next rows come in; to be called before the first. */
extern void step_reader_set_slot(StepReader *reader, TupleTableSlot *slot);

/* The conditions that the row in the slot satisfies: bit i - 1 for the i-th. */
extern uint32 step_reader_mask(StepReader *reader);

/* Forget what values gave: parameters have changed. */
extern void step_reader_forget(StepReader *reader);

/* The context it was made with. */
extern ExprContext *step_reader_context(const StepReader *reader);

#endif /* SESSIONIZE_STEP_READER_H */
