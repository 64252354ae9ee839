/*
 * source_mapping.c
 *		A pipeline's view "source": whether it is as create_pipeline made it, and its columns'
 *		expressions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "catalog/definition.h"
#include "catalog/pipeline.h"
#include "catalog/raw_tree.h"
#include "catalog/star_relation.h"
#include "compat.h"
#include "source/source_mapping.h"
#include "utils/expression.h"

/* The names of the view's columns. */
static const char *const column_names[SRC_NCOLUMNS] = {
	[SRC_SESSION_KEY] = "session_key",
	[SRC_EVENT_ID] = "event_id",
	[SRC_RAW_ID] = "raw_id",
	[SRC_EVENT_NAME] = "event_name",
	[SRC_USER_ID] = "user_id",
	[SRC_PAGE] = "page",
	[SRC_OCCURRED_AT] = "occurred_at",
	[SRC_SENT_AT] = "sent_at",
	[SRC_RECEIVED_AT] = "received_at",
	[SRC_RESTART] = "restart",
	[SRC_PAGE_VIEW] = "page_view",
	[SRC_FILTER] = "filter",
	[SRC_CHANGE] = "restart_on_change",
	[SRC_MIDNIGHT] = "midnight",
	[SRC_TIME_ZONE] = "time_zone",
};

/* The columns' types. Those of keys, ids and restart_on_change are given by the pipeline. */
static const Oid column_types[SRC_NCOLUMNS] = {
	[SRC_EVENT_NAME] = TEXTOID,     [SRC_USER_ID] = TEXTOID,
	[SRC_PAGE] = TEXTOID,           [SRC_OCCURRED_AT] = TIMESTAMPTZOID,
	[SRC_SENT_AT] = TIMESTAMPTZOID, [SRC_RECEIVED_AT] = TIMESTAMPTZOID,
	[SRC_RESTART] = BOOLOID,        [SRC_PAGE_VIEW] = BOOLOID,
	[SRC_FILTER] = BOOLOID,         [SRC_MIDNIGHT] = TEXTOID,
	[SRC_TIME_ZONE] = TEXTOID,
};

/*
 * position_of returns the position of a column in the view, from 0.
 */
static inline int
position_of(SourceColumn column)
{
	return column < SRC_NCOLUMNS ? column : column + 2;
}

/*
 * source_expression returns a column's expression.
 */
Node *
source_expression(const SourceMapping *mapping, SourceColumn column)
{
	return (Node *) list_nth_node(TargetEntry, mapping->targets, position_of(column))->expr;
}

/*
 * source_column_name returns the name of a column of the view.
 */
const char *
source_column_name(const Pipeline *pipeline, SourceColumn column)
{
	return column < SRC_NCOLUMNS ? column_names[column]
								 : pipeline->definition->attributes[column - SRC_NCOLUMNS].name;
}

/*
 * is_plain_select tells whether a query returns exactly one row for each row of one relation.
 */
static bool
is_plain_select(const Query *query)
{
	return query->commandType == CMD_SELECT && !query->hasAggs && !query->hasWindowFuncs &&
		   !query->hasTargetSRFs && !query->hasSubLinks && !query->hasDistinctOn &&
		   query->cteList == NIL && query->groupClause == NIL && query->groupingSets == NIL &&
		   query->havingQual == NULL && query->windowClause == NIL &&
		   query->distinctClause == NIL && query->limitOffset == NULL &&
		   query->limitCount == NULL && query->rowMarks == NIL && query->setOperations == NULL &&
		   query->jointree->quals == NULL && list_length(query->jointree->fromlist) == 1 &&
		   IsA(linitial(query->jointree->fromlist), RangeTblRef);
}

/*
 * is_system_column tells whether an expression is the column with this attribute number.
 */
static bool
is_system_column(const Node *expression, AttrNumber attribute)
{
	return IsA(expression, Var) && ((const Var *) expression)->varattno == attribute;
}

/*
 * has_other_columns tells whether an expression has columns of another relation, or system columns.
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
 * our_name returns the name that create_pipeline gives to a column of the view.
 */
static const char *
our_name(const Pipeline *pipeline, int position)
{
	if (position == SRC_NCOLUMNS)
		return "raw_table";
	if (position == SRC_NCOLUMNS + 1)
		return "raw_ctid";
	return source_column_name(pipeline, position < SRC_NCOLUMNS ? position : position - 2);
}

