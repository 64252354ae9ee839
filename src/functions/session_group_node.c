/*
 * session_group_node.c
 *		The plan node SessionGroup: session_count and session_agg for each key of its input.
 *
 * Conditions on groups (HAVING) and expressions over the aggregates are the node's own, evaluated on the
 * row that it gives for each key.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "compat.h"

#include "catalog/objectaccess.h"
#include "catalog/pg_aggregate.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "functions/arguments.h"
#include "functions/island_table.h"
#include "functions/memory.h"
#include "functions/session_array.h"
#include "functions/session_group.h"
#include "functions/slot_value.h"

typedef struct SessionGroupState
{
	CustomScanState css;
	List *columns;  /* SessionGroupColumn of each of the node's */
	AttrNumber key; /* columns of the input */
	AttrNumber ts;
	KeyType type;
	ExprState *gap;
	Bitmapset *gap_params;     /* that the gap depends on */
	SessionTemplate *template; /* NULL where no session_agg is wanted */

	MemoryContext cxt;     /* of the table; NULL before the first row is asked for */
	IslandTable *table;    /* in cxt */
	bool gap_known;        /* with the first event, as an aggregate would look at it */
	TupleTableSlot *input; /* the slot that the input's latest row came in */
	bool direct;           /* what slot_value_is_direct says of it */
} SessionGroupState;

static void begin_node(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *exec_node(CustomScanState *node);
static void end_node(CustomScanState *node);
static void rescan_node(CustomScanState *node);
static void explain_node(CustomScanState *node, List *ancestors, ExplainState *es);

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
	List *input = list_nth(plan->custom_private, PRIVATE_INPUT);

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	state->columns = list_nth(plan->custom_private, PRIVATE_COLUMNS);
	state->key = (AttrNumber) linitial_int(input);
	state->ts = (AttrNumber) lsecond_int(input);
	return (Node *) state;
}

/*
 * check_function raises an error where a role may not call a function.
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
 * check_aggregate checks the privileges on an aggregate as the executor does: the user's on the aggregate,
 * and its owner's on the functions it is made of.
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
 * begin_node starts the input and prepares what doesn't depend on rows.
 */
static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	SessionGroupState *state = (SessionGroupState *) node;
	CustomScan *plan = castNode(CustomScan, node->ss.ps.plan);
	PlanState *input = ExecInitNode(linitial(plan->custom_plans), estate, eflags & ~EXEC_FLAG_REWIND);
	Form_pg_attribute key = TupleDescAttr(ExecGetResultType(input), state->key - 1);
	Expr *gap = linitial(plan->custom_exprs);
	ListCell *lc;

	node->custom_ps = list_make1(input);
	foreach (lc, plan->custom_scan_tlist)
	{
		Expr *column = lfirst_node(TargetEntry, lc)->expr;
		int kind = list_nth_int(state->columns, foreach_current_index(lc));

		if (kind != GROUP_KEY)
			check_aggregate(castNode(Aggref, column)->aggfnoid);
		if (kind == GROUP_SESSION_AGG)
			state->template =
				session_template_create(get_element_type(exprType((Node *) column)), estate->es_query_cxt);
	}
	key_type_init(&state->type, key->atttypid, key->attcollation, NameStr(key->attname),
				  estate->es_query_cxt);
	state->gap = ExecInitExpr(gap, &node->ss.ps);
	state->gap_params = pull_paramids(gap);
}

/*
 * read_gap evaluates the gap.
 */
static void
read_gap(SessionGroupState *state)
{
	bool isnull;
	Datum gap = ExecEvalExprSwitchContext(state->gap, state->css.ss.ps.ps_ExprContext, &isnull);

	island_table_set_gap(state->table, sz_interval_usecs(isnull ? NULL : DatumGetIntervalP(gap), "gap"));
	state->gap_known = true;
}

/*
 * event_of returns the island of an event.
 */
static inline SzInterval
event_of(SessionGroupState *state, TimestampTz ts)
{
	SzInterval event = {ts, ts, 1};

	if (unlikely(!state->gap_known))
		read_gap(state);
	sz_require_finite(ts);
	return event;
}

/*
 * add_row puts a row of the input into the batch.
 */
