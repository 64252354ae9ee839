/*
 * quarantine_rows.c
 *		The raw rows that no event can be made of.
 *
 * While the source is read, only the place (table and ctid) of each row is kept.  The rows are
 * fetched at the end.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/queryenvironment.h"

#include "catalog/pipeline.h"
#include "compat.h"
#include "derive/quarantine_rows.h"
#include "source/source_mapping.h"
#include "spi/row_query.h"
#include "spi/statement.h"
#include "utils/subtransaction.h"

/* The columns of the collection and of the result, which differ only after received_at. */
enum
{
	COL_RAW_ID,
	COL_SESSION_KEY,
	COL_REASON,
	COL_DETAIL,
	COL_RECEIVED_AT,
	COL_RAW_TABLE,
	COL_RAW_CTID,
	NCOLLECTED,
	COL_ROW = COL_RAW_TABLE,
	NRETURNED
};

/* The name by which the query reads the collection. */
#define COLLECTION "quarantined_rows"

/* A longer raw id is cut to this many bytes; the jsonb column has all of it. */
#define MAX_TEXT 1024

struct QuarantineRows
{
	const KeyType *key;
	const KeyType *raw_id;
	TupleDesc collected_desc;
	TupleDesc returned_desc;
	Tuplestorestate *collected;
	Tuplestorestate *returned;
	int64 count;
};

/* The evaluation of to_jsonb(row). */
typedef struct RowFetch
{
	QuarantineRows *rows;
	ExprContext *econtext;
	ExprState *to_jsonb;
	Datum row;
	bool row_isnull;
} RowFetch;

/*
 * describe_rows returns the row type of the result, or of the collection.
 */
static TupleDesc
describe_rows(const KeyType *key, bool returned)
{
	TupleDesc desc = CreateTemplateTupleDesc(returned ? NRETURNED : NCOLLECTED);

	TupleDescInitEntry(desc, COL_RAW_ID + 1, "raw_id", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, COL_SESSION_KEY + 1, "session_key", key->oid, -1, 0);
	TupleDescInitEntry(desc, COL_REASON + 1, "reason", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, COL_DETAIL + 1, "detail", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, COL_RECEIVED_AT + 1, "received_at", TIMESTAMPTZOID, -1, 0);
	if (returned)
		TupleDescInitEntry(desc, COL_ROW + 1, "row", JSONBOID, -1, 0);
	else
	{
		TupleDescInitEntry(desc, COL_RAW_TABLE + 1, "raw_table", OIDOID, -1, 0);
		TupleDescInitEntry(desc, COL_RAW_CTID + 1, "raw_ctid", TIDOID, -1, 0);
	}
	sz_finish_tuple_desc(desc);
	return desc;
}

/*
 * quarantine_rows_begin begins an empty collection.
 */
QuarantineRows *
quarantine_rows_begin(const KeyType *key, const KeyType *raw_id)
{
	QuarantineRows *rows = palloc0(sizeof(QuarantineRows));

	rows->key = key;
	rows->raw_id = raw_id;
	rows->collected_desc = describe_rows(key, false);
	rows->returned_desc = describe_rows(key, true);
	rows->collected = tuplestore_begin_heap(true, false, work_mem);
	rows->returned = tuplestore_begin_heap(true, false, work_mem);
	return rows;
}

/*
 * quarantine_rows_clear forgets what was collected.
 */
void
quarantine_rows_clear(QuarantineRows *rows)
{
	tuplestore_clear(rows->collected);
	tuplestore_clear(rows->returned);
	rows->count = 0;
}

/*
 * clipped_text returns a value's text form, cut to MAX_TEXT bytes.
 */
static Datum
clipped_text(const KeyType *type, Datum value)
{
	StringInfoData text;

	initStringInfo(&text);
	key_type_append_text(type, key_type_pack(type, value), &text);
	return PointerGetDatum(
		cstring_to_text_with_len(text.data, pg_mbcliplen(text.data, text.len, MAX_TEXT)));
}

/*
 * quarantine_rows_add adds a row.
 */
