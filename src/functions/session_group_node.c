/*
 * session_group_node.c
 *		The plan node SessionGroup, which computes an aggregate of the extension for each key of its
 *		input.
 *
 * Conditions on groups (HAVING) and expressions over the aggregates are the node's qual and target
 * list.  They are evaluated on the row that the node makes for each key.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/objectaccess.h"
#include "catalog/pg_aggregate.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "compat.h"
#include "functions/session_group.h"
#include "functions/session_group_node.h"
#include "functions/slot_value.h"

typedef struct SessionGroupState
{
	CustomScanState css;
	const GroupAggregate *aggregate;
	List *columns;  /* what each column of the node is (session_group.h) */
	AttrNumber key; /* the input's column with the key */
	KeyType type;
	ExprContext *econtext; /* for a row of the input */
	ExprState *filter;     /* NULL: none */
	Bitmapset *params;     /* parameters on which the arguments and FILTER depend */
	void *agg;             /* the result of aggregate->create */

	MemoryContext cxt;     /* the table's memory; NULL until the first row is requested */
	KeyTable *keys;        /* in cxt */
	TupleTableSlot *input; /* the slot of the input's latest row */
	bool direct;           /* the result of slot_value_is_direct for the slot and the key */
} SessionGroupState;

/*
 * check_function reports an error if a role may not call a function.
 */
static void
check_function(Oid function, Oid role, ObjectType kind)
{
	AclResult acl = sz_function_aclcheck(function, role, ACL_EXECUTE);

	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, kind, get_func_name(function));
	InvokeFunctionExecuteHook(function);
}

/*
 * check_aggregate checks the privileges on an aggregate as the executor does: those of the user on
 * the aggregate, and those of its owner on the support functions.
 */
static void
check_aggregate(Oid aggregate)
{
	HeapTuple function = SearchSysCache1(PROCOID, ObjectIdGetDatum(aggregate));
	HeapTuple parts = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
	Oid owner;

	if (!HeapTupleIsValid(function) || !HeapTupleIsValid(parts))
		elog(ERROR, "cache lookup failed for aggregate %u", aggregate);
	owner = ((Form_pg_proc) GETSTRUCT(function))->proowner;
	check_function(aggregate, GetUserId(), OBJECT_AGGREGATE);
	check_function(((Form_pg_aggregate) GETSTRUCT(parts))->aggtransfn, owner, OBJECT_FUNCTION);
	check_function(((Form_pg_aggregate) GETSTRUCT(parts))->aggfinalfn, owner, OBJECT_FUNCTION);
	ReleaseSysCache(parts);
	ReleaseSysCache(function);
}

/*
 * to_input replaces variables of the node's columns by variables of the input's columns.
 */
static Node *
to_input(Node *node, void *context)
{
	const List *inputs = context;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Var *var = copyObject(castNode(Var, node));

		var->varno = OUTER_VAR;
		var->varattno = (AttrNumber) list_nth_int(inputs, var->varattno - 1);
		Assert(var->varattno > 0);
		return (Node *) var;
	}
	return expression_tree_mutator(node, to_input, context);
}

/*
 * create_aggregate prepares the aggregate and its FILTER.
 */
static void
create_aggregate(SessionGroupState *state, CustomScan *plan)
{
	List *inputs = list_nth(plan->custom_private, PRIVATE_INPUTS);
	List *exprs = (List *) to_input((Node *) plan->custom_exprs, inputs);
	GroupInput input = {
		.node = &state->css.ss.ps, .econtext = state->econtext, .type = &state->type};
	ListCell *lc;

	input.arguments = linitial(exprs);
	for (int i = 0; i < GROUP_MAX_RESULTS; i++)
		input.result_types[i] = InvalidOid;
	foreach (lc, plan->custom_scan_tlist)
	{
		int column = list_nth_int(state->columns, foreach_current_index(lc));
		Expr *expr = lfirst_node(TargetEntry, lc)->expr;

		if (column == GROUP_KEY)
			state->key = (AttrNumber) list_nth_int(inputs, foreach_current_index(lc));
		else if (column != GROUP_INPUT)
		{
			check_aggregate(castNode(Aggref, expr)->aggfnoid);
			input.result_types[column] = exprType((Node *) expr);
		}
	}
	state->params = pull_paramids((Expr *) plan->custom_exprs);
	state->filter = ExecInitQual(lsecond(exprs), &state->css.ss.ps);
	state->agg = state->aggregate->create(&input);
}

