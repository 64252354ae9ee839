/*
 * source_read_safe.c
 *		Reading a source whose expressions fail on some of its rows.
 *
 * The raw table's columns are read as they are, which never fails, and the view's expressions are
 * evaluated here, each row in a subtransaction of its own.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "catalog/pipeline.h"
#include "source/keyed_source.h"
#include "source/source_mapping.h"
#include "source/source_read_safe.h"
#include "spi/key_relation.h"
#include "spi/row_query.h"
#include "spi/scope.h"
#include "spi/statement.h"
#include "utils/expression.h"
#include "utils/subtransaction.h"

/*
 * The positions of the raw table's columns in our query: tableoid, ctid, then all columns not
 * dropped.
 */
typedef struct RawColumns
{
	TupleDesc desc;
	Oid row_type;
	AttrNumber *position; /* by attribute number - 1; 0 if dropped */
} RawColumns;

typedef struct CarefulReader
{
	const Pipeline *pipeline;
	int ncolumns;
	SourceRowVisitor visitor;
	void *arg;
	ExprContext *econtext;
	ExprState *states[SRC_MAX_COLUMNS]; /* NULL if not mapped */
	bool is_safe[SRC_MAX_COLUMNS];      /* a plain column */
	bool any_unsafe;
	SourceColumn current; /* the column being evaluated */
	SourceRow row;
} CarefulReader;

/*
 * raw_column returns a reference to a column of the raw table in a row of our query.
 */
static Node *
raw_column(const RawColumns *columns, AttrNumber attribute)
{
	Form_pg_attribute form = TupleDescAttr(columns->desc, attribute - 1);

	if (form->attisdropped)
		return (Node *) makeNullConst(INT4OID, -1, InvalidOid);
	return (Node *) makeVar(1, columns->position[attribute - 1], form->atttypid, form->atttypmod,
							form->attcollation, 0);
}

/*
 * raw_row returns an expression for the raw table's whole row, from the columns of our query.
 */
static Node *
raw_row(const RawColumns *columns)
{
	RowExpr *row = makeNode(RowExpr);
	AttrNumber attribute;

	for (attribute = 1; attribute <= columns->desc->natts; attribute++)
		row->args = lappend(row->args, raw_column(columns, attribute));
	row->row_typeid = columns->row_type;
	row->row_format = COERCE_IMPLICIT_CAST;
	row->location = -1;
	return (Node *) row;
}

/*
 * relocate replaces references to the raw table by references to our query's row.
 */
static Node *
relocate(Node *node, void *context)
{
	const RawColumns *columns = (const RawColumns *) context;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Var *var = (Var *) node;

		if (var->varattno > 0)
			return raw_column(columns, var->varattno);
		if (var->varattno == 0)
			return raw_row(columns);
		elog(ERROR, "the mapping of a source refers to system column %d", var->varattno);
	}
	return expression_tree_mutator(node, relocate, context);
}

/*
 * raw_query returns the query for the raw table's columns, and sets their positions.
 */
static char *
raw_query(Relation raw, const char *from, RawColumns *columns)
{
	StringInfoData query;
	AttrNumber next = 3;
	int i;

	columns->desc = RelationGetDescr(raw);
	columns->row_type = raw->rd_rel->reltype;
	columns->position = palloc0(columns->desc->natts * sizeof(AttrNumber));
	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT t.tableoid, t.ctid");
	for (i = 0; i < columns->desc->natts; i++)
	{
		Form_pg_attribute form = TupleDescAttr(columns->desc, i);

		if (form->attisdropped)
			continue;
		columns->position[i] = next++;
		appendStringInfo(&query, ", t.%s", quote_identifier(NameStr(form->attname)));
	}
	appendStringInfo(&query, " FROM %s", from);
	return query.data;
}

/*
 * prepare_expressions prepares the view's expressions for rows of our query.
 */
static void
prepare_expressions(CarefulReader *reader, const SourceMapping *mapping, const RawColumns *columns)
{
	int column;

	for (column = 0; column < mapping->ncolumns; column++)
	{
		Node *expr = source_expression(mapping, column);

		reader->row.isnull[column] = true;
		if (!mapping->is_mapped[column])
			continue;
		expr = expression_tree_mutator((Node *) list_make1(expr), relocate, (void *) columns);
		expr = linitial((List *) expr);
		reader->is_safe[column] = IsA(expression_strip(expr), Var);
		reader->any_unsafe |= !reader->is_safe[column];
		reader->states[column] = ExecInitExpr(expression_planner((Expr *) expr), NULL);
	}
}

/*
 * evaluate_column evaluates one of the view's expressions on the current row.
 */
static void
evaluate_column(CarefulReader *reader, SourceColumn column)
{
	reader->row.values[column] = ExecEvalExprSwitchContext(reader->states[column], reader->econtext,
														   &reader->row.isnull[column]);
}

