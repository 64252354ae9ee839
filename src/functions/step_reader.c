/*
 * step_reader.c
 *		Which of several conditions a row satisfies.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/executor.h"
#include "optimizer/optimizer.h"

#include "compat.h"
#include "core/hash.h"
#include "core/step_log.h"
#include "functions/slot_value.h"
#include "functions/step_reader.h"

/*
 * The number of values that are remembered, a power of two, and the longest such value, in bytes.
 */
#define MEMO_SIZE  256
#define MEMO_BYTES 48

/* The conditions that a value of the column satisfies. */
typedef struct Memo
{
	uint32 mask;
	int32 length; /* -1: no value */
	char bytes[MEMO_BYTES];
} Memo;

struct StepReader
{
	ExprContext *econtext;
	TupleTableSlot *slot;
	int nsteps;
	ExprState *expressions[SZ_MAX_STEPS];

	/* if all conditions use the same column and no other: */
	AttrNumber column; /* else InvalidAttrNumber */
	bool direct;
	bool by_value;
	int16 length;
	bool null_known;
	uint32 null_mask;
	Memo memos[MEMO_SIZE];
};

/*
 * only_column returns the column if expressions use exactly one.  It returns InvalidAttrNumber
 * otherwise, also if they use a whole row, or may return different results for the same value.
 */
static AttrNumber
only_column(List *expressions)
{
	AttrNumber column = InvalidAttrNumber;
	ListCell *lc;

	if (contain_volatile_functions((Node *) expressions))
		return InvalidAttrNumber;
	foreach (lc, pull_var_clause((Node *) expressions, PVC_RECURSE_PLACEHOLDERS))
	{
		AttrNumber attno = lfirst_node(Var, lc)->varattno;

		if (attno <= 0 || (column != InvalidAttrNumber && attno != column))
			return InvalidAttrNumber;
		column = attno;
	}
	return column;
}

/*
 * step_reader_create prepares to compute conditions.
 */
StepReader *
step_reader_create(List *expressions, List *states, ExprContext *econtext)
{
	StepReader *reader = palloc0(sizeof(*reader));
	ListCell *lc;

	Assert(list_length(states) <= SZ_MAX_STEPS);
	foreach (lc, states)
		reader->expressions[reader->nsteps++] = lfirst(lc);
	reader->econtext = econtext;
	reader->column = only_column(expressions);
	step_reader_forget(reader);
	return reader;
}

/*
 * step_reader_for_node prepares to compute conditions over the input of a node.
 */
StepReader *
step_reader_for_node(List *expressions, PlanState *node)
{
	return step_reader_create(expressions, ExecInitExprList(expressions, node),
							  CreateExprContext(node->state));
}

/*
 * step_reader_forget forgets the results that are remembered.
 */
void
step_reader_forget(StepReader *reader)
{
	reader->null_known = false;
	for (int i = 0; i < MEMO_SIZE; i++)
		reader->memos[i].length = -1;
}

/*
 * step_reader_set_slot says in which slot the next rows come.
 */
void
step_reader_set_slot(StepReader *reader, TupleTableSlot *slot)
{
	reader->slot = slot;
	reader->econtext->ecxt_scantuple = slot;
	reader->econtext->ecxt_outertuple = slot;
	if (reader->column != InvalidAttrNumber)
	{
		Form_pg_attribute att = TupleDescAttr(slot->tts_tupleDescriptor, reader->column - 1);

		reader->by_value = att->attbyval;
		reader->length = att->attlen;
		reader->direct = slot_value_is_direct(slot, reader->column);
	}
}

/*
 * step_reader_context returns the context with which the reader was made.
 */
ExprContext *
step_reader_context(const StepReader *reader)
{
	return reader->econtext;
}

/*
 * evaluate computes the conditions for the row in the slot.
 */
static uint32
evaluate(StepReader *reader)
{
	uint32 mask = 0;

	for (int i = 0; i < reader->nsteps; i++)
	{
		bool isnull;
		Datum value = ExecEvalExprSwitchContext(reader->expressions[i], reader->econtext, &isnull);

		if (!isnull && DatumGetBool(value))
			mask |= UINT32_C(1) << i;
	}
	ResetExprContext(reader->econtext);
	return mask;
}

/*
 * find_bytes returns the bytes of a value, and their number; NULL if the value is toasted or too
 * long.
 */
static inline const char *
find_bytes(const StepReader *reader, const Datum *value, int *length)
{
	const char *p = DatumGetPointer(*value);

	if (reader->by_value)
	{
		*length = sizeof(Datum);
		return (const char *) value;
	}
	*length = reader->length;
	if (*length == -1)
	{
		if (VARATT_IS_EXTERNAL(p) || VARATT_IS_COMPRESSED(p))
			return NULL;
		*length = VARSIZE_ANY_EXHDR(p);
		p = VARDATA_ANY(p);
	}
	return *length >= 0 && *length <= MEMO_BYTES ? p : NULL;
}

/*
 * find_memo returns the place where a value is, or will be, remembered.
 */
static inline Memo *
find_memo(StepReader *reader, const char *bytes, int length, bool *found)
{
	uint32 at = (uint32) sz_hash_bytes(bytes, length, 0) & (MEMO_SIZE - 1);

	for (int i = 0; i < 2; i++)
	{
		Memo *memo = &reader->memos[at ^ i];

		*found = memo->length == length && memcmp(memo->bytes, bytes, length) == 0;
		if (*found || memo->length < 0)
			return memo;
	}
	return &reader->memos[at];
}

/*
 * null_mask returns the steps that a row satisfies if its column is NULL.
 */
static uint32
null_mask(StepReader *reader)
{
	if (!reader->null_known)
		reader->null_mask = evaluate(reader);
	reader->null_known = true;
	return reader->null_mask;
}

/*
 * step_reader_mask returns the steps that the row in the slot satisfies.
 */
uint32
step_reader_mask(StepReader *reader)
{
	bool isnull;
	bool found;
	Datum value;
	const char *bytes;
	int length;
	Memo *memo;

	if (reader->column == InvalidAttrNumber)
		return evaluate(reader);
	value = slot_value(reader->slot, reader->column, reader->direct, &isnull);
	if (isnull)
		return null_mask(reader);
	bytes = find_bytes(reader, &value, &length);
	if (bytes == NULL)
		return evaluate(reader);
	memo = find_memo(reader, bytes, length, &found);
	if (!found)
	{
		memo->mask = evaluate(reader);
		memo->length = length;
		memcpy(memo->bytes, bytes, length);
	}
	return memo->mask;
}
