/*
 * session_group_path.c
 *		Offers the planner the node SessionGroup if a query groups by one expression, and computes
 *		nothing but session_count and session_agg, or funnel and funnel_times, or retention for each
 *		key.
 *
 * HashAggregate looks up the group of one row at a time, and waits for a cache miss each time.  The
 * extension's table of keys takes rows in batches, and prefetches their memory.  The node's input
 * is whatever plan the planner has for it, so that privileges, policies and snapshots are handled
 * there.
 *
 * The library need not be loaded before the query.  The planner asks the support function of the
 * transition function for its cost before it calls the hook, and thereby loads the library.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_aggregate.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"

#include "compat.h"
#include "core/step_log.h"
#include "functions/session_group.h"
#include "functions/session_group_node.h"
#include "functions/session_group_path.h"
#include "guc.h"
#include "utils/key_type.h"

PG_FUNCTION_INFO_V1(sz_session_transition_support);

/*
 * Costs in units of cpu_operator_cost: of a row (HashAggregate has 2, one for the hash and one for
 * the transition), and of the node's setup.
 */
#define ROW_COST   1
#define SETUP_COST 100

const GroupAggregate *const session_group_aggregates[] = {&group_sessions, &group_funnel,
														  &group_funnel_mode, &group_retention};

#define NAGGREGATES ((int) lengthof(session_group_aggregates))

/* The grouping of a query. */
typedef struct GroupQuery
{
	PlannerInfo *root;
	Expr *key;
	int number; /* of the aggregate, in session_group_aggregates */
	const GroupAggregate *aggregate;
	Aggref *aggref;  /* any of the query's aggregates: all have the same arguments */
	List *arguments; /* for custom_exprs (session_group.h) */
	List *filter;
	List *having;
	List *tlist;   /* TargetEntry: the key and each aggregate that is used */
	List *columns; /* what each entry of tlist is (session_group.h) */
	int nresults;  /* the number of columns other than GROUP_INPUT */
} GroupQuery;

static create_upper_paths_hook_type previous_hook;

/* The transition function that the planner asked about last; InvalidOid: none yet. */
static Oid transition_function;

/*
 * sz_session_transition_support leaves the cost to the planner.  It only notes that the planner is
 * about to plan one of the extension's aggregates.
 */
Datum
sz_session_transition_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestCost))
		transition_function = ((SupportRequestCost *) request)->funcid;
	PG_RETURN_POINTER(NULL);
}

/*
 * is_function tells whether a function of the catalog is this C function.
 */
static bool
is_function(Oid oid, PGFunction address)
{
	FmgrInfo function;

	if (!OidIsValid(oid))
		return false;
	fmgr_info(oid, &function);
	return function.fn_addr == address;
}

/*
 * find_aggregate finds the aggregate whose transition state all aggregates of the query share.  The
 * planner only lets aggregates share a state if they have the same arguments and FILTER, and none
 * of these is volatile.
 */
static bool
find_aggregate(GroupQuery *query)
{
	AggTransInfo *state;

	if (list_length(query->root->aggtransinfos) != 1)
		return false;
	state = linitial(query->root->aggtransinfos);
	if (state->transfn_oid != transition_function)
		return false;
	for (query->number = 0; query->number < NAGGREGATES; query->number++)
	{
		query->aggregate = session_group_aggregates[query->number];
		if (is_function(transition_function, query->aggregate->transition))
			return true;
	}
	return false;
}

/*
 * is_plain tells whether an expression has the same value wherever and however often it is
 * computed, and can be computed by any node.
 */
static bool
is_plain(Expr *expr)
{
	return !contain_volatile_functions((Node *) expr) && !contain_subplans((Node *) expr) &&
		   !expression_returns_set((Node *) expr);
}

/*
 * group_key returns the expression by which the query groups.  It returns NULL unless there is
 * exactly one, and the table of keys considers the same values equal as the grouping does.
 */
static Expr *
group_key(PlannerInfo *root, List *target_list)
{
	List *clauses = sz_group_clause(root);
	SortGroupClause *clause;
	TypeCacheEntry *type;
	Expr *key;

	if (root->parse->groupingSets != NIL || list_length(clauses) != 1)
		return NULL;
	clause = linitial_node(SortGroupClause, clauses);
	key = (Expr *) get_sortgroupclause_expr(clause, target_list);
	type = lookup_type_cache(getBaseType(exprType((Node *) key)), TYPECACHE_EQ_OPR);
	if (type->eq_opr != clause->eqop || !is_plain(key) ||
		!key_type_exists(exprType((Node *) key), exprCollation((Node *) key)))
		return NULL;
	return key;
}

/*
 * add_column adds a column to the node, unless the node has it already.
 */
static void
add_column(GroupQuery *query, Expr *expr, int column)
{
	if (tlist_member(expr, query->tlist) != NULL)
		return;
	query->tlist =
		lappend(query->tlist,
				makeTargetEntry(copyObject(expr), list_length(query->tlist) + 1, NULL, false));
	query->columns = lappend_int(query->columns, column);
}

