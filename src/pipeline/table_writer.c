/*
 * table_writer.c
 *		One piece of one star table: from the rows it has to the rows it should have.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "commands/sequence.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "pipeline/bulk_insert.h"
#include "pipeline/comparison.h"
#include "pipeline/sql_rows.h"
#include "pipeline/table_writer.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* The rows of one kind of difference, and the name they have in statements. */
typedef struct Difference
{
	const char *name;
	Tuplestorestate *rows; /* NULL: none */
} Difference;

struct TableWriter
{
	MemoryContext context;
	const Pipeline *pipeline;
	const StarTable *table;
	RowShape *shape;
	Oid sequence;
	int kilobytes;
	WriteCounts counts;
	Relation relation;
	BulkInsert *bulk; /* one of the two */
	Comparison *comparison;
	Difference missing;
	Difference different;
	Difference unexpected;
	int32 new_surrogate; /* of the last row that was missing */
};

/*
 * new_surrogate draws the surrogate key of a new row.
 */
static int32
new_surrogate(const TableWriter *writer)
{
	return OidIsValid(writer->sequence) ? (int32) nextval_internal(writer->sequence, true) : 0;
}

/*
 * keep_row adds a row to those of a difference.
 */
static void
keep_row(TableWriter *writer, Difference *difference, const Datum *values, const bool *isnull)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->context);

	if (difference->rows == NULL)
		difference->rows = tuplestore_begin_heap(false, false, writer->kilobytes);
	tuplestore_putvalues(difference->rows, writer->shape->desc, unconstify(Datum *, values),
						 unconstify(bool *, isnull));
	MemoryContextSwitchTo(oldcontext);
}

/*
 * row_is_missing keeps a row to insert.
 */
static void
row_is_missing(void *arg, const Datum *values, const bool *isnull)
{
	TableWriter *writer = arg;
	int extra = ROW_EXTRA(writer->table);
	Datum row[ROW_MAX_WIDTH];

	memcpy(row, values, extra * sizeof(Datum));
	memset(&row[extra], 0, (ROW_WIDTH(writer->table) - extra) * sizeof(Datum));
	writer->new_surrogate = new_surrogate(writer);
	row[extra] = Int64GetDatum(writer->new_surrogate);
	keep_row(writer, &writer->missing, row, isnull);
}

/*
 * row_is_different keeps a row to update: the values it should have, and where it lies.
 */
static void
row_is_different(void *arg, const Datum *values, const bool *isnull, TupleTableSlot *stored)
{
	TableWriter *writer = arg;
	int extra = ROW_EXTRA(writer->table);
	Datum row[ROW_MAX_WIDTH];
	bool row_isnull[ROW_MAX_WIDTH];

	memcpy(row, values, extra * sizeof(Datum));
	memcpy(row_isnull, isnull, extra * sizeof(bool));
	for (int i = extra; i < ROW_WIDTH(writer->table); i++)
	{
		row[i] = stored->tts_values[i];
		row_isnull[i] = stored->tts_isnull[i];
	}
	keep_row(writer, &writer->different, row, row_isnull);
}

/*
 * row_is_unexpected keeps a row to delete.
 */
static void
row_is_unexpected(void *arg, TupleTableSlot *stored)
{
	TableWriter *writer = arg;

	keep_row(writer, &writer->unexpected, stored->tts_values, stored->tts_isnull);
}

/*
 * table_writer_begin takes the piece's stored rows and decides how to write.
 */