/*
 * find_renamed returns the first column of the view that is missing or does not have the name that
 * create_pipeline gave it, since queries use these names; -1 if there is none.
 */
static int
find_renamed(const Pipeline *pipeline, TupleDesc desc)
{
	for (int column = 0; column < pipeline->ncolumns + 2; column++)
		if (column >= desc->natts ||
			strcmp(NameStr(TupleDescAttr(desc, column)->attname), our_name(pipeline, column)) != 0)
			return column;
	return -1;
}

/*
 * has_our_columns tells whether the query has the columns that create_pipeline made, in order.
 */
static bool
has_our_columns(const Pipeline *pipeline, List *targets, int relation)
{
	if (list_length(targets) < pipeline->ncolumns + 2)
		return false;
	for (int column = 0; column < pipeline->ncolumns; column++)
	{
		Node *expression = (Node *) list_nth_node(TargetEntry, targets, position_of(column))->expr;
		Oid type = exprType(expression);

		if (type != pipeline->types[column] ||
			(column < SRC_NCOLUMNS && OidIsValid(column_types[column]) &&
			 type != column_types[column]) ||
			has_other_columns(expression, &relation))
			return false;
	}
	return is_system_column((Node *) list_nth_node(TargetEntry, targets, SRC_NCOLUMNS)->expr,
							TableOidAttributeNumber) &&
		   is_system_column((Node *) list_nth_node(TargetEntry, targets, SRC_NCOLUMNS + 1)->expr,
							SelfItemPointerAttributeNumber);
}

/*
 * find_raw_table returns the range table index of the raw table in the view's query; 0 if the view
 * was altered or replaced.
 */
