/*
 * row_steps.c
 *		Which of several conditions, given as SQL, a row of a relation satisfies.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "core/hash.h"
#include "core/step_log.h"
#include "executor/executor.h"
#include "functions/expression.h"
#include "functions/row_steps.h"
#include "functions/slot_value.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* Values remembered: a power of two, and how long they may be. */
#define MEMO_SIZE  256
#define MEMO_BYTES 48

/* What came of a value of the column. */
typedef struct Memo
{
	uint32 mask;
	int32 length; /* -1 for none yet */
	char bytes[MEMO_BYTES];
} Memo;

struct RowStepReader
{
	EState *estate;
	ExprContext *econtext;
	TupleTableSlot *slot;
	int nsteps;
	ExprState *expressions[SZ_MAX_STEPS];

	/* where all of them use the same column */
	AttrNumber column; /* or InvalidAttrNumber */
	bool direct;
	bool by_value;
	int16 length;
	bool null_known;
	uint32 null_mask;
	Memo memos[MEMO_SIZE];
};

/*
 * check_count reports too few or too many steps.
 */
static void
check_count(ArrayType *texts)
{
	int n = ArrayGetNItems(ARR_NDIM(texts), ARR_DIMS(texts));

	if (n == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there must be at least one step"),
						errhint("Give conditions on a row, such as ARRAY['event_name = ''view''', "
								"'event_name = ''purchase'''].")));
	if (n > SZ_MAX_STEPS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("there are %d steps, more than %d", n, SZ_MAX_STEPS),
						errhint("Leave out or join the steps that matter least.")));
}

/*
 * parse_step makes a boolean expression over the columns of a relation of a step's text.
 */
static Node *
parse_step(Relation rel, int number, const char *text)
{
	char *argname = psprintf("steps[%d]", number);
	Node *expression;
	Node *condition;

	if (text[strspn(text, " \t\n\r")] == '\0')
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("step %d is empty", number),
						errhint("Give a condition on a row, such as event_name = 'view'.")));
	expression = expression_parse(rel, argname, text);
	condition = expression_convert(expression, BOOLOID, false);
	if (condition == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("step %d is of type %s, not boolean", number, format_type_be(exprType(expression))),
				 errhint("Give a condition on a row, such as event_name = 'view'.")));
	return condition;
}

/*
 * row_steps_create parses and checks the conditions.
 */
RowSteps *
row_steps_create(Relation rel, ArrayType *texts)
{
	RowSteps *steps = palloc0(sizeof(*steps));
	Datum *elements;
	bool *nulls;

	check_count(texts);
	deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &steps->nsteps);
	for (int i = 0; i < steps->nsteps; i++)
	{
		char *condition;
		Node *expression;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("step %d must not be null", i + 1),
					 errhint("Give a condition on a row, such as event_name = 'view'.")));
		condition = TextDatumGetCString(elements[i]);
		expression = parse_step(rel, i + 1, condition);
		steps->texts = lappend(steps->texts, condition);
		steps->expressions = lappend(steps->expressions, expression);
		pull_varattnos(expression, 1, &steps->columns);
	}
	return steps;
}

/*
 * row_steps_sql returns the conditions as columns of a query.
 */
char *
row_steps_sql(const RowSteps *steps, Relation rel, const char *alias)
{
	StringInfoData sql;
	ListCell *lc;

	initStringInfo(&sql);
	foreach (lc, steps->expressions)
		appendStringInfo(&sql, ", (%s)", expression_text(rel, lfirst(lc), alias));
	return sql.data;
}

/*
 * find_column lets the reader remember the results, if all conditions use one and the same column and
 * always give the same for the same value.
 */
static void
find_column(RowStepReader *reader, List *expressions, TupleDesc desc)
{
	Bitmapset *columns = NULL;
	Form_pg_attribute att;

	pull_varattnos((Node *) expressions, 1, &columns);
	if (bms_membership(columns) != BMS_SINGLETON || contain_volatile_functions((Node *) expressions))
		return;
	reader->column = bms_singleton_member(columns) + FirstLowInvalidHeapAttributeNumber;
	att = TupleDescAttr(desc, reader->column - 1);
	reader->by_value = att->attbyval;
	reader->length = att->attlen;
	reader->direct = slot_value_is_direct(reader->slot, reader->column);
	for (int i = 0; i < MEMO_SIZE; i++)
		reader->memos[i].length = -1;
}

/*
 * row_step_reader_create prepares to read rows of a table from a slot.
 */
RowStepReader *
row_step_reader_create(const RowSteps *steps, Relation table, TupleTableSlot *slot)
{
	RowStepReader *reader = palloc0(sizeof(*reader));
	List *expressions = NIL;
	ListCell *lc;

	reader->slot = slot;
	reader->nsteps = steps->nsteps;
	reader->estate = CreateExecutorState();
	reader->econtext = GetPerTupleExprContext(reader->estate);
	reader->econtext->ecxt_scantuple = slot;
	foreach (lc, steps->texts)
	{
		int i = foreach_current_index(lc);
		/* a child's columns may have other numbers than the relation's */
		Node *expression = parse_step(table, i + 1, lfirst(lc));

		reader->expressions[i] = ExecPrepareExpr((Expr *) expression, reader->estate);
		expressions = lappend(expressions, expression);
	}
	find_column(reader, expressions, RelationGetDescr(table));
	return reader;
}

/*
 * row_step_reader_free frees a reader.
 */
void
row_step_reader_free(RowStepReader *reader)
{
	FreeExecutorState(reader->estate);
	pfree(reader);
}

/*
 * evaluate computes the conditions.
 */
static uint32
evaluate(RowStepReader *reader)
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
 * find_bytes returns the bytes of a value and how many they are; NULL where they are not at hand or too
 * many.
 */
static inline const char *
find_bytes(const RowStepReader *reader, const Datum *value, int *length)
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
 * find_memo returns where a value is remembered, or is to be.
 */
static inline Memo *
find_memo(RowStepReader *reader, const char *bytes, int length, bool *found)
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
 * null_mask returns the steps that a row satisfies whose column is NULL.
 */
static uint32
null_mask(RowStepReader *reader)
{
	if (!reader->null_known)
		reader->null_mask = evaluate(reader);
	reader->null_known = true;
	return reader->null_mask;
}

/*
 * row_step_reader_mask returns the steps that the row in the slot satisfies.
 */
uint32
row_step_reader_mask(RowStepReader *reader)
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
