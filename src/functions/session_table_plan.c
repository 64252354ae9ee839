/*
 * session_table_plan.c
 *		The plan node of session_table, which streams its rows to the node above.
 *
 * A function in FROM stores all of its rows, with all columns, before the first is returned.  This
 * node takes its place if the arguments do not depend on other tables of the query.  It only
 * computes the columns that are used, and stores no rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/extensible.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "functions/session_table.h"
#include "functions/session_table_plan.h"

typedef struct SessionTableState
{
	CustomScanState css;
	List *args;        /* of ExprState */
	Bitmapset *params; /* parameters on which the arguments depend */
	Oid key_type;
	int column_bits;   /* bits of the columns that are used */
	List *columns;     /* numbers of these columns, in the order of the slot */
	SessionScan *scan; /* NULL until the first row is requested */
} SessionTableState;

static set_rel_pathlist_hook_type previous_hook;

/*
 * session_table_call returns the call if a function in FROM is session_table and nothing else.
 */
static FuncExpr *
session_table_call(RangeTblEntry *rte)
{
	FuncExpr *call;
	char *name;
	FmgrInfo function;

	if (rte->rtekind != RTE_FUNCTION || rte->funcordinality || list_length(rte->functions) != 1)
		return NULL;
	call = (FuncExpr *) ((RangeTblFunction *) linitial(rte->functions))->funcexpr;
	if (!IsA(call, FuncExpr) || !is_session_table_arity(call))
		return NULL;
	name = get_func_name(call->funcid);
	if (name == NULL || strcmp(name, "session_table") != 0)
		return NULL;
	fmgr_info(call->funcid, &function);
	return function.fn_addr == session_table ? call : NULL;
}

/*
 * needs_whole_row tells whether the query needs the rows as values of the composite type; row
 * locking does.
 */
static bool
needs_whole_row(RelOptInfo *rel)
{
	Bitmapset *used = NULL;
	ListCell *lc;

	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &used);
	foreach (lc, rel->baserestrictinfo)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause, rel->relid, &used);
	return bms_is_member(InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber, used);
}

/* The context of collect_params. */
typedef struct ParamCollector
{
	PlannedStmt *statement;
	Bitmapset *params;
} ParamCollector;

/*
 * collect_params collects the executor's parameters on which an expression depends.
 */
static bool
collect_params(Node *node, void *context)
{
	ParamCollector *collector = context;

	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC)
		collector->params = bms_add_member(collector->params, ((Param *) node)->paramid);
	if (IsA(node, SubPlan))
	{
		Plan *plan = list_nth(collector->statement->subplans, ((SubPlan *) node)->plan_id - 1);

		collector->params = bms_add_members(collector->params, plan->extParam);
	}
	return expression_tree_walker(node, collect_params, collector);
}

/*
 * begin_node prepares the arguments, and checks the privilege on the function, as the executor does
 * for functions that it calls.
 */
static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	SessionTableState *state = (SessionTableState *) node;
	CustomScan *plan = castNode(CustomScan, node->ss.ps.plan);
	Oid function = linitial_oid((List *) lsecond(plan->custom_private));
	AclResult acl = sz_function_aclcheck(function, GetUserId(), ACL_EXECUTE);
	ParamCollector collector = {estate->es_plannedstmt, NULL};

	(void) eflags;
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, OBJECT_FUNCTION, get_func_name(function));
	InvokeFunctionExecuteHook(function);
	state->args = ExecInitExprList(plan->custom_exprs, &node->ss.ps);
	collect_params((Node *) plan->custom_exprs, &collector);
	state->params = collector.params;
}

/*
 * start_scan evaluates the arguments and reads the source.
 */
static void
start_scan(SessionTableState *state)
{
	PlanState *ps = &state->css.ss.ps;
	MemoryContext old = MemoryContextSwitchTo(ps->ps_ExprContext->ecxt_per_tuple_memory);
	NullableDatum args[SESSION_TABLE_MAX_ARGS];
	ListCell *lc;

	foreach (lc, state->args)
	{
		NullableDatum *arg = &args[foreach_current_index(lc)];

		arg->value = ExecEvalExpr((ExprState *) lfirst(lc), ps->ps_ExprContext, &arg->isnull);
	}
	state->scan = session_table_scan(args, state->key_type, state->column_bits,
									 ps->state->es_snapshot, ps->state->es_query_cxt);
	MemoryContextSwitchTo(old);
}

