/*
 * raw_scan.c
 *		Raw rows as the view "source" gives them, read directly from the tables.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "source/raw_scan.h"
#include "source/source_mapping.h"
#include "utils/pass_limit.h"
#include "web/draw.h"

struct RawScan
{
	Relation table;
	TableScanDesc scan; /* NULL before raw_scan_begin */
	TupleTableSlot *raw;
	EState *estate;
	ExprContext *econtext;
	ExprState *filter; /* NULL: every row passes */
	ProjectionInfo *projection;
	TupleTableSlot *mapped;
	List *jsonb;         /* to_jsonb(the raw row), as an expression */
	ExprState *to_jsonb; /* the same, ready; NULL until needed */
	int ncolumns;
	SourceColumn columns[SRC_MAX_COLUMNS]; /* the mapped columns, in order */
	SourceRow row;
};

/*
 * without_labels strips RelabelType nodes, which don't change the value: a plain column is
 * projected at a lower cost.
 */
static Expr *
without_labels(Expr *expr)
{
	while (IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	return expr;
}

/*
 * own_expressions makes expressions over the raw table ready to be evaluated on the scan's table.
 */
static List *
own_expressions(const RawScan *scan, const SourceMapping *mapping, Oid source, List *expressions)
{
	if (RelationGetRelid(scan->table) != source)
	{
		Relation parent = table_open(source, NoLock);

		expressions = map_partition_varattnos(expressions, mapping->varno, scan->table, parent);
		table_close(parent, NoLock);
	}
	return (List *) expression_planner((Expr *) expressions);
}

/*
 * mapped_targets returns the mapped columns' expressions, without the filter, over the table's own
 * columns.
 */
static List *
mapped_targets(RawScan *scan, const SourceMapping *mapping, Oid source)
{
	List *targets = NIL;
	int column;

	for (column = 0; column < mapping->ncolumns; column++)
	{
		Expr *expression = (Expr *) source_expression(mapping, column);

		scan->row.isnull[column] = true;
		if (!mapping->is_mapped[column] || column == SRC_FILTER)
			continue;
		scan->columns[scan->ncolumns++] = column;
		targets = lappend(targets, makeTargetEntry(expression, scan->ncolumns, NULL, false));
	}
	targets = own_expressions(scan, mapping, source, targets);
	for (column = 0; column < scan->ncolumns; column++)
	{
		TargetEntry *target = list_nth_node(TargetEntry, targets, column);

		target->expr = without_labels(target->expr);
	}
	return targets;
}

/*
 * jsonb_of_row makes the expression to_jsonb(the raw row).
 */
static List *
jsonb_of_row(const RawScan *scan, const SourceMapping *mapping, Oid source)
{
	Var *row = makeVar((int) mapping->varno, InvalidAttrNumber, get_rel_type_id(source), -1,
					   InvalidOid, 0);
	FuncExpr *call = makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(row), InvalidOid, InvalidOid,
								  COERCE_EXPLICIT_CALL);

	return own_expressions(scan, mapping, source, list_make1(call));
}

/*
 * raw_scan_open opens a table.
 */
RawScan *
raw_scan_open(const SourceMapping *mapping, Oid source, Oid table)
{
	EState *estate = CreateExecutorState();
	MemoryContext caller = MemoryContextSwitchTo(estate->es_query_cxt);
	RawScan *scan = palloc0(sizeof(RawScan));
	List *targets;

	scan->estate = estate;
	scan->table = table_open(table, NoLock);
	scan->raw = table_slot_create(scan->table, NULL);
	scan->econtext = CreateExprContext(estate);
	targets = mapped_targets(scan, mapping, source);
	scan->jsonb = jsonb_of_row(scan, mapping, source);
	scan->row.scan = scan;
	if (mapping->is_mapped[SRC_FILTER])
		scan->filter =
			ExecInitQual(own_expressions(scan, mapping, source,
										 list_make1(source_expression(mapping, SRC_FILTER))),
						 NULL);
	scan->mapped = MakeSingleTupleTableSlot(ExecTypeFromTL(targets), &TTSOpsVirtual);
	scan->projection = ExecBuildProjectionInfo(targets, scan->econtext, scan->mapped, NULL,
											   RelationGetDescr(scan->table));
	MemoryContextSwitchTo(caller);
	return scan;
}

/*
 * raw_scan_begin begins a scan of the table.
 */
void
raw_scan_begin(RawScan *scan, ParallelTableScanDesc parallel)
{
	MemoryContext caller = MemoryContextSwitchTo(scan->estate->es_query_cxt);

	if (parallel != NULL)
		scan->scan = sz_table_beginscan_parallel(scan->table, parallel);
	else
		scan->scan = sz_table_beginscan(scan->table, GetActiveSnapshot());
	MemoryContextSwitchTo(caller);
}

/*
 * map_row evaluates the expressions on the raw row.  Of a row that is filtered only the place is
 * set.
 */
static inline const SourceRow *
map_row(RawScan *scan)
{
	SourceRow *row = &scan->row;
	TupleTableSlot *mapped;
	int i;

	ResetExprContext(scan->econtext);
	draw_next_row(scan->estate->es_query_cxt);
	scan->econtext->ecxt_scantuple = scan->raw;
	row->raw_table = scan->raw->tts_tableOid;
	row->raw_ctid = scan->raw->tts_tid;
	row->is_filtered = scan->filter != NULL && !ExecQual(scan->filter, scan->econtext);
	if (row->is_filtered)
		return row;
	mapped = ExecProject(scan->projection);
	for (i = 0; i < scan->ncolumns; i++)
	{
		row->values[scan->columns[i]] = mapped->tts_values[i];
		row->isnull[scan->columns[i]] = mapped->tts_isnull[i];
	}
	return row;
}

/*
 * raw_scan_next returns the next row.
 */
const SourceRow *
raw_scan_next(RawScan *scan)
{
	pass_progress();
	if (!table_scan_getnextslot(scan->scan, ForwardScanDirection, scan->raw))
		return NULL;
	return map_row(scan);
}

/*
 * raw_scan_row_context returns the memory context that is reset for each row.
 */
MemoryContext
raw_scan_row_context(const RawScan *scan)
{
	return scan->econtext->ecxt_per_tuple_memory;
}

/*
 * raw_scan_jsonb returns the raw row as jsonb.
 */
Datum
raw_scan_jsonb(RawScan *scan)
{
	bool isnull;

	if (scan->to_jsonb == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(scan->estate->es_query_cxt);

		scan->to_jsonb = ExecInitExpr(linitial(scan->jsonb), NULL);
		MemoryContextSwitchTo(caller);
	}
	return ExecEvalExpr(scan->to_jsonb, scan->econtext, &isnull);
}

/*
 * raw_scan_close frees everything.
 */
void
raw_scan_close(RawScan *scan)
{
	EState *estate = scan->estate;

	if (scan->scan != NULL)
		table_endscan(scan->scan);
	ExecDropSingleTupleTableSlot(scan->raw);
	ExecDropSingleTupleTableSlot(scan->mapped);
	table_close(scan->table, NoLock);
	FreeExecutorState(estate);
}
