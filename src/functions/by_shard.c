/*
 * by_shard.c
 *		Aggregates over distributed tables are combined on the workers.
 *
 * Citus combines partial states only if their type is an ordinary one; it pulls the rows to the
 * coordinator otherwise.  So in a query of a distributed table the aggregate f becomes f_by_shard,
 * which has the same arguments and result, and a bytea as its state.  A worker that is sent a whole
 * query, because it groups by the column of distribution, finds no distributed table in it, but a
 * shard.  There f_by_shard becomes f again, which is faster, and which SessionGroup computes.
 *
 * Queries are changed before Citus plans them: this library is loaded after Citus, which wants to be
 * the first, so this hook is called before that of Citus.  If it is not, everything is as it was
 * without f_by_shard.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/planner.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "functions/by_shard.h"
#include "functions/distributed.h"

#define SCHEMA "sessionize"
#define SUFFIX "_by_shard"

/* What a query consists of, as far as it matters here. */
typedef struct QueryParts
{
	List *aggregates; /* Aggref */
	List *tables;     /* oids */
} QueryParts;

static planner_hook_type previous_hook;

/*
 * collect_parts collects the aggregates and tables of a query and of all queries within it.
 */
static bool
collect_parts(Node *node, void *context)
{
	QueryParts *parts = context;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, collect_parts, context, QTW_EXAMINE_RTES_BEFORE);
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *entry = (RangeTblEntry *) node;

		if (entry->rtekind == RTE_RELATION)
			parts->tables = lappend_oid(parts->tables, entry->relid);
		return false; /* what is within the entry is walked through after it */
	}
	if (IsA(node, Aggref))
		parts->aggregates = lappend(parts->aggregates, node);
	return expression_tree_walker(node, collect_parts, context);
}

/*
 * named_like returns the aggregate of the extension that has another name and the same arguments,
 * InvalidOid if there is none.
 */
static Oid
named_like(const char *name, Oid schema, const oidvector *arguments)
{
	Oid oid = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
							  PointerGetDatum(arguments), ObjectIdGetDatum(schema));

	return OidIsValid(oid) && get_func_prokind(oid) == PROKIND_AGGREGATE ? oid : InvalidOid;
}

/*
 * other_name returns the name with or without the suffix; NULL if it has it, or has it not, anyway.
 */
static char *
other_name(const char *name, bool by_shard)
{
	size_t length = strlen(name);
	bool has_suffix =
		length > strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;

	if (has_suffix == by_shard)
		return NULL;
	return by_shard ? psprintf("%s" SUFFIX, name) : pnstrdup(name, length - strlen(SUFFIX));
}

/*
 * counterpart returns the aggregate of the extension that does the same as another one, by shard or
 * not; InvalidOid if there is none, or the other one is it.
 */
static Oid
counterpart(Oid aggregate, bool by_shard)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(aggregate));
	Form_pg_proc form;
	Oid found = InvalidOid;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	if (form->pronamespace == get_namespace_oid(SCHEMA, true))
	{
		char *name = other_name(NameStr(form->proname), by_shard);

		if (name != NULL)
			found = named_like(name, form->pronamespace, &form->proargtypes);
	}
	ReleaseSysCache(tuple);
	return found;
}

/*
 * choose_aggregates replaces the aggregates of a query by those for distributed tables, or by the
 * others.  Where Citus combines no states, because rows are ordered or distinct, nothing is gained.
 */
static void
choose_aggregates(Query *query)
{
	QueryParts parts = {NIL, NIL};
	bool by_shard;
	ListCell *lc;

	collect_parts((Node *) query, &parts);
	if (parts.aggregates == NIL)
		return;
	by_shard = OidIsValid(distributed_first(parts.tables));
	foreach (lc, parts.aggregates)
	{
		Aggref *aggref = lfirst_node(Aggref, lc);
		Oid other = by_shard && (aggref->aggorder != NIL || aggref->aggdistinct != NIL)
						? InvalidOid
						: counterpart(aggref->aggfnoid, by_shard);

		if (OidIsValid(other))
			aggref->aggfnoid = other;
	}
}

/*
 * plan_by_shard is the hook; it changes the query where Citus is, and leaves planning to the others.
 */
static PlannedStmt *
plan_by_shard(SZ_PLANNER_PARAMETERS)
{
	if (distributed_exist())
		choose_aggregates(parse);
	return previous_hook != NULL ? previous_hook(SZ_PLANNER_ARGUMENTS)
								 : standard_planner(SZ_PLANNER_ARGUMENTS);
}

/*
 * by_shard_install installs the hook.
 */
void
by_shard_install(void)
{
	previous_hook = planner_hook;
	planner_hook = plan_by_shard;
}