/*
 * evaluate_if_unsafe evaluates an expression if it may fail.
 */
static inline void
evaluate_if_unsafe(CarefulReader *reader, SourceColumn column)
{
	if (reader->states[column] == NULL || reader->is_safe[column])
		return;
	reader->current = column;
	evaluate_column(reader, column);
}

/*
 * evaluate_filter evaluates the filter, if it may fail.
 */
static void
evaluate_filter(void *arg)
{
	evaluate_if_unsafe((CarefulReader *) arg, SRC_FILTER);
}

/*
 * evaluate_unsafe evaluates the expressions that may fail: first the key, by which the dirty log
 * has the row, then the filter, and the others only if the row passes.
 */
static void
evaluate_unsafe(void *arg)
{
	CarefulReader *reader = (CarefulReader *) arg;
	int column;

	evaluate_if_unsafe(reader, SRC_SESSION_KEY);
	evaluate_if_unsafe(reader, SRC_FILTER);
	if (source_row_fails(&reader->row))
		return;
	for (column = 0; column < reader->ncolumns; column++)
		if (column != SRC_SESSION_KEY && column != SRC_FILTER)
			evaluate_if_unsafe(reader, column);
}

/*
 * evaluate_carefully evaluates the expressions that may fail, and sets the row's error if one does.
 * If it is that of the key, the filter is judged all the same.
 */
static void
evaluate_carefully(CarefulReader *reader)
{
	SourceRow *row = &reader->row;
	char *message;

	if (!reader->any_unsafe || try_in_subtransaction(evaluate_unsafe, reader, &message))
		return;
	row->error = psprintf("%s: %s", source_column_name(reader->pipeline, reader->current), message);
	if (reader->current != SRC_FILTER)
		row->isnull[reader->current] = true;
	if (reader->current == SRC_SESSION_KEY)
		(void) try_in_subtransaction(evaluate_filter, reader, NULL);
}

/*
 * visit_raw_row evaluates the view's expressions on a raw row.
 */
static void
visit_raw_row(void *arg, TupleTableSlot *slot)
{
	CarefulReader *reader = (CarefulReader *) arg;
	SourceRow *row = &reader->row;
	int column;

	slot_getallattrs(slot);
	ResetExprContext(reader->econtext);
	reader->econtext->ecxt_scantuple = slot;
	source_row_place(row, slot, 0);
	row->error = NULL;
	/* the row passes unless the filter says otherwise */
	row->values[SRC_FILTER] = BoolGetDatum(true);
	for (column = 0; column < reader->ncolumns; column++)
	{
		row->isnull[column] = column != SRC_FILTER;
		if (reader->states[column] != NULL && reader->is_safe[column])
			evaluate_column(reader, column);
	}
	evaluate_carefully(reader);
	row->is_filtered = source_row_fails(row);
	reader->visitor(reader->arg, row);
}

/*
 * read_from visits the rows of the raw table that "from", a FROM and WHERE clause, gives.
 */
static void
read_from(CarefulReader *reader, const SourceMapping *mapping, Relation raw, const char *from)
{
	EState *estate = CreateExecutorState();
	RawColumns columns;
	char *query = raw_query(raw, from, &columns);

	reader->ncolumns = mapping->ncolumns;
	reader->econtext = CreateExprContext(estate);
	prepare_expressions(reader, mapping, &columns);
	row_query_connected(query, SQL_NO_VALUES, visit_raw_row, reader);
	FreeExecutorState(estate);
}

/*
 * source_read_safe visits all rows of the view, or the rows of the keys, even if expressions fail.
 *
 * The error messages are stored in the quarantine, so they must not depend on the session's
 * language.
 */
void
source_read_safe(const Pipeline *pipeline, const SourceMapping *mapping, const KeyRelation *keys,
				 SourceRowVisitor visitor, void *arg)
{
	CarefulReader reader = {.pipeline = pipeline, .visitor = visitor, .arg = arg};
	Relation raw = table_open(pipeline->source, AccessShareLock);
	int guc_level = untranslated_messages_enter();

	SPI_connect();
	if (keys == NULL)
		read_from(&reader, mapping, raw, psprintf("%s AS t", relation_name(RelationGetRelid(raw))));
	else
		key_relation_register(keys);
	if (keys != NULL && keys->count > 0)
		read_from(&reader, mapping, raw, keyed_from_sql(pipeline, mapping, ROWS_OF_KEYS));
	if (keys != NULL && keys->nwindows > 0)
		read_from(&reader, mapping, raw, keyed_from_sql(pipeline, mapping, ROWS_OF_WINDOWS));
	if (keys != NULL && keys->has_null)
		read_from(&reader, mapping, raw, keyed_from_sql(pipeline, mapping, ROWS_WITHOUT_KEY));
	SPI_finish();
	pinned_settings_leave(guc_level);
	table_close(raw, AccessShareLock);
}