static inline void
add_row(SessionGroupState *state, TupleTableSlot *slot, EventBatch *batch)
{
	bool key_isnull;
	bool ts_isnull;
	Datum ts;
	Datum key;

	if (unlikely(slot != state->input))
	{
		state->input = slot;
		state->direct = slot_value_is_direct(slot, Max(state->key, state->ts));
	}
	ts = slot_value(slot, state->ts, state->direct, &ts_isnull);
	key = slot_value(slot, state->key, state->direct, &key_isnull);
	if (state->type.typbyval)
		key = key_type_as_stored(&state->type, key);
	event_batch_add(batch, &state->type, key, key_isnull,
					ts_isnull ? ISLAND_OF_NO_EVENT : event_of(state, DatumGetTimestampTz(ts)));
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
	state->table = MemoryContextAlloc(state->cxt, sizeof(IslandTable));
	state->gap_known = false;
	island_table_init(state->table, &state->type, 0, state->template != NULL, state->cxt);
	batch = &state->table->keys.batch;
	while (slot = ExecProcNode(input), !TupIsNull(slot))
	{
		add_row(state, slot, batch);
		if (!event_batch_is_full(batch))
			continue;
		CHECK_FOR_INTERRUPTS();
		key_table_take(&state->table->keys, batch);
	}
	if (batch->count > 0)
		key_table_take(&state->table->keys, batch);
}

/*
 * free_table frees the table, if there is one.
 */
static void
free_table(SessionGroupState *state)
{
	if (state->cxt == NULL)
		return;
	key_table_end(&state->table->keys);
	MemoryContextDelete(state->cxt);
	state->cxt = NULL;
	state->table = NULL;
}

/*
 * sessions_of gives the current key's sessions as session_agg does, in CurrentMemoryContext.
 */
static Datum
sessions_of(SessionGroupState *state, bool *isnull)
{
	IslandTable *table = state->table;

	*isnull = table->count == 0;
	if (*isnull)
		return (Datum) 0;
	if (table->count > PG_UINT32_MAX)
		sz_check_status(SZ_TOO_LARGE);
	return PointerGetDatum(session_array(state->template, table->items, (uint32) table->count));
}

/*
 * next_row puts the next key's row into the scan's slot, which it leaves empty after the last.
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
	key = island_table_next(state->table);
	if (key == NULL)
		return slot;
	old = MemoryContextSwitchTo(ss->ps.ps_ExprContext->ecxt_per_tuple_memory);
	foreach (lc, state->columns)
	{
		Datum *value = &slot->tts_values[foreach_current_index(lc)];
		bool *isnull = &slot->tts_isnull[foreach_current_index(lc)];

		*isnull = false;
		switch ((SessionGroupColumn) lfirst_int(lc))
		{
			case GROUP_KEY:
				*value = key->key;
				*isnull = key->isnull;
				break;
			case GROUP_SESSION_COUNT:
				*value = Int64GetDatum(state->table->count);
				break;
			case GROUP_SESSION_AGG:
				*value = sessions_of(state, isnull);
				break;
		}
	}
	MemoryContextSwitchTo(old);
	return ExecStoreVirtualTuple(slot);
}

/*
 * recheck_row is never needed: rows of groups can't be locked.
 */
static bool
recheck_row(ScanState *ss, TupleTableSlot *slot)
{
	(void) ss;
	(void) slot;
	return true;
}

/*
 * exec_node returns the next row that meets the conditions.
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
 * rescan_node begins again: with what has been read already, where neither the input nor the gap depends on
 * a parameter that has changed.
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
	if (input->chgParam == NULL && !bms_overlap(changed, state->gap_params))
	{
		island_table_rewind(state->table);
		return;
	}
	free_table(state);
	/* one with changed parameters begins again by itself */
	if (input->chgParam == NULL)
		ExecReScan(input);
}

/*
 * explain_node shows what is grouped and, with ANALYZE, what that took.
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

		if (list_nth_int(state->columns, foreach_current_index(lc)) == GROUP_KEY)
			key = (Node *) column;
		else
			aggref = castNode(Aggref, column);
	}
	ExplainPropertyText("Group Key", deparse_expression(key, context, prefix, false), es);
	ExplainPropertyText(
		"Event Time",
		deparse_expression((Node *) linitial_node(TargetEntry, aggref->args)->expr, context, prefix, false),
		es);
	if (aggref->aggfilter != NULL)
		ExplainPropertyText("Event Condition",
							deparse_expression((Node *) aggref->aggfilter, context, prefix, false), es);
	ExplainPropertyText("Gap", deparse_expression(linitial(plan->custom_exprs), context, prefix, false), es);
	if (es->analyze && state->cxt != NULL)
		key_table_explain(&state->table->keys.stats, es);
}