/*
 * add_aggregate adds a column for an aggregate; false if the node can't compute it.
 */
static bool
add_aggregate(GroupQuery *query, Aggref *aggref)
{
	AggInfo *info = list_nth(query->root->agginfos, aggref->aggno);

	if (aggref->aggkind != AGGKIND_NORMAL || aggref->aggsplit != AGGSPLIT_SIMPLE ||
		aggref->aggdistinct != NIL || aggref->aggorder != NIL ||
		list_length(aggref->args) != query->aggregate->narguments)
		return false;
	for (int i = 0; i < GROUP_MAX_RESULTS; i++)
	{
		if (query->aggregate->finals[i] == NULL ||
			!is_function(info->finalfn_oid, query->aggregate->finals[i]))
			continue;
		add_column(query, (Expr *) aggref, i);
		query->aggref = aggref;
		return true;
	}
	return false;
}

/*
 * needs_other adds the columns that an expression needs; true if it needs a column that the node
 * can't have.
 */
static bool
needs_other(Node *node, void *context)
{
	GroupQuery *query = context;

	if (node == NULL)
		return false;
	if (equal(node, query->key))
	{
		add_column(query, query->key, GROUP_KEY);
		return false;
	}
	switch (nodeTag(node))
	{
		case T_Aggref:
			return !add_aggregate(query, (Aggref *) node);
		case T_Var:
		case T_PlaceHolderVar:
		case T_GroupingFunc:
			return true;
		default:
			return expression_tree_walker(node, needs_other, context);
	}
}

/*
 * add_argument notes an argument of the aggregate; false if the node can't compute it.
 */
static bool
add_argument(GroupQuery *query, GroupArgumentKind kind, Expr *expr)
{
	void *argument = expr;

	if (!is_plain(expr) || (kind == ARGUMENT_CONSTANT && contain_var_clause((Node *) expr)))
		return false;
	if (kind == ARGUMENT_STEPS)
	{
		ArrayExpr *array = (ArrayExpr *) expr;

		if (!IsA(expr, ArrayExpr) || array->multidims ||
			list_length(array->elements) > SZ_MAX_STEPS)
			return false;
		argument = array->elements;
	}
	query->arguments = lappend(query->arguments, argument);
	return true;
}

/*
 * add_arguments notes the aggregate's arguments and FILTER; false if the node can't compute them.
 */
static bool
add_arguments(GroupQuery *query)
{
	ListCell *lc;

	foreach (lc, query->aggref->args)
	{
		int i = foreach_current_index(lc);

		if (!add_argument(query, query->aggregate->arguments[i].kind,
						  lfirst_node(TargetEntry, lc)->expr))
			return false;
	}
	if (query->aggref->aggfilter == NULL)
		return true;
	query->filter = list_make1(query->aggref->aggfilter);
	return is_plain(query->aggref->aggfilter);
}

/*
 * understand analyzes the query, and tells whether the node can compute it.
 */
static bool
understand(GroupQuery *query, PlannerInfo *root, RelOptInfo *grouped_rel, GroupPathExtraData *extra)
{
	memset(query, 0, sizeof(*query));
	query->root = root;
	if (!find_aggregate(query))
		return false;
	query->key = group_key(root, extra->targetList);
	query->having = (List *) extra->havingQual;
	if (query->key == NULL || needs_other((Node *) grouped_rel->reltarget->exprs, query) ||
		needs_other((Node *) query->having, query) || query->aggref == NULL)
		return false;
	add_column(query, query->key, GROUP_KEY); /* EXPLAIN needs the key even if no expression does */
	return add_arguments(query);
}

/*
 * column_of returns the number of an expression in a path's target, 0 if it isn't there.
 */
static int
column_of(const Path *path, const Expr *expr)
{
	ListCell *lc;

	foreach (lc, path->pathtarget->exprs)
	{
		if (equal(lfirst(lc), expr))
			return foreach_current_index(lc) + 1;
	}
	return 0;
}

/*
 * has_columns tells whether a path has the key and all columns that the arguments use, which is to
 * be expected of the input of grouping.
 */
static bool
has_columns(const GroupQuery *query, const Path *path)
{
	List *used = pull_var_clause((Node *) list_make2(query->arguments, query->filter),
								 PVC_INCLUDE_PLACEHOLDERS);
	ListCell *lc;

	foreach (lc, used)
	{
		if (column_of(path, lfirst(lc)) == 0)
			return false;
	}
	return column_of(path, query->key) > 0;
}

/*
 * add_input adds the input's columns to the node's, since arguments refer to them.  It returns, for
 * each column of the node, its number in the input.
 */
static List *
add_input(GroupQuery *query, const Path *input)
{
	List *inputs = NIL;
	ListCell *lc;

	query->nresults = list_length(query->columns);
	foreach (lc, input->pathtarget->exprs)
		add_column(query, lfirst(lc), GROUP_INPUT);
	foreach (lc, query->tlist)
		inputs = lappend_int(inputs, column_of(input, lfirst_node(TargetEntry, lc)->expr));
	return inputs;
}