/*
 * begin_node initializes the input, and prepares what does not depend on rows.
 */
static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	SessionGroupState *state = (SessionGroupState *) node;
	CustomScan *plan = castNode(CustomScan, node->ss.ps.plan);
	PlanState *input =
		ExecInitNode(linitial(plan->custom_plans), estate, eflags & ~EXEC_FLAG_REWIND);
	Form_pg_attribute key;

	node->custom_ps = list_make1(input);
	state->econtext = CreateExprContext(estate);
	create_aggregate(state, plan);
	key = TupleDescAttr(ExecGetResultType(input), state->key - 1);
	key_type_init(&state->type, key->atttypid, key->attcollation, NameStr(key->attname),
				  estate->es_query_cxt);
}

/*
 * set_input_slot notes the slot of the input's rows; a scan of several tables uses one for each.
 */
static void
set_input_slot(SessionGroupState *state, TupleTableSlot *slot)
{
	state->input = slot;
	state->direct = slot_value_is_direct(slot, state->key);
	state->econtext->ecxt_outertuple = slot;
	state->aggregate->set_slot(state->agg, slot);
}

/*
 * add_row adds a row of the input to the batch.
 */
static inline void
add_row(SessionGroupState *state, TupleTableSlot *slot, EventBatch *batch)
{
	bool isnull;
	Datum key;
	SzInterval row;

	if (unlikely(slot != state->input))
		set_input_slot(state, slot);
	ResetExprContext(state->econtext);
	if (ExecQual(state->filter, state->econtext))
		row = state->aggregate->row(state->agg);
	else
		row = state->aggregate->no_row;
	key = slot_value(slot, state->key, state->direct, &isnull);
	if (state->type.typbyval)
		key = key_type_as_stored(&state->type, key);
	event_batch_add(batch, &state->type, key, isnull, row);
}

/*
 * fill_table reads the whole input.
 */
static void
fill_table(SessionGroupState *state)
{
	PlanState *input = linitial(state->css.custom_ps);
	MemoryContext query_cxt = state->css.ss.ps.state->es_query_cxt;
	EventBatch *batch;
	TupleTableSlot *slot;

	state->cxt = AllocSetContextCreate(query_cxt, "session group", ALLOCSET_DEFAULT_SIZES);
	state->keys = state->aggregate->start(state->agg, state->cxt);
	state->input = NULL;
	batch = &state->keys->batch;
	while (slot = ExecProcNode(input), !TupIsNull(slot))
	{
		add_row(state, slot, batch);
		if (!event_batch_is_full(batch))
			continue;
		CHECK_FOR_INTERRUPTS();
		key_table_take(state->keys, batch);
	}
	if (batch->count > 0)
		key_table_take(state->keys, batch);
}

/*
 * free_table frees the table, if there is one.
 */
static void
free_table(SessionGroupState *state)
{
	if (state->cxt == NULL)
		return;
	key_table_end(state->keys);
	MemoryContextDelete(state->cxt);
	state->cxt = NULL;
	state->keys = NULL;
}

/*
 * next_row puts the next key's row into the scan's slot; the slot stays empty if there is none.
 */
static TupleTableSlot *
next_row(ScanState *ss)
{
	SessionGroupState *state = (SessionGroupState *) ss;
	TupleTableSlot *slot = ss->ss_ScanTupleSlot;
	const KeyEntry *key;
	MemoryContext old;
	ListCell *lc;

	if (state->cxt == NULL)
		fill_table(state);
	ExecClearTuple(slot);
	key = state->aggregate->next(state->agg);
	if (key == NULL)
		return slot;
	old = MemoryContextSwitchTo(ss->ps.ps_ExprContext->ecxt_per_tuple_memory);
	foreach (lc, state->columns)
	{
		Datum *value = &slot->tts_values[foreach_current_index(lc)];
		bool *isnull = &slot->tts_isnull[foreach_current_index(lc)];

		int column = lfirst_int(lc);

		if (column >= 0)
			*value = state->aggregate->result(state->agg, column, isnull);
		else
		{
			*isnull = column == GROUP_INPUT || key->isnull;
			*value = *isnull ? (Datum) 0 : key->key;
		}
	}
	MemoryContextSwitchTo(old);
	return ExecStoreVirtualTuple(slot);
}

