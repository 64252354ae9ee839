/*
 * source_check.c
 *		Whether a pipeline's view "source" is as create_pipeline makes it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "commands/raw_table.h"
#include "compat.h"
#include "source/source_check.h"
#include "source/source_reader.h"

/* The columns' types; those of keys and ids are the pipeline's own. */
static const Oid column_types[SRC_NCOLUMNS] = {
	[SRC_EVENT_NAME] = TEXTOID,     [SRC_USER_ID] = TEXTOID,
	[SRC_PAGE] = TEXTOID,           [SRC_OCCURRED_AT] = TIMESTAMPTZOID,
	[SRC_SENT_AT] = TIMESTAMPTZOID, [SRC_RECEIVED_AT] = TIMESTAMPTZOID,
	[SRC_RESTART] = BOOLOID,        [SRC_PAGE_VIEW] = BOOLOID,
};

/*
 * is_plain_select tells whether a query gives one row for each row of one relation, and nothing else.
 */
static bool
is_plain_select(const Query *query)
{
	return query->commandType == CMD_SELECT && !query->hasAggs && !query->hasWindowFuncs &&
		   !query->hasTargetSRFs && !query->hasSubLinks && !query->hasDistinctOn && query->cteList == NIL &&
		   query->groupClause == NIL && query->groupingSets == NIL && query->havingQual == NULL &&
		   query->windowClause == NIL && query->distinctClause == NIL && query->limitOffset == NULL &&
		   query->limitCount == NULL && query->rowMarks == NIL && query->setOperations == NULL &&
		   query->jointree->quals == NULL && list_length(query->jointree->fromlist) == 1 &&
		   IsA(linitial(query->jointree->fromlist), RangeTblRef);
}

/*
 * is_system_column tells whether an expression is that system column of the relation.
 */
static bool
is_system_column(const Node *expression, AttrNumber attribute)
{
	return IsA(expression, Var) && ((const Var *) expression)->varattno == attribute;
}

/*
 * has_other_columns finds what the row alone does not give: another relation's columns, system columns.
 */
static bool
has_other_columns(Node *node, void *relation)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		const Var *var = (const Var *) node;

		return var->varno != *(const int *) relation || var->varlevelsup != 0 || var->varattno < 0;
	}
	return expression_tree_walker(node, has_other_columns, relation);
}

/*
 * our_name returns the name that create_pipeline gives a column of the view.
 */
static const char *
our_name(int column)
{
	if (column == SRC_NCOLUMNS)
		return "raw_table";
	return column > SRC_NCOLUMNS ? "raw_ctid" : source_column_name(column);
}

/*
 * find_renamed returns the first column of the view that does not have our name, by which it is asked for,
 * -1 where there is none; a column that is missing counts.
 */
static int
find_renamed(TupleDesc desc)
{
	for (int column = 0; column < SRC_NCOLUMNS + 2; column++)
		if (column >= desc->natts ||
			strcmp(NameStr(TupleDescAttr(desc, column)->attname), our_name(column)) != 0)
			return column;
	return -1;
}

/*
 * has_our_columns tells whether the query's columns are ours, in our order.
 */
static bool
has_our_columns(const Pipeline *pipeline, List *targets, int relation)
{
	if (list_length(targets) < SRC_NCOLUMNS + 2)
		return false;
	for (int column = 0; column < SRC_NCOLUMNS; column++)
	{
		Node *expression = (Node *) list_nth_node(TargetEntry, targets, column)->expr;
		Oid type = exprType(expression);

		if (type != pipeline->types[column] ||
			(OidIsValid(column_types[column]) && type != column_types[column]) ||
			has_other_columns(expression, &relation))
			return false;
	}
	return is_system_column((Node *) list_nth_node(TargetEntry, targets, SRC_NCOLUMNS)->expr,
							TableOidAttributeNumber) &&
		   is_system_column((Node *) list_nth_node(TargetEntry, targets, SRC_NCOLUMNS + 1)->expr,
							SelfItemPointerAttributeNumber);
}

/*
 * source_find returns the number of the raw table in the view's query, 0 where that was altered or replaced.
 */
Index
source_find(const Pipeline *pipeline, Relation view)
{
	const Query *query = get_view_query(view);

	if (find_renamed(RelationGetDescr(view)) < 0 && is_plain_select(query))
	{
		int relation = linitial_node(RangeTblRef, query->jointree->fromlist)->rtindex;
		const RangeTblEntry *entry = list_nth_node(RangeTblEntry, query->rtable, relation - 1);

		if (entry->rtekind == RTE_RELATION && entry->relid == pipeline->source && entry->inh &&
			entry->tablesample == NULL && has_our_columns(pipeline, query->targetList, relation))
			return relation;
	}
	return 0;
}

/*
 * hint_rename adds the hint for a view of which a column has another name.
 */
static int
hint_rename(const Pipeline *pipeline, TupleDesc desc, int column)
{
	return errhint("ALTER VIEW %s RENAME COLUMN %s TO %s; and CALL sessionize.rebuild(%s);",
				   quote_qualified_identifier(pipeline->name, "source"),
				   quote_identifier(NameStr(TupleDescAttr(desc, column)->attname)),
				   quote_identifier(our_name(column)), quote_literal_cstr(pipeline->name));
}

/*
 * report_changed reports a view that was altered or replaced.
 */
pg_noreturn static void
report_changed(const Pipeline *pipeline, Relation view)
{
	TupleDesc desc = RelationGetDescr(view);
	int column = find_renamed(desc);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("view %s is not the one that create_pipeline made",
					quote_qualified_identifier(pipeline->name, "source")),
			 errdetail("Its query, or the names or types of its columns, are others."),
			 column >= 0 && column < desc->natts
				 ? hint_rename(pipeline, desc, column)
				 : errhint("SELECT sessionize.drop_pipeline(%s) drops the pipeline; then create it again.",
						   quote_literal_cstr(pipeline->name))));
}

/*
 * source_check returns the number of the raw table in the view's query.
 */
Index
source_check(const Pipeline *pipeline, Relation view)
{
	Index relation = source_find(pipeline, view);

	if (relation == 0)
		report_changed(pipeline, view);
	raw_table_check_distributed(pipeline->source);
	return relation;
}
