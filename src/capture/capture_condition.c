/*
 * capture_condition.c
 *		The WHEN condition of a trigger that captures inserted rows by some of their columns.
 *
 * Its list of columns was right when the trigger was created. Code that relies on it must compare
 * it with the columns that the key and the times consist of now: a restored table may have its
 * columns in another order, and the view "source" may have been replaced.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"
#include "nodes/readfuncs.h"
#include "parser/parse_func.h"

#include "capture/capture_condition.h"

#define FUNCTION "not_captured"

/*
 * condition_function returns the OID of the condition's function; InvalidOid if it is missing.
 */
static Oid
condition_function(void)
{
	Oid types[] = {INT4OID, ANYOID};

	return LookupFuncName(list_make2(makeString("sessionize"), makeString(FUNCTION)),
						  lengthof(types), types, true);
}

/*
 * capture_condition_make returns the parse tree of a condition.
 */
Node *
capture_condition_make(int32 pipeline, Relation raw, const Bitmapset *attributes)
{
	A_Const *id = makeNode(A_Const);
	List *arguments = list_make1(id);
	int attribute = -1;

	if (attributes == NULL || bms_num_members(attributes) >= FUNC_MAX_ARGS)
		return NULL;
	id->val.ival = *makeInteger(pipeline);
	id->location = -1;
	while ((attribute = bms_next_member(attributes, attribute)) >= 0)
	{
		const char *name = NameStr(TupleDescAttr(RelationGetDescr(raw), attribute - 1)->attname);
		ColumnRef *column = makeNode(ColumnRef);

		column->fields = list_make2(makeString("new"), makeString(pstrdup(name)));
		column->location = -1;
		arguments = lappend(arguments, column);
	}
	return (Node *) makeFuncCall(list_make2(makeString("sessionize"), makeString(FUNCTION)),
								 arguments, COERCE_EXPLICIT_CALL, -1);
}

/*
 * read_condition returns a trigger's condition; NULL if it is not our condition for the pipeline.
 */
static const FuncExpr *
read_condition(const char *condition, int32 pipeline)
{
	const FuncExpr *call = condition == NULL ? NULL : stringToNode(condition);
	const Const *id;

	if (call == NULL || !IsA(call, FuncExpr) || call->funcid != condition_function() ||
		!IsA(linitial(call->args), Const))
		return NULL;
	id = linitial_node(Const, call->args);
	return !id->constisnull && DatumGetInt32(id->constvalue) == pipeline ? call : NULL;
}

/*
 * capture_condition_is_ours tells whether a trigger's condition is our condition for the pipeline.
 */
bool
capture_condition_is_ours(const char *condition, int32 pipeline)
{
	return read_condition(condition, pipeline) != NULL;
}

/*
 * has_columns tells whether a condition has exactly these columns, in order.
 */
static bool
has_columns(const FuncExpr *call, const Bitmapset *attributes)
{
	int attribute = -1;

	for (int i = 1; i < list_length(call->args); i++)
	{
		const Var *column = list_nth(call->args, i);

		attribute = bms_next_member(attributes, attribute);
		if (!IsA(column, Var) || column->varno != PRS2_NEW_VARNO || column->varattno != attribute)
			return false;
	}
	return list_length(call->args) == bms_num_members(attributes) + 1;
}

/*
 * capture_condition_holds tells whether all our conditions on the raw table have these columns.
 */
bool
capture_condition_holds(Relation raw, int32 pipeline, const Bitmapset *attributes)
{
	/* reading a condition reads catalogs, which may replace the relation's own list of triggers */
	TriggerDesc *triggers = CopyTriggerDesc(raw->trigdesc);
	bool holds = true;

	for (int i = 0; holds && triggers != NULL && i < triggers->numtriggers; i++)
	{
		const FuncExpr *call = read_condition(triggers->triggers[i].tgqual, pipeline);

		holds = call == NULL || has_columns(call, attributes);
	}
	FreeTriggerDesc(triggers);
	return holds;
}