static Index
find_raw_table(const Pipeline *pipeline, Relation view)
{
	const Query *query = get_view_query(view);

	if (find_renamed(pipeline, RelationGetDescr(view)) < 0 && is_plain_select(query))
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
 * hint_rename adds the hint for a view with a renamed column.
 */
static int
hint_rename(const Pipeline *pipeline, TupleDesc desc, int column)
{
	return errhint("ALTER VIEW %s RENAME COLUMN %s TO %s; and CALL sessionize.rebuild(%s);",
				   star_relation(pipeline, STAR_SOURCE),
				   quote_identifier(NameStr(TupleDescAttr(desc, column)->attname)),
				   quote_identifier(our_name(pipeline, column)),
				   quote_literal_cstr(pipeline->name));
}

/*
 * report_changed reports a view that was altered or replaced.
 */
pg_noreturn static void
report_changed(const Pipeline *pipeline, Relation view)
{
	TupleDesc desc = RelationGetDescr(view);
	int column = find_renamed(pipeline, desc);

	ereport(
		ERROR,
		(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		 errmsg("view %s is not the one that create_pipeline made",
				star_relation(pipeline, STAR_SOURCE)),
		 errdetail("Its query, or the names or types of its columns, are others."),
		 column >= 0 && column < desc->natts
			 ? hint_rename(pipeline, desc, column)
			 : errhint(
				   "SELECT sessionize.drop_pipeline(%s) drops the pipeline; then create it again.",
				   quote_literal_cstr(pipeline->name))));
}

/*
 * check_raw_table returns the range table index of the raw table in the view's query, or reports
 * that the view was changed or that the raw table is distributed by Citus.
 */
static Index
check_raw_table(const Pipeline *pipeline, Relation view)
{
	Index relation = find_raw_table(pipeline, view);

	if (relation == 0)
		report_changed(pipeline, view);
	raw_tree_check_distributed(pipeline->source);
	return relation;
}

/*
 * is_null_constant tells whether an expression is a NULL constant, perhaps with a collation.
 */
static bool
is_null_constant(Node *expr)
{
	if (IsA(expr, CollateExpr))
		expr = (Node *) ((CollateExpr *) expr)->arg;
	return IsA(expr, Const) && ((Const *) expr)->constisnull;
}

/*
 * is_true_constant tells whether an expression is the constant true.
 */
static bool
is_true_constant(const Node *expr)
{
	return IsA(expr, Const) && !((const Const *) expr)->constisnull &&
		   DatumGetBool(((const Const *) expr)->constvalue);
}

/*
 * source_mapping_find_mapped sets is_mapped from the targets.
 */
void
source_mapping_find_mapped(SourceMapping *mapping)
{
	for (int column = 0; column < mapping->ncolumns; column++)
	{
		Node *expr = source_expression(mapping, column);

		mapping->is_mapped[column] =
			column == SRC_FILTER ? !is_true_constant(expr) : !is_null_constant(expr);
	}
}

/*
 * read_mapping reads the view's definition. varno is the raw table's range table index.
 */
static SourceMapping *
read_mapping(const Pipeline *pipeline, Relation view, Index varno)
{
	SourceMapping *mapping = palloc0(sizeof(SourceMapping));
	Query *query = copyObject(get_view_query(view));

	mapping->varno = varno;
	mapping->ncolumns = pipeline->ncolumns;
	mapping->targets = query->targetList;
	mapping->is_parallel_safe = max_parallel_hazard(query) == PROPARALLEL_SAFE;
	source_mapping_find_mapped(mapping);
	return mapping;
}

/*
 * present_mapping reads the view's definition, or reports that the view was changed.
 */
static SourceMapping *
present_mapping(const Pipeline *pipeline)
{
	Relation view = table_open(pipeline->source_view, AccessShareLock);
	SourceMapping *mapping = read_mapping(pipeline, view, check_raw_table(pipeline, view));

	/* the lock is kept, so that later reads use this view */
	table_close(view, NoLock);
	return mapping;
}

/*
 * tried_mapping returns the mapping that a preview tries.
 */
static SourceMapping *
tried_mapping(const Pipeline *pipeline)
{
	SourceMapping *mapping = present_mapping(pipeline->tried->present);
	Query *query = makeNode(Query);

	query->commandType = CMD_SELECT;
	query->targetList = copyObject(pipeline->tried->targets);
	ChangeVarNodes((Node *) query->targetList, 1, (int) mapping->varno, 0);
	mapping->targets = query->targetList;
	mapping->ncolumns = pipeline->ncolumns;
	mapping->is_tried = true;
	mapping->is_parallel_safe = max_parallel_hazard(query) == PROPARALLEL_SAFE;
	source_mapping_find_mapped(mapping);
	return mapping;
}

/*
 * source_mapping returns the mapping by which a pipeline is derived.
 */
SourceMapping *
source_mapping(const Pipeline *pipeline)
{
	return pipeline->tried != NULL ? tried_mapping(pipeline) : present_mapping(pipeline);
}

/*
 * source_mapping_find reads the view's definition, if the view is as create_pipeline made it.
 */
SourceMapping *
source_mapping_find(const Pipeline *pipeline)
{
	Relation view = try_relation_open(pipeline->source_view, AccessShareLock);
	SourceMapping *mapping = NULL;
	Index varno;

	if (view == NULL)
		return NULL;
	varno = view->rd_rel->relkind == RELKIND_VIEW ? find_raw_table(pipeline, view) : 0;
	if (varno != 0)
		mapping = read_mapping(pipeline, view, varno);
	relation_close(view, NoLock);
	return mapping;
}

/*
 * source_time_column returns the column with a row's own time.
 */
SourceColumn
source_time_column(const SourceMapping *mapping)
{
	return mapping->is_mapped[SRC_OCCURRED_AT] ? SRC_OCCURRED_AT : SRC_RECEIVED_AT;
}

/*
 * source_row_place sets the row's place.
 */
void
source_row_place(SourceRow *row, const TupleTableSlot *slot, int column)
{
	row->raw_table =
		slot->tts_isnull[column] ? InvalidOid : DatumGetObjectId(slot->tts_values[column]);
	if (slot->tts_isnull[column + 1])
		ItemPointerSetInvalid(&row->raw_ctid);
	else
		row->raw_ctid = *(ItemPointer) DatumGetPointer(slot->tts_values[column + 1]);
}

/*
 * source_plain_column returns the column of the raw table that a view's column is mapped to.
 */
AttrNumber
source_plain_column(const SourceMapping *mapping, SourceColumn column)
{
	Node *expr = expression_strip(source_expression(mapping, column));

	if (!IsA(expr, Var) || ((Var *) expr)->varno != (int) mapping->varno ||
		((Var *) expr)->varattno < 0)
		return 0;
	return ((Var *) expr)->varattno;
}