/*
 * next_row puts the next session into the scan's slot; the slot stays empty if there is none.
 */
static TupleTableSlot *
next_row(ScanState *ss)
{
	SessionTableState *state = (SessionTableState *) ss;
	TupleTableSlot *slot = ss->ss_ScanTupleSlot;
	SessionRow row;
	ListCell *lc;

	if (state->scan == NULL)
		start_scan(state);
	ExecClearTuple(slot);
	if (!session_scan_next(state->scan, &row))
		return slot;
	foreach (lc, state->columns)
	{
		int i = foreach_current_index(lc);

		session_table_column(&row, lfirst_int(lc), &slot->tts_values[i], &slot->tts_isnull[i]);
	}
	return ExecStoreVirtualTuple(slot);
}

/*
 * recheck_row is never called, because a query that locks rows needs whole rows, for which this
 * node is not used.
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
 * end_scan frees the scan, if there is one.
 */
static void
end_scan(SessionTableState *state)
{
	if (state->scan != NULL)
		session_scan_end(state->scan);
	state->scan = NULL;
}

/*
 * end_node frees the scan.
 */
static void
end_node(CustomScanState *node)
{
	end_scan((SessionTableState *) node);
}

/*
 * rescan_node starts over.  It keeps the scan unless an argument depends on a changed parameter;
 * parameters of the quals may change.
 */
static void
rescan_node(CustomScanState *node)
{
	SessionTableState *state = (SessionTableState *) node;

	ExecScanReScan(&node->ss);
	if (state->scan == NULL)
		return;
	if (bms_overlap(node->ss.ps.chgParam, state->params))
		end_scan(state);
	else
		session_scan_rewind(state->scan);
}

/*
 * argument_text returns an argument for EXPLAIN: the value of a constant, or the expression.
 */
static char *
argument_text(Node *arg, List *context)
{
	Const *constant = (Const *) arg;
	Oid output;
	bool is_varlena;

	if (!IsA(arg, Const) || constant->constisnull)
		return deparse_expression(arg, context, false, false);
	getTypeOutputInfo(constant->consttype, &output, &is_varlena);
	return OidOutputFunctionCall(output, constant->constvalue);
}

/*
 * explain_node shows the arguments and, with ANALYZE, the statistics of the scan.
 */
static void
explain_node(CustomScanState *node, List *ancestors, ExplainState *es)
{
	static const char *const names[] = {"Source", "Session Key", "Event Time", "Gap"};
	SessionTableState *state = (SessionTableState *) node;
	CustomScan *plan = castNode(CustomScan, node->ss.ps.plan);
	List *context = set_deparse_context_plan(es->deparse_cxt, &plan->scan.plan, ancestors);
	SessionScanStats stats;

	for (int i = ARG_SOURCE; i <= ARG_GAP; i++)
		ExplainPropertyText(names[i], argument_text(list_nth(plan->custom_exprs, i), context), es);
	if (!es->analyze || state->scan == NULL)
		return;
	stats = session_scan_stats(state->scan);
	ExplainPropertyText("Read By", stats.by_query ? "query" : "table access method", es);
	ExplainPropertyInteger("Rows Read", NULL, stats.rows, es);
	key_table_explain(&stats.table, es);
}

static const CustomExecMethods exec_methods = {
	.CustomName = "SessionTable",
	.BeginCustomScan = begin_node,
	.ExecCustomScan = exec_node,
	.EndCustomScan = end_node,
	.ReScanCustomScan = rescan_node,
	.ExplainCustomScan = explain_node,
};

/*
 * create_state makes the node's state.
 */
