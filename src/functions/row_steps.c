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
 * step_name returns what messages call a step, counted from 0.
 */
static const char *
step_name(const char *const *names, int i)
{
	return names != NULL ? names[i] : psprintf("step %d", i + 1);
}

/*
 * parse_step parses a step's text into a boolean expression over the columns of a relation.
 */
static Node *
parse_step(Relation rel, const char *const *names, int i, const char *text)
{
	const char *argname = names != NULL ? names[i] : psprintf("steps[%d]", i + 1);
	Node *expression;
	Node *condition;

	if (text[strspn(text, " \t\n\r")] == '\0')
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s is empty", step_name(names, i)),
						errhint("Give a condition on a row, such as event_name = 'view'.")));
	expression = expression_parse(rel, argname, text);
	condition = expression_convert(expression, BOOLOID, false);
	if (condition == NULL)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("%s is of type %s, not boolean", step_name(names, i),
							   format_type_be(exprType(expression))),
						errhint("Give a condition on a row, such as event_name = 'view'.")));
	return condition;
}

/*
 * row_steps_create parses and checks the conditions.
 */
RowSteps *
row_steps_create(Relation rel, ArrayType *texts, const char *const *names)
{
	RowSteps *steps = palloc0(sizeof(*steps));
	Datum *elements;
	bool *nulls;

	steps->names = names;
	check_count(texts);
	deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &steps->nsteps);
	for (int i = 0; i < steps->nsteps; i++)
	{
		char *condition;
		Node *expression;

		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("%s must not be null", step_name(names, i)),
							errhint("Give a condition on a row, such as event_name = 'view'.")));
		condition = TextDatumGetCString(elements[i]);
		expression = parse_step(rel, names, i, condition);
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
		Node *expression = parse_step(table, steps->names, foreach_current_index(lc), lfirst(lc));

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
