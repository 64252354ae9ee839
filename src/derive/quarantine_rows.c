/*
 * quarantine_rows.c
 *		The raw rows that no event can be made of.
 *
 * Where the tables are scanned directly, the raw row is at hand when the fault is found.  A query of
 * the source tells only the place (table and ctid) of a raw row; such rows are fetched at the end.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/queryenvironment.h"

#include "catalog/pipeline.h"
#include "compat.h"
#include "derive/quarantine_rows.h"
#include "source/faulty_row.h"
#include "spi/row_query.h"
#include "spi/statement.h"
#include "utils/subtransaction.h"

/* The column of the query that follows those of the result: the whole raw row, as it is stored. */
#define COL_FETCHED FAULTY_KEPT

/* The name by which the query reads the collection. */
#define COLLECTION "quarantined_rows"

struct QuarantineRows
{
	TupleDesc collected_desc;
	TupleDesc returned_desc;
	Tuplestorestate *collected;
	Tuplestorestate *returned;
	int64 count;
	int64 places; /* rows whose raw rows have to be fetched */
};

/* The fetching of raw rows. */
typedef struct RowFetch
{
	QuarantineRows *rows;
	const Pipeline *pipeline;
	bool is_careful; /* a row that jsonb can't hold is no error */
	ExprContext *econtext;
	ExprState *to_jsonb;
	Datum *values; /* the row of the result that is being made */
	bool *isnull;
} RowFetch;

/*
 * describe_result returns the row type of the result.
 */
static TupleDesc
describe_result(const KeyType *key)
{
	TupleDesc desc = CreateTemplateTupleDesc(FAULTY_KEPT);

	faulty_row_describe(desc, key->oid);
	sz_finish_tuple_desc(desc);
	return desc;
}

/*
 * quarantine_rows_begin begins an empty collection.
 */
QuarantineRows *
quarantine_rows_begin(const KeyType *key)
{
	QuarantineRows *rows = palloc0(sizeof(QuarantineRows));

	rows->collected_desc = faulty_row_desc(key);
	rows->returned_desc = describe_result(key);
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
	rows->count = rows->places = 0;
}

/*
 * quarantine_rows_desc returns the descriptor of the rows to add.
 */
TupleDesc
quarantine_rows_desc(const QuarantineRows *rows)
{
	return rows->collected_desc;
}

/*
 * quarantine_rows_add adds a row.
 */
void
quarantine_rows_add(QuarantineRows *rows, HeapTuple row)
{
	tuplestore_puttuple(rows->collected, row);
	rows->count++;
	rows->places += heap_attisnull(row, FAULTY_RAW_CTID + 1, rows->collected_desc) ? 0 : 1;
}

/*
 * set_raw_row converts the raw row to jsonb, with an error if jsonb can't hold it, and takes from it
 * what is kept.
 */
static void
set_raw_row(void *arg)
{
	RowFetch *fetch = (RowFetch *) arg;
	MemoryContext caller = MemoryContextSwitchTo(fetch->econtext->ecxt_per_tuple_memory);

	fetch->values[FAULTY_RAW_ROW] =
		ExecEvalExpr(fetch->to_jsonb, fetch->econtext, &fetch->isnull[FAULTY_RAW_ROW]);
	faulty_row_reduce(fetch->pipeline->quarantine, fetch->values, fetch->isnull);
	MemoryContextSwitchTo(caller);
}

/*
 * fetch_raw_row sets what is kept of the raw row in the slot; nothing if jsonb can't hold it.
 */
static void
fetch_raw_row(RowFetch *fetch, TupleTableSlot *slot)
{
	ResetExprContext(fetch->econtext);
	fetch->econtext->ecxt_scantuple = slot;
	if (!fetch->is_careful)
		set_raw_row(fetch);
	else if (!try_in_subtransaction(set_raw_row, fetch, NULL))
		fetch->isnull[FAULTY_PRODUCER] = fetch->isnull[FAULTY_RAW_ROW] = true;
}

/*
 * return_row adds a row to the result, with its raw row if that was fetched now.
 */
static void
return_row(void *arg, TupleTableSlot *slot)
{
	RowFetch *fetch = (RowFetch *) arg;
	Datum values[FAULTY_KEPT];
	bool isnull[FAULTY_KEPT];

	slot_getallattrs(slot);
	memcpy(values, slot->tts_values, sizeof(values));
	memcpy(isnull, slot->tts_isnull, sizeof(isnull));
	fetch->values = values;
	fetch->isnull = isnull;
	if (!slot->tts_isnull[COL_FETCHED])
		fetch_raw_row(fetch, slot);
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
 * prepare_to_jsonb compiles the expression to_jsonb(column COL_FETCHED of the query).
 */
static void
prepare_to_jsonb(RowFetch *fetch, EState *estate, Oid row_type)
{
	Var *row = makeVar(1, COL_FETCHED + 1, row_type, -1, InvalidOid, 0);
	FuncExpr *call = makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(row), InvalidOid, InvalidOid,
								  COERCE_EXPLICIT_CALL);

	fetch->econtext = CreateExprContext(estate);
	fetch->to_jsonb = ExecInitExpr(expression_planner((Expr *) call), NULL);
}

/*
 * fetch_rows fetches the raw rows by their places.
 */
static void
fetch_rows(void *arg)
{
	RowFetch *fetch = arg;
	char *raw = relation_name(fetch->pipeline->source);
	EState *estate;
	char *query;

	SPI_connect();
	register_collection(fetch->rows);
	estate = CreateExecutorState();
	prepare_to_jsonb(fetch, estate, get_rel_type_id(fetch->pipeline->source));
	/*
	 * the cast makes (r.*) the row as a whole; a bare r would be a column of this name if there is
	 * one
	 */
	query = psprintf(
		"SELECT q.raw_id, q.session_key, q.reason, q.detail, q.received_at, q.event_name, "
		"q.contract_version, q.rule, q.path, q.message, q.event_time, "
		"q.producer, q.raw_row, (r.*)::%s "
		"FROM " COLLECTION " AS q LEFT JOIN %s AS r "
		"ON r.ctid OPERATOR(pg_catalog.=) q.raw_ctid AND r.tableoid OPERATOR(pg_catalog.=) "
		"q.raw_table",
		raw, raw);
	row_query_connected(query, SQL_NO_VALUES, return_row, fetch);
	FreeExecutorState(estate);
	SPI_finish();
}

/*
 * quarantine_rows_finish fetches the raw rows that are not there yet.  Only if jsonb can't hold one
 * of them, each is converted in a subtransaction of its own.
 */
Tuplestorestate *
quarantine_rows_finish(QuarantineRows *rows, const Pipeline *pipeline, TupleDesc *desc)
{
	RowFetch fetch = {.rows = rows, .pipeline = pipeline};

	if (rows->places == 0)
	{
		*desc = rows->collected_desc;
		return rows->collected;
	}
	*desc = rows->returned_desc;
	if (!try_in_subtransaction(fetch_rows, &fetch, NULL))
	{
		tuplestore_clear(rows->returned);
		fetch.is_careful = true;
		fetch_rows(&fetch);
	}
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
