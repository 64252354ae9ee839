/*
 * source_reader.c
 *		Reading all rows of a pipeline's view "source", as fast as the executor gives them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "pipeline/source_reader.h"

#include "access/table.h"
#include "catalog/pg_proc.h"
#include "executor/spi.h"
#include "optimizer/clauses.h"
#include "parser/parsetree.h"
#include "pipeline/keyed_source.h"
#include "pipeline/row_query.h"
#include "pipeline/source_check.h"
#include "rewrite/rewriteHandler.h"
#include "utils/rel.h"

/* The names of the view's columns. */
static const char *const column_names[SRC_NCOLUMNS] = {
	[SRC_SESSION_KEY] = "session_key", [SRC_EVENT_ID] = "event_id",   [SRC_RAW_ID] = "raw_id",
	[SRC_EVENT_NAME] = "event_name",   [SRC_USER_ID] = "user_id",     [SRC_PAGE] = "page",
	[SRC_OCCURRED_AT] = "occurred_at", [SRC_SENT_AT] = "sent_at",     [SRC_RECEIVED_AT] = "received_at",
	[SRC_RESTART] = "restart",         [SRC_PAGE_VIEW] = "page_view",
};

/* From the query's columns to the view's. */
typedef struct Reader
{
	SourceRowVisitor visitor;
	void *arg;
	int ncolumns;
	SourceColumn columns[SRC_NCOLUMNS]; /* of the query, in order; raw_table and raw_ctid follow */
	SourceRow row;
} Reader;

/*
 * source_column_name returns the name of a column of the view.
 */
const char *
source_column_name(SourceColumn column)
{
	return column_names[column];
}

/*
 * is_null_constant tells whether an expression is NULL, with a type and perhaps a collation.
 */
static bool
is_null_constant(Node *expr)
{
	if (IsA(expr, CollateExpr))
		expr = (Node *) ((CollateExpr *) expr)->arg;
	return IsA(expr, Const) && ((Const *) expr)->constisnull;
}

/*
 * source_mapping_find_mapped sets is_mapped by the targets.
 */
void
source_mapping_find_mapped(SourceMapping *mapping)
{
	int column;

	for (column = 0; column < SRC_NCOLUMNS; column++)
	{
		Node *expr = (Node *) list_nth_node(TargetEntry, mapping->targets, column)->expr;

		mapping->is_mapped[column] = !is_null_constant(expr);
	}
}

/*
 * source_mapping reads the view's definition.
 */
SourceMapping *
source_mapping(const Pipeline *pipeline)
{
	SourceMapping *mapping = palloc0(sizeof(SourceMapping));
	Relation view = table_open(pipeline->source_view, AccessShareLock);
	Query *query = get_view_query(view);

	mapping->varno = source_check(pipeline, view);
	mapping->targets = copyObject(query->targetList);
	mapping->is_parallel_safe = max_parallel_hazard(query) == PROPARALLEL_SAFE;
	source_mapping_find_mapped(mapping);
	/* the lock is kept: what is read later must be this view */
	table_close(view, NoLock);
	return mapping;
}

/*
 * source_time_column returns the column that gives an event's time.
 */
SourceColumn
source_time_column(const SourceMapping *mapping)
{
	return mapping->is_mapped[SRC_OCCURRED_AT] ? SRC_OCCURRED_AT : SRC_RECEIVED_AT;
}

/*
 * source_row_place notes the row's place.
 */
void
source_row_place(SourceRow *row, const TupleTableSlot *slot, int column)
{
	row->raw_table = slot->tts_isnull[column] ? InvalidOid : DatumGetObjectId(slot->tts_values[column]);
	if (slot->tts_isnull[column + 1])
		ItemPointerSetInvalid(&row->raw_ctid);
	else
		row->raw_ctid = *(ItemPointer) DatumGetPointer(slot->tts_values[column + 1]);
}

/*
 * visit_slot turns a row of the query into one of the view.
 */
static void
visit_slot(void *arg, TupleTableSlot *slot)
{
	Reader *reader = (Reader *) arg;
	SourceRow *row = &reader->row;
	int i;

	slot_getallattrs(slot);
	for (i = 0; i < reader->ncolumns; i++)
	{
		row->values[reader->columns[i]] = slot->tts_values[i];
		row->isnull[reader->columns[i]] = slot->tts_isnull[i];
	}
	source_row_place(row, slot, i);
	reader->visitor(reader->arg, row);
}

/*
 * read_from visits the rows of a view or subquery.
 */
static void
read_from(Reader *reader, const SourceMapping *mapping, const char *from)
{
	StringInfoData query;
	int column;

	reader->ncolumns = 0;
	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	for (column = 0; column < SRC_NCOLUMNS; column++)
	{
		reader->row.isnull[column] = true;
		if (!mapping->is_mapped[column])
			continue;
		reader->columns[reader->ncolumns++] = column;
		appendStringInfo(&query, "%s, ", column_names[column]);
	}
	appendStringInfo(&query, "raw_table, raw_ctid FROM %s", from);
	row_query(query.data, visit_slot, reader);
}

/*
 * source_read visits all rows of the view, or those of the keys.
 */
void
source_read(const Pipeline *pipeline, const SourceMapping *mapping, const ClaimedKeys *keys,
			SourceRowVisitor visitor, void *arg)
{
	Reader reader = {.visitor = visitor, .arg = arg};

	SPI_connect();
	if (keys == NULL)
		read_from(&reader, mapping, relation_name(pipeline->source_view));
	else
		claimed_keys_register(keys);
	if (keys != NULL && keys->count > 0)
		read_from(&reader, mapping, psprintf("%s AS s", keyed_source_sql(pipeline, mapping, ROWS_OF_KEYS)));
	if (keys != NULL && keys->nwindows > 0)
		read_from(&reader, mapping,
				  psprintf("%s AS s", keyed_source_sql(pipeline, mapping, ROWS_OF_WINDOWS)));
	if (keys != NULL && keys->has_null)
		read_from(&reader, mapping,
				  psprintf("%s AS s", keyed_source_sql(pipeline, mapping, ROWS_WITHOUT_KEY)));
	SPI_finish();
}
