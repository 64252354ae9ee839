/*
 * session_group_path.c
 *		Has the planner group by a hash of our own where session_count and session_agg are all that is
 *		computed for each key.
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
#include "compat.h"

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

#include "functions/key_type.h"
#include "functions/session_group.h"
#include "guc.h"

PG_FUNCTION_INFO_V1(sz_session_transition_support);

/*
 * In units of cpu_operator_cost: what a row costs (HashAggregate reckons with 2, one for its hash and one
 * for the transition), and what it costs to set the node up.
 */
#define ROW_COST   1
#define SETUP_COST 100

/* Bytes in memory, roughly: for a key and its first session, and for each further session. */
#define KEY_BYTES     80
#define SESSION_BYTES 32

/* What a query wants of its groups. */
typedef struct GroupQuery
{
	PlannerInfo *root;
	Expr *key;
	Aggref *aggregate; /* one of them: they have the same arguments */
	Expr *ts;          /* the time of a row's event, NULL for none */
	Expr *gap;
	List *having;
	List *tlist;   /* of TargetEntry: the key and each aggregate that is used, as the node gives them */
	List *columns; /* SessionGroupColumn of each */
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
 * uses_our_state tells whether all aggregates of the query share one state, and it is ours.  Then they have
 * the same arguments and condition, and none of these is volatile: else the states would not be shared.
 */
static bool
uses_our_state(PlannerInfo *root)
{
	AggTransInfo *state;

	if (list_length(root->aggtransinfos) != 1)
		return false;
	state = linitial(root->aggtransinfos);
	return state->transfn_oid == transition_function &&
		   is_function(transition_function, sz_session_transition);
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
add_column(GroupQuery *query, Expr *expr, SessionGroupColumn column)
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
	SessionGroupColumn column;

	if (is_function(info->finalfn_oid, sz_session_count_final))
		column = GROUP_SESSION_COUNT;
	else if (is_function(info->finalfn_oid, sz_session_agg_final))
		column = GROUP_SESSION_AGG;
	else
		return false;
	if (aggref->aggkind != AGGKIND_NORMAL || aggref->aggsplit != AGGSPLIT_SIMPLE ||
		aggref->aggdistinct != NIL || aggref->aggorder != NIL || list_length(aggref->args) != 2)
		return false;
	add_column(query, (Expr *) aggref, column);
	query->aggregate = aggref;
	return true;
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
 * event_time returns the time of a row's event: as the aggregate's condition has it, evaluated only
 * where the condition is true.
 */
static Expr *
event_time(const Aggref *aggref)
{
	Expr *ts = linitial_node(TargetEntry, aggref->args)->expr;
	CaseExpr *choice;
	CaseWhen *when;

	if (aggref->aggfilter == NULL)
		return ts;
	when = makeNode(CaseWhen);
	when->expr = aggref->aggfilter;
	when->result = ts;
	when->location = -1;
	choice = makeNode(CaseExpr);
	choice->casetype = exprType((Node *) ts);
	choice->casecollid = InvalidOid;
	choice->args = list_make1(when);
	choice->defresult = (Expr *) makeNullConst(choice->casetype, -1, InvalidOid);
	choice->location = -1;
	return (Expr *) choice;
}

/*
 * understand finds out what the query wants, and returns whether the node can give it.
 */
static bool
understand(GroupQuery *query, PlannerInfo *root, RelOptInfo *grouped_rel, GroupPathExtraData *extra)
{
	memset(query, 0, sizeof(*query));
	query->root = root;
	query->key = group_key(root, extra->targetList);
	query->having = (List *) extra->havingQual;
	if (query->key == NULL || needs_other((Node *) grouped_rel->reltarget->exprs, query) ||
		needs_other((Node *) query->having, query) || query->aggregate == NULL)
		return false;
	add_column(query, query->key, GROUP_KEY); /* for EXPLAIN, where nothing else wants it */
	query->ts = event_time(query->aggregate);
	query->gap = lsecond_node(TargetEntry, query->aggregate->args)->expr;
	return is_plain(query->ts) && is_plain(query->gap) && !contain_var_clause((Node *) query->gap);
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
 * input_path returns a path that has the key and the time among its columns: the cheapest of the input as
 * it is, where it can, for then a table's rows need not be projected.
 */
static Path *
input_path(const GroupQuery *query, RelOptInfo *input_rel)
{
	Path *path = input_rel->cheapest_total_path;
	PathTarget *target;

	if (column_of(path, query->key) > 0 && column_of(path, query->ts) > 0)
		return path;
	target = create_empty_pathtarget();
	add_column_to_pathtarget(target, query->key, 0);
	add_column_to_pathtarget(target, query->ts, 0);
	set_pathtarget_cost_width(query->root, target);
	return (Path *) create_projection_path(query->root, input_rel, path, target);
}

/*
 * spill_cost returns what it costs to write the islands to files and to read them, as HashAggregate
 * reckons with its rows; 0 where all keys will be in memory.
 */
static Cost
spill_cost(const Path *input, double keys)
{
	double sessions =
		sqrt(keys * Max(input->rows, keys)); /* half way between the bounds, as session_table's */
	double bytes = (KEY_BYTES + input->pathtarget->width) * keys + SESSION_BYTES * (sessions - keys);
	double pages = input->rows * (SESSION_BYTES + input->pathtarget->width) / BLCKSZ;

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

	cost_qual_eval(&having, query->having, query->root);
	path->rows = clamp_row_est(keys * selectivity);
	path->startup_cost = input->total_cost + spill_cost(input, keys) +
						 (SETUP_COST + ROW_COST * input->rows) * cpu_operator_cost + having.startup +
						 path->pathtarget->cost.startup;
	path->total_cost = path->startup_cost + (cpu_tuple_cost + having.per_tuple) * keys +
					   cpu_operator_cost * list_length(query->columns) * keys +
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
add_path_for(const GroupQuery *query, RelOptInfo *input_rel, RelOptInfo *grouped_rel)
{
	Path *input = input_path(query, input_rel);
	CustomPath *path = makeNode(CustomPath);

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
		list_make5(query->tlist, query->columns, query->gap, query->having,
				   list_make2_int(column_of(input, query->key), column_of(input, query->ts)));
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
	if (stage == UPPERREL_GROUP_AGG && sz_enable_group_scan && uses_our_state(root) &&
		understand(&query, root, output_rel, extra))
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
	plan->scan.plan.qual = copyObject(lfourth(given));
	plan->scan.scanrelid = 0;
	plan->flags = path->flags;
	plan->methods = &scan_methods;
	plan->custom_plans = custom_plans;
	plan->custom_scan_tlist = linitial(given);
	plan->custom_exprs = list_make1(copyObject(lthird(given)));
	plan->custom_private = list_make2(lsecond(given), list_nth(given, 4));
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