TableWriter *
table_writer_begin(MemoryContext parent, const Pipeline *pipeline, const StarTable *table, StoredRows *stored,
				   int piece, Oid sequence, Size budget)
{
	MemoryContext context = AllocSetContextCreate(parent, "sessionize table writer", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	TableWriter *writer = palloc0(sizeof(TableWriter));
	ComparisonSink sink = {row_is_missing, row_is_different, row_is_unexpected, writer};

	writer->context = context;
	writer->pipeline = pipeline;
	writer->table = table;
	writer->sequence = sequence;
	writer->kilobytes = (int) Min(Max(budget / 4096, 64), MAX_KILOBYTES);
	writer->shape = star_row_shape(table, pipeline);
	writer->missing.name = "missing_rows";
	writer->different.name = "different_rows";
	writer->unexpected.name = "unexpected_rows";
	writer->relation = table_openrv(makeRangeVar(pipeline->name, pstrdup(table->name), -1), RowExclusiveLock);
	if (stored_count(stored, piece) == 0 && bulk_insert_possible(table, writer->relation))
		writer->bulk = bulk_insert_begin(context, table, writer->relation);
	else
		/* a surrogate key is wanted at once, with the row */
		writer->comparison =
			comparison_begin(context, stored, piece, writer->shape, budget, OidIsValid(sequence), &sink);
	MemoryContextSwitchTo(oldcontext);
	return writer;
}

/*
 * table_writer_put takes a row the piece should have.
 */
int32
table_writer_put(TableWriter *writer, Datum *values, bool *isnull)
{
	TupleTableSlot *stored;
	int extra = ROW_EXTRA(writer->table);

	if (writer->bulk != NULL)
	{
		int32 surrogate = new_surrogate(writer);

		bulk_insert_put(writer->bulk, values, isnull, surrogate);
		writer->counts.inserted++;
		return surrogate;
	}
	memset(&values[extra], 0, (ROW_WIDTH(writer->table) - extra) * sizeof(Datum));
	memset(&isnull[extra], false, (ROW_WIDTH(writer->table) - extra) * sizeof(bool));
	/* the tid is by reference: what is not stored lies nowhere */
	isnull[ROW_AT(writer->table)] = true;
	stored = comparison_put(writer->comparison, values, isnull);
	return stored ? (int32) DatumGetInt64(stored->tts_values[extra]) : writer->new_surrogate;
}

/*
 * append_columns appends the table's columns from number first on, each in the given format.
 */
static void
append_columns(StringInfo sql, const TableWriter *writer, int first, const char *prefix, bool assign)
{
	for (int i = first; i < writer->table->ncolumns; i++)
	{
		const char *name = writer->table->columns[i].name;

		appendStringInfo(sql, "%s", i > first ? ", " : "");
		if (assign)
			appendStringInfo(sql, "%s = ", name);
		appendStringInfo(sql, "%s%s", prefix, name);
	}
}

/*
 * run_statement runs a statement over the rows of a difference.
 */
static int64
run_statement(const TableWriter *writer, const Difference *difference, const char *sql)
{
	return (int64) sql_execute_with_rows(sql, difference->name, writer->shape->desc, difference->rows);
}

/*
 * check_written reports that something kept rows from being written.
 */
static void
check_written(const TableWriter *writer, const Difference *difference, int64 written)
{
	int64 wanted = tuplestore_tuple_count(difference->rows);

	if (written != wanted)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("could not write all rows of %s", star_table_name(writer->table, writer->pipeline)),
				 errdetail(INT64_FORMAT " of " INT64_FORMAT " rows were written.", written, wanted),
				 errhint("Look for a trigger, a rule or a row-level security policy on that table, or for "
						 "another session that changes it.")));
}

/*
 * forget_rows frees the rows of a difference, their temporary file included.
 */
static void
forget_rows(Difference *difference)
{
	if (difference->rows != NULL)
		tuplestore_end(difference->rows);
	difference->rows = NULL;
}

/*
 * note_aliases notes, for the sessions that were deleted, which session has their time now.
 */
static void
note_aliases(TableWriter *writer)
{
	char *schema = pstrdup(quote_identifier(writer->pipeline->name));
	NamedRows rows[] = {{writer->unexpected.name, writer->shape->desc, writer->unexpected.rows},
						{writer->missing.name, writer->shape->desc, writer->missing.rows}};

	if (writer->missing.rows == NULL)
		rows[1].rows = writer->missing.rows = tuplestore_begin_heap(false, false, writer->kilobytes);
	(void) sql_execute_with_named_rows(
		psprintf(
			"INSERT INTO %s.session_alias (old_session_id, new_session_id, session_key, reason) "
			"SELECT o.session_id, n.session_id, o.session_key, CASE WHEN n.session_id IS NULL THEN 'gone' "
			"WHEN n.session_id IN (SELECT m.session_id FROM %s AS m) THEN 'moved' ELSE 'merged' END "
			"FROM %s AS o LEFT JOIN LATERAL (SELECT f.session_id FROM ONLY %s.fact_session AS f "
			"WHERE f.session_key %s o.session_key AND f.started_at <= o.ended_at AND f.ended_at >= "
			"o.started_at "
			"ORDER BY f.started_at, f.session_id LIMIT 1) AS n ON true "
			"WHERE o.session_id IS NOT NULL AND o.session_key IS NOT NULL",
			schema, writer->missing.name, writer->unexpected.name, schema,
			key_equals_sql(writer->pipeline->types[SRC_SESSION_KEY])),
		rows, lengthof(rows));
}

