/*
 * session_group_path.c
 *		Has the planner group by a hash of our own where session_count and session_agg, funnel and
 *		funnel_times, or retention are all that is computed for each key.
 *
 * The executor looks a group up row by row, and waits for memory each time.  Our table of keys takes
 * rows in batches and asks for the memory ahead.  The node takes its rows from whatever plan
 * the planner has for the input, so privileges, policies and snapshots are that plan's business.
 *
 * The library need not be loaded when a query comes: the planner asks the transition function's support
 * function for its cost before it calls the hook, and so loads it.
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
 * In units of cpu_operator_cost: what a row costs (HashAggregate reckons with 2, one for its hash and one
 * for the transition), and what it costs to set the node up.
 */
#define ROW_COST   1
#define SETUP_COST 100

const GroupAggregate *const session_group_aggregates[] = {&group_sessions, &group_funnel, &group_funnel_mode,
														  &group_retention};

#define NAGGREGATES ((int) lengthof(session_group_aggregates))

/* What a query wants of its groups. */
typedef struct GroupQuery
{
	PlannerInfo *root;
	Expr *key;
	int number; /* of the aggregate */
	const GroupAggregate *aggregate;
	Aggref *aggref;  /* one of its: they have the same arguments */
	List *arguments; /* of custom_exprs, see session_group.h */
	List *filter;
	List *having;
	List *tlist;   /* of TargetEntry: the key and each aggregate that is used, as the node gives them */
	List *columns; /* what each is */
	int nresults;  /* how many columns are not GROUP_INPUT */
} GroupQuery;

static create_upper_paths_hook_type previous_hook;

/* The transition function that the planner asked about last; InvalidOid before. */
static Oid transition_function;

/*
 * sz_session_transition_support has nothing to say to the planner, but notes that it is about to plan
 * our aggregates.
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
 * is_function tells whether a function of the catalog is one of ours, called as it is.
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
 * find_aggregate finds the aggregate of ours whose state all aggregates of the query share.  Then they have
 * the same arguments and condition, and none of these is volatile: else the states would not be shared.
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
 * is_plain tells whether an expression gives the same wherever and however often it is computed, and can be
 * computed by any node.
 */
static bool
is_plain(Expr *expr)
{
	return !contain_volatile_functions((Node *) expr) && !contain_subplans((Node *) expr) &&
		   !expression_returns_set((Node *) expr);
}

/*
 * group_key returns the expression the query groups by, if it is one, and our hash takes values to be equal
 * just when the grouping does; else NULL.
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
 * add_column gives the node one more column, unless it has it.
 */
static void
add_column(GroupQuery *query, Expr *expr, int column)
{
	if (tlist_member(expr, query->tlist) != NULL)
		return;
	query->tlist =
		lappend(query->tlist, makeTargetEntry(copyObject(expr), list_length(query->tlist) + 1, NULL, false));
	query->columns = lappend_int(query->columns, column);
}

/*
 * add_aggregate gives the node an aggregate for a column, and returns false where it can't have it.
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
 * needs_other adds what an expression needs of the node's columns, and returns true where it needs anything
 * else.
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
 * add_argument notes an argument of the aggregate, and returns false where the node can't have it.
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

		if (!IsA(expr, ArrayExpr) || array->multidims || list_length(array->elements) > SZ_MAX_STEPS)
			return false;
		argument = array->elements;
	}
	query->arguments = lappend(query->arguments, argument);
	return true;
}

/*
 * add_arguments notes the arguments of the aggregate and its condition, likewise.
 */
static bool
add_arguments(GroupQuery *query)
{
	ListCell *lc;

	foreach (lc, query->aggref->args)
	{
		int i = foreach_current_index(lc);

		if (!add_argument(query, query->aggregate->arguments[i].kind, lfirst_node(TargetEntry, lc)->expr))
			return false;
	}
	if (query->aggref->aggfilter == NULL)
		return true;
	query->filter = list_make1(query->aggref->aggfilter);
	return is_plain(query->aggref->aggfilter);
}

