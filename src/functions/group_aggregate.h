/*
 * group_aggregate.h
 *		What the node SessionGroup needs to know of an aggregate that it computes for each key.
 *
 * An aggregate says which functions it is made of, for the planner to recognize it, and what its
 * arguments are; and how to keep the rows of very many keys in a table of keys:
 *
 *		agg = aggregate->create(&input, CurrentMemoryContext);
 *		keys = aggregate->start(agg, cxt);
 *		for each row: fill keys->batch with aggregate->row(agg), or aggregate->no_row where the
 *			aggregate's FILTER leaves the row out; key_table_take(keys, &keys->batch)
 *		while ((key = aggregate->next(agg)) != NULL)
 *			aggregate->result(agg, n, &isnull)
 *		key_table_end(keys);
 *
 * Rows are kept in whatever order they come, and what goes to temporary files comes back in another.
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
	ARGUMENT_CONSTANT, /* the same for all rows: it uses none of their columns */
	ARGUMENT_STEPS     /* a list of conditions on each row, as VARIADIC boolean[] gives them */
} GroupArgumentKind;

typedef struct GroupArgument
{
	GroupArgumentKind kind;
	const char *name; /* in EXPLAIN */
} GroupArgument;

/* The input of an aggregate, as the node has it. */
typedef struct GroupInput
{
	PlanState *node;
	ExprContext *econtext; /* with the row in ecxt_outertuple; reset before each row */
	const KeyType *type;
	List *arguments;                     /* expressions; of ARGUMENT_STEPS a list of them */
	Oid result_types[GROUP_MAX_RESULTS]; /* InvalidOid for a result that is not wanted */
} GroupInput;

typedef struct GroupAggregate
{
	/* the functions it is made of */
	PGFunction transition;
	PGFunction finals[GROUP_MAX_RESULTS];

	int narguments;
	GroupArgument arguments[GROUP_MAX_ARGUMENTS];

	/* bytes in memory, roughly: for a key, and for each further row beside */
	int key_bytes;
	int row_bytes;

	/* Prepare what doesn't depend on rows, in CurrentMemoryContext. */
	void *(*create)(const GroupInput *input);

	/* Begin with an empty table, in cxt. */
	KeyTable *(*start)(void *agg, MemoryContext cxt);

	/* The next rows come in this slot. */
	void (*set_slot)(void *agg, TupleTableSlot *slot);

	/* What the batch gets for the row in the slot; and for one that FILTER leaves out. */
	SzInterval (*row)(void *agg);
	SzInterval no_row;

	/* Get the next key; NULL after the last. */
	const KeyEntry *(*next)(void *agg);

	/* A result for that key, in CurrentMemoryContext. */
	Datum (*result)(void *agg, int number, bool *isnull);

	/* Begin again with the first key. */
	void (*rewind)(void *agg);
} GroupAggregate;

extern const GroupAggregate group_sessions;
extern const GroupAggregate group_funnel;
extern const GroupAggregate group_funnel_mode;
extern const GroupAggregate group_retention;

#endif /* SESSIONIZE_GROUP_AGGREGATE_H */