static Node *
create_state(CustomScan *plan)
{
	SessionTableState *state = palloc0(sizeof(SessionTableState));
	ListCell *lc;

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	state->columns = linitial(plan->custom_private);
	foreach (lc, state->columns)
		state->column_bits |= 1 << lfirst_int(lc);
	state->key_type = TEXTOID;
	if (list_length(plan->custom_exprs) > ARG_KEY_TYPE)
		state->key_type = exprType(list_nth(plan->custom_exprs, ARG_KEY_TYPE));
	return (Node *) state;
}

static const CustomScanMethods scan_methods = {
	.CustomName = "SessionTable",
	.CreateCustomScanState = create_state,
};

/*
 * add_columns appends the variables of a relation that an expression uses to a target list, each
 * once.
 */
static List *
add_columns(List *tlist, Node *expr, RelOptInfo *rel)
{
	ListCell *lc;

	foreach (lc, pull_var_clause(expr, PVC_RECURSE_PLACEHOLDERS))
	{
		Var *var = lfirst_node(Var, lc);

		if ((Index) var->varno == rel->relid && tlist_member((Expr *) var, tlist) == NULL)
			tlist = lappend(tlist, makeTargetEntry((Expr *) copyObject(var), list_length(tlist) + 1,
												   NULL, false));
	}
	return tlist;
}

/*
 * plan_path makes the plan.  The node's slot begins with the columns of the target list in their
 * order, so that no projection is needed; other columns follow.  The target list may still be
 * empty; it is set later.
 */
static Plan *
plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
		  List *custom_plans)
{
	FuncExpr *call = linitial_node(FuncExpr, path->custom_private);
	CustomScan *plan = makeNode(CustomScan);
	List *columns = NIL;
	ListCell *lc;

	(void) root;
	(void) custom_plans;
	plan->scan.plan.targetlist = tlist;
	plan->scan.plan.qual = extract_actual_clauses(clauses, false);
	plan->scan.scanrelid = 0;
	plan->flags = path->flags;
	plan->methods = &scan_methods;
	plan->custom_exprs = call->args;
	plan->custom_relids = bms_make_singleton(rel->relid);
	plan->custom_scan_tlist = add_columns(NIL, (Node *) tlist, rel);
	plan->custom_scan_tlist =
		add_columns(plan->custom_scan_tlist, (Node *) rel->reltarget->exprs, rel);
	plan->custom_scan_tlist =
		add_columns(plan->custom_scan_tlist, (Node *) plan->scan.plan.qual, rel);
	foreach (lc, plan->custom_scan_tlist)
		columns = lappend_int(columns, ((Var *) lfirst_node(TargetEntry, lc)->expr)->varattno - 1);
	plan->custom_private = list_make2(columns, list_make1_oid(call->funcid));
	return &plan->scan.plan;
}

static const CustomPathMethods path_methods = {
	.CustomName = "SessionTable",
	.PlanCustomPath = plan_path,
};

/*
 * add_session_table_path is the hook; it offers the node in place of a function scan.
 */
static void
add_session_table_path(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte)
{
	FuncExpr *call;
	Path *function_scan;
	CustomPath *path;

	if (previous_hook != NULL)
		previous_hook(root, rel, rti, rte);
	/* with lateral_relids, the arguments depend on other tables of the query */
	if (rel->pathlist == NIL || IS_DUMMY_REL(rel) || rel->lateral_relids != NULL)
		return;
	call = session_table_call(rte);
	function_scan = linitial(rel->pathlist);
	if (call == NULL || function_scan->pathtype != T_FunctionScan || needs_whole_row(rel))
		return;

	path = makeNode(CustomPath);
	path->path.pathtype = T_CustomScan;
	path->path.parent = rel;
	path->path.pathtarget = rel->reltarget;
	path->path.rows = function_scan->rows;
	/* the costs of the function scan, but rows need not be stored */
	path->path.startup_cost = function_scan->startup_cost;
	path->path.total_cost = function_scan->total_cost - 0.5 * cpu_tuple_cost * function_scan->rows;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_private = list_make1(call);
	path->methods = &path_methods;
	add_path(rel, &path->path);
}

/*
 * session_table_install installs the hook by which the planner can use the plan node.
 */
void
session_table_install(void)
{
	RegisterCustomScanMethods(&scan_methods);
	previous_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = add_session_table_path;
}