/*
 * understand finds out what the query wants, and returns whether the node can give it.
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
	add_column(query, query->key, GROUP_KEY); /* for EXPLAIN, where nothing else wants it */
	return add_arguments(query);
}

/*
 * column_of returns the number of a path's column, 0 where it has no such.
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
 * has_columns tells whether a path has the key and all columns that the arguments use, as the input of
 * grouping should.
 */
static bool
has_columns(const GroupQuery *query, const Path *path)
{
	List *used =
		pull_var_clause((Node *) list_make2(query->arguments, query->filter), PVC_INCLUDE_PLACEHOLDERS);
	ListCell *lc;

	foreach (lc, used)
	{
		if (column_of(path, lfirst(lc)) == 0)
			return false;
	}
	return column_of(path, query->key) > 0;
}

/*
 * add_input gives the node the columns of its input, for its arguments to use, and returns the numbers they
 * have there, of all columns of the node.
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
 * spill_cost returns what it costs to write what is kept to files and to read it, as HashAggregate reckons
 * with its rows; 0 where all keys will be in memory.
 */
static Cost
spill_cost(const GroupQuery *query, const Path *input, double keys)
{
	double rows = sqrt(keys * Max(input->rows, keys)); /* half way between the bounds, as session_table's */
	double bytes = (query->aggregate->key_bytes + input->pathtarget->width) * keys +
				   query->aggregate->row_bytes * (rows - keys);
	double pages = input->rows * (sizeof(SzInterval) + input->pathtarget->width) / BLCKSZ;

	if (bytes <= (double) get_hash_memory_limit())
		return 0;
	return pages * (random_page_cost + seq_page_cost) + input->rows * 2 * cpu_tuple_cost;
}

/*
 * set_costs says how many rows the node gives, and at what cost.
 */
static void
set_costs(Path *path, const Path *input, const GroupQuery *query)
{
	double keys = estimate_num_groups(query->root, list_make1(query->key), input->rows, NULL, NULL);
	double selectivity = clauselist_selectivity(query->root, query->having, 0, JOIN_INNER, NULL);
	QualCost having;
	QualCost arguments;

	cost_qual_eval(&having, query->having, query->root);
	cost_qual_eval_node(&arguments, (Node *) list_make2(query->arguments, query->filter), query->root);
	path->rows = clamp_row_est(keys * selectivity);
	path->startup_cost = input->total_cost + spill_cost(query, input, keys) +
						 (SETUP_COST + ROW_COST * input->rows) * cpu_operator_cost + arguments.startup +
						 arguments.per_tuple * input->rows + having.startup + path->pathtarget->cost.startup;
	path->total_cost = path->startup_cost + (cpu_tuple_cost + having.per_tuple) * keys +
					   cpu_operator_cost * query->nresults * keys +
					   path->pathtarget->cost.per_tuple * path->rows;
}

static Plan *plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
					   List *custom_plans);

static const CustomPathMethods path_methods = {
	.CustomName = "SessionGroup",
	.PlanCustomPath = plan_path,
};

static const CustomScanMethods scan_methods = {
	.CustomName = "SessionGroup",
	.CreateCustomScanState = session_group_create_state,
};

/*
 * add_path_for offers our node for a query that it can answer.
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
 * add_session_group_path is the hook: it offers our node for a query that groups.
 */
static void
add_session_group_path(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
					   RelOptInfo *output_rel, void *extra)
{
	GroupQuery query;

	if (previous_hook != NULL)
		previous_hook(root, stage, input_rel, output_rel, extra);
	if (stage == UPPERREL_GROUP_AGG && sz_enable_group_scan && understand(&query, root, output_rel, extra))
		add_path_for(&query, input_rel, output_rel);
}

/*
 * plan_path makes the plan.  The target list may be empty now and come later.
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

/*
 * session_group_install has the planner use the node where it can.
 */
void
session_group_install(void)
{
	RegisterCustomScanMethods(&scan_methods);
	previous_hook = create_upper_paths_hook;
	create_upper_paths_hook = add_session_group_path;
}
