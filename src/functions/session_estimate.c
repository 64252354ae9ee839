/*
 * session_estimate.c
 *		The planner's estimates for session_table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "functions/session_table.h"

PG_FUNCTION_INFO_V1(session_table_support);

/* Estimates if nothing is known. */
#define UNKNOWN_EVENTS         1000000
#define UNKNOWN_EVENTS_PER_KEY 20

typedef struct SourceEstimate
{
	double events;
	double pages;
	double sessions;
} SourceEstimate;

/*
 * add_relation adds the estimated size of one table.
 */
static void
add_relation(SourceEstimate *estimate, Oid relid)
{
	Relation rel = try_relation_open(relid, AccessShareLock);
	BlockNumber pages = 0;
	double tuples = 0;
	double visible;

	if (rel == NULL)
		return;
	if (RELKIND_HAS_TABLE_AM(rel->rd_rel->relkind))
		estimate_rel_size(rel, NULL, &pages, &tuples, &visible);
	else if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
	{
		tuples = UNKNOWN_EVENTS;
		pages = UNKNOWN_EVENTS / 100;
	}
	estimate->pages += pages;
	estimate->events += tuples;
	relation_close(rel, AccessShareLock);
}

/*
 * may_see_statistics tells whether an estimate may depend on a column's statistics.  EXPLAIN shows
 * estimates to all users, before the privilege to read the source is checked.
 */
static bool
may_see_statistics(Oid relid, AttrNumber attno)
{
	return attno > 0 &&
		   (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
			pg_attribute_aclcheck(relid, attno, GetUserId(), ACL_SELECT) == ACLCHECK_OK);
}

/*
 * distinct_keys estimates the number of distinct values of the key column.
 */
static double
distinct_keys(Oid relid, const char *key, double events)
{
	AttrNumber attno = get_attnum(relid, key);
	HeapTuple tuple = NULL;
	double distinct = 0;

	/* statistics of the whole inheritance tree, else of the table alone */
	for (int whole = 1; whole >= 0 && tuple == NULL && may_see_statistics(relid, attno); whole--)
		tuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relid), Int16GetDatum(attno),
								BoolGetDatum(whole));
	if (HeapTupleIsValid(tuple))
	{
		distinct = ((Form_pg_statistic) GETSTRUCT(tuple))->stadistinct;
		if (distinct < 0)
			distinct = -distinct * events;
		ReleaseSysCache(tuple);
	}
	return clamp_row_est(distinct > 0 ? distinct : events / UNKNOWN_EVENTS_PER_KEY);
}

/*
 * constant_argument returns an argument if it is a constant of this type, else NULL.
 */
static Const *
constant_argument(FuncExpr *call, SessionTableArg arg, Oid type)
{
	Const *constant = list_nth(call->args, arg);

	return IsA(constant, Const) && !constant->constisnull && constant->consttype == type ? constant
																						 : NULL;
}

/*
 * estimate_source estimates how much is read, and the number of sessions.
 */
static SourceEstimate
estimate_source(Node *node)
{
	SourceEstimate estimate = {UNKNOWN_EVENTS, UNKNOWN_EVENTS / 100.0, 0};
	double keys = UNKNOWN_EVENTS / UNKNOWN_EVENTS_PER_KEY;
	FuncExpr *call = (FuncExpr *) node;
	Const *source = NULL;
	Const *key = NULL;

	if (node != NULL && IsA(node, FuncExpr) && is_session_table_arity(call))
	{
		source = constant_argument(call, ARG_SOURCE, REGCLASSOID);
		key = constant_argument(call, ARG_KEY, TEXTOID);
	}
	if (source != NULL && key != NULL &&
		get_rel_relkind(DatumGetObjectId(source->constvalue)) != '\0')
	{
		Oid relid = DatumGetObjectId(source->constvalue);
		ListCell *lc;

		memset(&estimate, 0, sizeof(estimate));
		foreach (lc, find_all_inheritors(relid, NoLock, NULL))
			add_relation(&estimate, lfirst_oid(lc));
		keys = distinct_keys(relid, TextDatumGetCString(key->constvalue), estimate.events);
	}
	/* at least one session per key, at most one per event: take the geometric mean */
	estimate.sessions = clamp_row_est(sqrt(Min(keys, estimate.events) * estimate.events));
	return estimate;
}

/*
 * session_table_support answers the planner's requests for rows and costs.
 */
Datum
session_table_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestRows))
	{
		SupportRequestRows *rows = (SupportRequestRows *) request;

		rows->rows = estimate_source(rows->node).sessions;
		PG_RETURN_POINTER(request);
	}
	if (IsA(request, SupportRequestCost))
	{
		SupportRequestCost *cost = (SupportRequestCost *) request;
		SourceEstimate estimate = estimate_source(cost->node);

		cost->startup = seq_page_cost * estimate.pages +
						(cpu_tuple_cost + 2 * cpu_operator_cost) * estimate.events;
		cost->per_tuple = cpu_operator_cost;
		PG_RETURN_POINTER(request);
	}
	PG_RETURN_POINTER(NULL);
}