/*
 * delete_unexpected deletes the rows that should not be there, once.
 */
static void
delete_unexpected(TableWriter *writer)
{
	if (writer->unexpected.rows == NULL)
		return;
	/* those another piece has deleted already (insert_missing) are fewer by that */
	writer->counts.deleted += run_statement(
		writer, &writer->unexpected,
		psprintf("DELETE FROM ONLY %s AS f USING %s AS s WHERE f.ctid = s.row_at AND f.xmin = s.row_xmin",
				 star_table_name(writer->table, writer->pipeline), writer->unexpected.name));
	if (writer->table->has_aliases)
		note_aliases(writer);
	forget_rows(&writer->unexpected);
}

/*
 * insert_missing inserts the rows that are missing.
 */
static void
insert_missing(TableWriter *writer)
{
	const StarTable *table = writer->table;
	char *name = star_table_name(table, writer->pipeline);
	StringInfoData sql;
	int64 inserted;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (", name);
	append_columns(&sql, writer, 0, "", false);
	appendStringInfo(&sql, "%s%s) SELECT ", table->surrogate ? ", " : "",
					 table->surrogate ? table->surrogate : "");
	append_columns(&sql, writer, 0, "s.", false);
	appendStringInfo(&sql, "%s FROM %s AS s ON CONFLICT DO NOTHING", table->surrogate ? ", s.row_extra" : "",
					 writer->missing.name);
	inserted = run_statement(writer, &writer->missing, sql.data);
	if (inserted < tuplestore_tuple_count(writer->missing.rows) && table->identity == 1)
	{
		/* A row that somebody has given another session key lies in another piece under our identity. */
		writer->counts.deleted -= inserted;
		writer->counts.deleted +=
			run_statement(writer, &writer->missing,
						  psprintf("DELETE FROM ONLY %s AS f USING %s AS s WHERE f.%s = s.%s", name,
								   writer->missing.name, table->columns[0].name, table->columns[0].name));
		inserted = run_statement(writer, &writer->missing, sql.data);
	}
	else if (inserted < tuplestore_tuple_count(writer->missing.rows) && writer->unexpected.rows != NULL)
	{
		/* Equal values of some types look different: the row is there under a key that is the same. */
		delete_unexpected(writer);
		inserted += run_statement(writer, &writer->missing, sql.data);
	}
	check_written(writer, &writer->missing, inserted);
	writer->counts.inserted += inserted;
}

/*
 * update_different updates the rows that are different.
 */
static void
update_different(TableWriter *writer)
{
	StringInfoData sql;
	int64 updated;

	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE ONLY %s AS f SET ", star_table_name(writer->table, writer->pipeline));
	append_columns(&sql, writer, writer->table->identity, "s.", true);
	appendStringInfo(&sql, " FROM %s AS s WHERE f.ctid = s.row_at AND f.xmin = s.row_xmin",
					 writer->different.name);
	updated = run_statement(writer, &writer->different, sql.data);
	check_written(writer, &writer->different, updated);
	writer->counts.updated += updated;
}

/*
 * table_writer_flush writes the rows that are missing or different.
 */
void
table_writer_flush(TableWriter *writer)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->context);

	if (writer->bulk != NULL)
		bulk_insert_end(writer->bulk);
	else
		comparison_end(writer->comparison);
	writer->bulk = NULL;
	writer->comparison = NULL;
	if (writer->different.rows != NULL)
		update_different(writer);
	if (writer->missing.rows != NULL)
		insert_missing(writer);
	MemoryContextSwitchTo(oldcontext);
}

/*
 * table_writer_end deletes the rows that should not be there.
 */
void
table_writer_end(TableWriter *writer, WriteCounts *counts)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->context);

	delete_unexpected(writer);
	table_close(writer->relation, NoLock);
	MemoryContextSwitchTo(oldcontext);
	counts->inserted += writer->counts.inserted;
	counts->updated += writer->counts.updated;
	counts->deleted += writer->counts.deleted;
	forget_rows(&writer->missing);
	forget_rows(&writer->different);
	MemoryContextDelete(writer->context);
}