/*
 * spill_cost returns the cost of writing states to files and reading them, computed as for
 * HashAggregate; 0 if all keys will fit into memory.
 */
static Cost
spill_cost(const GroupQuery *query, const Path *input, double keys)
{
	/* the geometric mean of the bounds, as in session_table's estimate */
	double rows = sqrt(keys * Max(input->rows, keys));
	double bytes = (query->aggregate->key_bytes + input->pathtarget->width) * keys +
				   query->aggregate->row_bytes * (rows - keys);
	double pages = input->rows * (sizeof(SzInterval) + input->pathtarget->width) / BLCKSZ;

	if (bytes <= (double) get_hash_memory_limit())
		return 0;
	return pages * (random_page_cost + seq_page_cost) + input->rows * 2 * cpu_tuple_cost;
}

/*
 * set_costs sets the number of rows and the costs of the path.
 */
static void
set_costs(Path *path, const Path *input, const GroupQuery *query)
{
	double keys = estimate_num_groups(query->root, list_make1(query->key), input->rows, NULL, NULL);
	double selectivity = clauselist_selectivity(query->root, query->having, 0, JOIN_INNER, NULL);
	QualCost having;
	QualCost arguments;

	cost_qual_eval(&having, query->having, query->root);
	cost_qual_eval_node(&arguments, (Node *) list_make2(query->arguments, query->filter),
						query->root);
	path->rows = clamp_row_est(keys * selectivity);
	path->startup_cost = input->total_cost + spill_cost(query, input, keys) +
						 (SETUP_COST + ROW_COST * input->rows) * cpu_operator_cost +
						 arguments.startup + arguments.per_tuple * input->rows + having.startup +
						 path->pathtarget->cost.startup;
	path->total_cost = path->startup_cost + (cpu_tuple_cost + having.per_tuple) * keys +
					   cpu_operator_cost * query->nresults * keys +
					   path->pathtarget->cost.per_tuple * path->rows;
}

static const CustomScanMethods scan_methods = {
	.CustomName = "SessionGroup",
	.CreateCustomScanState = session_group_create_state,
};

/*
 * plan_path makes the plan.  The target list may still be empty; it is set later.
 */
static Plan *
plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
		  List *custom_plans)
{
	CustomScan *plan = makeNode(CustomScan);
	List *given = path->custom_private;

	(void) root;
	(void) rel;
	(void) clauses;
	plan->scan.plan.targetlist = tlist;
	plan->scan.plan.qual = copyObject(lthird(given));
	plan->scan.scanrelid = 0;
	plan->flags = path->flags;
	plan->methods = &scan_methods;
	plan->custom_plans = custom_plans;
	plan->custom_scan_tlist = linitial(given);
	plan->custom_exprs = copyObject(lsecond(given));
	plan->custom_private = lfourth(given);
	return &plan->scan.plan;
}

static const CustomPathMethods path_methods = {
	.CustomName = "SessionGroup",
	.PlanCustomPath = plan_path,
};

/*
 * add_path_for offers the node for a query that it can compute.
 */
static void
add_path_for(GroupQuery *query, RelOptInfo *input_rel, RelOptInfo *grouped_rel)
{
	Path *input = input_rel->cheapest_total_path;
	CustomPath *path = makeNode(CustomPath);
	List *inputs;

	if (!has_columns(query, input))
		return;
	inputs = add_input(query, input);

	path->path.pathtype = T_CustomScan;
	path->path.parent = grouped_rel;
	path->path.pathtarget = grouped_rel->reltarget;
	path->path.parallel_safe = grouped_rel->consider_parallel && input->parallel_safe;
	path->path.parallel_workers = input->parallel_workers;
	sz_take_over_disabled_nodes(&path->path, input);
	set_costs(&path->path, input, query);
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_paths = list_make1(input);
	path->custom_private =
		list_make4(query->tlist, list_make2(query->arguments, query->filter), query->having,
				   list_make3(query->columns, inputs, list_make1_int(query->number)));
	path->methods = &path_methods;
	add_path(grouped_rel, &path->path);
}

/*
 * add_session_group_path is the hook; it offers the node for grouping.
 */
static void
add_session_group_path(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
					   RelOptInfo *output_rel, void *extra)
{
	GroupQuery query;

	if (previous_hook != NULL)
		previous_hook(root, stage, input_rel, output_rel, extra);
	if (stage == UPPERREL_GROUP_AGG && sz_enable_group_scan &&
		understand(&query, root, output_rel, extra))
		add_path_for(&query, input_rel, output_rel);
}

/*
 * session_group_install installs the hook by which the planner can use the node.
 */
void
session_group_install(void)
{
	RegisterCustomScanMethods(&scan_methods);
	previous_hook = create_upper_paths_hook;
	create_upper_paths_hook = add_session_group_path;
}