void
quarantine_rows_add(QuarantineRows *rows, const SourceRow *row, const char *reason,
					const char *detail)
{
	Datum values[NCOLLECTED];
	bool isnull[NCOLLECTED] = {false};

	isnull[COL_RAW_ID] = row->isnull[SRC_RAW_ID];
	if (!isnull[COL_RAW_ID])
		values[COL_RAW_ID] = clipped_text(rows->raw_id, row->values[SRC_RAW_ID]);
	isnull[COL_SESSION_KEY] = row->isnull[SRC_SESSION_KEY];
	if (!isnull[COL_SESSION_KEY])
		values[COL_SESSION_KEY] = key_type_pack(rows->key, row->values[SRC_SESSION_KEY]);
	values[COL_REASON] = CStringGetTextDatum(reason);
	values[COL_DETAIL] = CStringGetTextDatum(detail);
	values[COL_RECEIVED_AT] = row->values[SRC_RECEIVED_AT];
	isnull[COL_RECEIVED_AT] = row->isnull[SRC_RECEIVED_AT];
	/* rows of foreign tables have no ctid */
	isnull[COL_RAW_TABLE] = isnull[COL_RAW_CTID] = !ItemPointerIsValid(&row->raw_ctid);
	values[COL_RAW_TABLE] = ObjectIdGetDatum(row->raw_table);
	values[COL_RAW_CTID] = PointerGetDatum(&row->raw_ctid);
	tuplestore_putvalues(rows->collected, rows->collected_desc, values, isnull);
	rows->count++;
}

/*
 * evaluate_to_jsonb converts the current row to jsonb, with an error if jsonb can't hold it.
 */
static void
evaluate_to_jsonb(void *arg)
{
	RowFetch *fetch = (RowFetch *) arg;

	fetch->row = ExecEvalExprSwitchContext(fetch->to_jsonb, fetch->econtext, &fetch->row_isnull);
}

/*
 * return_row adds a fetched row to the result.  Its jsonb is NULL if the conversion fails.
 */
static void
return_row(void *arg, TupleTableSlot *slot)
{
	RowFetch *fetch = (RowFetch *) arg;
	Datum values[NRETURNED];
	bool isnull[NRETURNED];

	slot_getallattrs(slot);
	memcpy(values, slot->tts_values, sizeof(values));
	memcpy(isnull, slot->tts_isnull, sizeof(isnull));
	if (!isnull[COL_ROW])
	{
		ResetExprContext(fetch->econtext);
		fetch->econtext->ecxt_scantuple = slot;
		isnull[COL_ROW] =
			!try_in_subtransaction(evaluate_to_jsonb, fetch, NULL) || fetch->row_isnull;
		values[COL_ROW] = fetch->row;
	}
	tuplestore_putvalues(fetch->rows->returned, fetch->rows->returned_desc, values, isnull);
}

/*
 * register_collection makes the collection visible to queries as COLLECTION.
 */
static void
register_collection(QuarantineRows *rows)
{
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));

	relation->md.name = COLLECTION;
	relation->md.tupdesc = rows->collected_desc;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = rows->count;
	relation->reldata = rows->collected;
	if (SPI_register_relation(relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register the quarantined rows");
}

/*
 * prepare_to_jsonb compiles the expression to_jsonb(column COL_ROW of the query).
 */
static void
prepare_to_jsonb(RowFetch *fetch, EState *estate, Oid row_type)
{
	Var *row = makeVar(1, COL_ROW + 1, row_type, -1, InvalidOid, 0);
	FuncExpr *call = makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(row), InvalidOid, InvalidOid,
								  COERCE_EXPLICIT_CALL);

	fetch->econtext = CreateExprContext(estate);
	fetch->to_jsonb = ExecInitExpr(expression_planner((Expr *) call), NULL);
}

/*
 * quarantine_rows_finish fetches the raw rows by their places.
 */
Tuplestorestate *
quarantine_rows_finish(QuarantineRows *rows, const Pipeline *pipeline, TupleDesc *desc)
{
	RowFetch fetch = {.rows = rows};
	char *raw = relation_name(pipeline->source);
	EState *estate;
	char *query;

	*desc = rows->returned_desc;
	if (rows->count == 0)
		return rows->returned;
	SPI_connect();
	register_collection(rows);
	estate = CreateExecutorState();
	prepare_to_jsonb(&fetch, estate, get_rel_type_id(pipeline->source));
	/*
	 * the cast makes (r.*) the row as a whole; a bare r would be a column of this name if there is
	 * one
	 */
	query = psprintf(
		"SELECT q.raw_id, q.session_key, q.reason, q.detail, q.received_at, (r.*)::%s "
		"FROM " COLLECTION " AS q LEFT JOIN %s AS r "
		"ON r.ctid OPERATOR(pg_catalog.=) q.raw_ctid AND r.tableoid OPERATOR(pg_catalog.=) "
		"q.raw_table",
		raw, raw);
	row_query_connected(query, SQL_NO_VALUES, return_row, &fetch);
	FreeExecutorState(estate);
	SPI_finish();
	tuplestore_clear(rows->collected);
	tuplestore_rescan(rows->returned);
	return rows->returned;
}

/*
 * quarantine_rows_end frees the collection and the result.
 */
void
quarantine_rows_end(QuarantineRows *rows)
{
	tuplestore_end(rows->collected);
	tuplestore_end(rows->returned);
	pfree(rows);
}
