/*
 * row_steps.h
 *		Which of several conditions, given as SQL, a row of a relation satisfies.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROW_STEPS_H
#define SESSIONIZE_ROW_STEPS_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"
#include "utils/array.h"
#include "utils/rel.h"

#include "functions/step_reader.h"

typedef struct RowSteps
{
	int nsteps;
	const char *const *names; /* what messages call the conditions; NULL: step 1, step 2, ... */
	List *texts;              /* char * */
	List *expressions;        /* Node *, over the columns of the relation */
	/* the columns used: attribute numbers minus FirstLowInvalidHeapAttributeNumber */
	Bitmapset *columns;
} RowSteps;

/*
 * Parse and check the conditions, a text[]; reports an error with a hint for an invalid one.  names
 * are arguments of which each is one condition, or NULL if the argument steps has them all.
 */
extern RowSteps *row_steps_create(Relation rel, ArrayType *texts, const char *const *names);

/* The conditions as columns of a select list, each preceded by a comma. */
extern char *row_steps_sql(const RowSteps *steps, Relation rel, const char *alias);

/*
 * Prepare to read rows of a table, the relation itself or a child of it, from a slot.  Bit i - 1 of
 * a result is set if the row satisfies step i.
 */
extern StepReader *
row_step_reader_create(const RowSteps *steps, Relation table, TupleTableSlot *slot);

extern void row_step_reader_free(StepReader *reader);

#endif /* SESSIONIZE_ROW_STEPS_H */
