/*
 * row_steps.c
 *		Which of several conditions, given as SQL, a row of a relation satisfies.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "core/step_log.h"
#include "functions/row_steps.h"
#include "utils/expression.h"

/*
 * check_count reports too few or too many steps.
 */
static void
check_count(ArrayType *texts)
{
	int n = ArrayGetNItems(ARR_NDIM(texts), ARR_DIMS(texts));

	if (n == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there must be at least one step"),
						errhint("Give conditions on a row, such as ARRAY['event_name = ''view''', "
								"'event_name = ''purchase'''].")));
	if (n > SZ_MAX_STEPS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("there are %d steps, more than %d", n, SZ_MAX_STEPS),
						errhint("Leave out or join the steps that matter least.")));
}

/*
 * parse_step parses a step's text into a boolean expression over the columns of a relation.
 */
static Node *
parse_step(Relation rel, int number, const char *text)
{
	char *argname = psprintf("steps[%d]", number);
	Node *expression;
	Node *condition;

	if (text[strspn(text, " \t\n\r")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("step %d is empty", number),
				 errhint("Give a condition on a row, such as event_name = 'view'.")));
	expression = expression_parse(rel, argname, text);
	condition = expression_convert(expression, BOOLOID, false);
	if (condition == NULL)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("step %d is of type %s, not boolean", number,
							   format_type_be(exprType(expression))),
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
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("step %d must not be null", i + 1),
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
 * row_steps_sql returns the conditions as columns of a select list.
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
 * row_step_reader_create prepares to read rows of a table from a slot.
 */
StepReader *
row_step_reader_create(const RowSteps *steps, Relation table, TupleTableSlot *slot)
{
	EState *estate = CreateExecutorState();
	List *expressions = NIL;
	List *states = NIL;
	StepReader *reader;
	ListCell *lc;

	foreach (lc, steps->texts)
	{
		/* a child's columns may have other numbers than the relation's */
		Node *expression = parse_step(table, foreach_current_index(lc) + 1, lfirst(lc));

		expressions = lappend(expressions, expression);
		states = lappend(states, ExecPrepareExpr((Expr *) expression, estate));
	}
	reader = step_reader_create(expressions, states, GetPerTupleExprContext(estate));
	step_reader_set_slot(reader, slot);
	return reader;
}

/*
 * row_step_reader_free frees a reader.
 */
void
row_step_reader_free(StepReader *reader)
{
	FreeExecutorState(step_reader_context(reader)->ecxt_estate);
	pfree(reader);
}
