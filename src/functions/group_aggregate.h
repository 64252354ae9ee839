/*
 * group_aggregate.h
 *		What the node SessionGroup needs to know of an aggregate that it computes for each key.
 *
 * A GroupAggregate names the aggregate's support functions, by which the planner's code recognizes
 * the aggregate, and its arguments.  And it says how to keep the rows of very many keys in a table
 * of keys:
 *
 *		agg = aggregate->create(&input, CurrentMemoryContext);
 *		keys = aggregate->start(agg, cxt);
 *		for each row: fill keys->batch with aggregate->row(agg), or aggregate->no_row if the
 *			aggregate's FILTER leaves the row out; key_table_take(keys, &keys->batch)
 *		while ((key = aggregate->next(agg)) != NULL)
 *			aggregate->result(agg, n, &isnull)
 *		key_table_end(keys);
 *
 * Rows may come in any order, and after they were in temporary files they come in another one.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_GROUP_AGGREGATE_H
#define SESSIONIZE_GROUP_AGGREGATE_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/execnodes.h"

#include "core/interval_set.h"
#include "functions/key_table.h"
#include "functions/row_value.h"
#include "functions/step_reader.h"

#define GROUP_MAX_ARGUMENTS 4
#define GROUP_MAX_RESULTS   2

typedef enum GroupArgumentKind
{
	ARGUMENT_ROW,      /* a value of each row */
	ARGUMENT_CONSTANT, /* the same for all rows: the expression uses no column */
	/* a list of conditions on each row, which the aggregate has as VARIADIC boolean[] */
	ARGUMENT_STEPS
} GroupArgumentKind;

typedef struct GroupArgument
{
	GroupArgumentKind kind;
	const char *name; /* the label in EXPLAIN */
} GroupArgument;

/* The input of an aggregate, as the node provides it. */
typedef struct GroupInput
{
	PlanState *node;
	ExprContext *econtext; /* its ecxt_outertuple is the row; reset before each row */
	const KeyType *type;
	List *arguments;                     /* expressions; for ARGUMENT_STEPS a list of expressions */
	Oid result_types[GROUP_MAX_RESULTS]; /* InvalidOid: the result is not wanted */
} GroupInput;

typedef struct GroupAggregate
{
	/* the support functions of the aggregate */
	PGFunction transition;
	PGFunction finals[GROUP_MAX_RESULTS];

	int narguments;
	GroupArgument arguments[GROUP_MAX_ARGUMENTS];

	/* approximate bytes in memory, for a key and for each further row of the key */
	int key_bytes;
	int row_bytes;

	/* Prepare what does not depend on rows, in CurrentMemoryContext. */
	void *(*create)(const GroupInput *input);

	/* Begin with an empty table in cxt. */
	KeyTable *(*start)(void *agg, MemoryContext cxt);

	/* Say in which slot the next rows come. */
	void (*set_slot)(void *agg, TupleTableSlot *slot);

	/* What to put into the batch for the row in the slot; and for a row that FILTER leaves out. */
	SzInterval (*row)(void *agg);
	SzInterval no_row;

	/* Get the next key; NULL: there is none. */
	const KeyEntry *(*next)(void *agg);

	/* One of the results for the current key, in CurrentMemoryContext. */
	Datum (*result)(void *agg, int number, bool *isnull);

	/* Start over with the first key. */
	void (*rewind)(void *agg);
} GroupAggregate;

extern const GroupAggregate group_sessions;
extern const GroupAggregate group_funnel;
extern const GroupAggregate group_funnel_mode;
extern const GroupAggregate group_retention;

#endif /* SESSIONIZE_GROUP_AGGREGATE_H */