/*
 * recheck_row is never called, because rows of groups can't be locked.
 */
static bool
recheck_row(ScanState *ss, TupleTableSlot *slot)
{
	(void) ss;
	(void) slot;
	return true;
}

/*
 * exec_node returns the next row that satisfies the quals.
 */
static TupleTableSlot *
exec_node(CustomScanState *node)
{
	return ExecScan(&node->ss, next_row, recheck_row);
}

/*
 * end_node frees the table and ends the input.
 */
static void
end_node(CustomScanState *node)
{
	free_table((SessionGroupState *) node);
	ExecEndNode(linitial(node->custom_ps));
}

/*
 * rescan_node starts over.  It keeps the table unless the input or an argument depends on a changed
 * parameter.
 */
static void
rescan_node(CustomScanState *node)
{
	SessionGroupState *state = (SessionGroupState *) node;
	PlanState *input = linitial(node->custom_ps);
	Bitmapset *changed = node->ss.ps.chgParam;

	if (changed != NULL)
		UpdateChangedParamSet(input, changed);
	ExecScanReScan(&node->ss);
	if (state->cxt == NULL)
		return;
	if (input->chgParam == NULL && !bms_overlap(changed, state->params))
	{
		state->aggregate->rewind(state->agg);
		return;
	}
	free_table(state);
	/* an input with changed parameters starts over by itself */
	if (input->chgParam == NULL)
		ExecReScan(input);
}

/*
 * explain_argument shows an argument of the aggregate.
 */
static void
explain_argument(const GroupArgument *argument, Node *expr, List *context, bool prefix,
				 ExplainState *es)
{
	List *conditions = NIL;
	ListCell *lc;

	if (argument->kind != ARGUMENT_STEPS)
	{
		ExplainPropertyText(argument->name, deparse_expression(expr, context, prefix, false), es);
		return;
	}
	foreach (lc, castNode(ArrayExpr, expr)->elements)
		conditions = lappend(conditions, deparse_expression(lfirst(lc), context, prefix, false));
	ExplainPropertyList(argument->name, conditions, es);
}

/*
 * explain_node shows the group key, the arguments and, with ANALYZE, the statistics of the table.
 */
static void
explain_node(CustomScanState *node, List *ancestors, ExplainState *es)
{
	SessionGroupState *state = (SessionGroupState *) node;
	CustomScan *plan = castNode(CustomScan, node->ss.ps.plan);
	List *context = set_deparse_context_plan(es->deparse_cxt, &plan->scan.plan, ancestors);
	bool prefix = es->verbose || sz_explained_relations(es) > 1;
	Aggref *aggref = NULL;
	Node *key = NULL;
	ListCell *lc;

	foreach (lc, plan->custom_scan_tlist)
	{
		Expr *column = lfirst_node(TargetEntry, lc)->expr;
		int kind = list_nth_int(state->columns, foreach_current_index(lc));

		if (kind == GROUP_KEY)
			key = (Node *) column;
		else if (kind != GROUP_INPUT)
			aggref = castNode(Aggref, column);
	}
	ExplainPropertyText("Group Key", deparse_expression(key, context, prefix, false), es);
	foreach (lc, aggref->args)
		explain_argument(&state->aggregate->arguments[foreach_current_index(lc)],
						 (Node *) lfirst_node(TargetEntry, lc)->expr, context, prefix, es);
	if (aggref->aggfilter != NULL)
		ExplainPropertyText("Event Condition",
							deparse_expression((Node *) aggref->aggfilter, context, prefix, false),
							es);
	if (es->analyze && state->cxt != NULL)
		key_table_explain(&state->keys->stats, es);
}

static const CustomExecMethods exec_methods = {
	.CustomName = "SessionGroup",
	.BeginCustomScan = begin_node,
	.ExecCustomScan = exec_node,
	.EndCustomScan = end_node,
	.ReScanCustomScan = rescan_node,
	.ExplainCustomScan = explain_node,
};

/*
 * session_group_create_state makes the node's state.
 */
Node *
session_group_create_state(CustomScan *plan)
{
	SessionGroupState *state = palloc0(sizeof(SessionGroupState));
	int number = linitial_int(list_nth(plan->custom_private, PRIVATE_AGGREGATE));

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	state->columns = list_nth(plan->custom_private, PRIVATE_COLUMNS);
	state->aggregate = session_group_aggregates[number];
	return (Node *) state;
}
