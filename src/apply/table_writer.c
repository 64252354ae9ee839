/*
 * table_writer.c
 *		Writes one piece of one star table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "commands/sequence.h"
#include "nodes/makefuncs.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "apply/bulk_insert.h"
#include "apply/comparison.h"
#include "apply/heap_changes.h"
#include "apply/star_statements.h"
#include "apply/table_writer.h"
#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "spi/rows_kept.h"
#include "spi/sql_rows.h"
#include "star/star.h"
#include "star/stored_rows.h"
#include "utils/subtransaction.h"

/* The rows of one kind of difference, and the name by which statements read them. */
typedef struct Difference
{
	const char *name;
	Tuplestorestate *rows; /* NULL: there are no rows */
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
	IndexQueue *queue;      /* NULL: all index entries are made at once */
	HeapTable *plain;       /* NULL: the table is written by statements */
	bool streams;           /* missing rows are inserted as they come */
	BulkInsert *bulk;       /* inserts the missing rows, once there is one */
	Comparison *comparison; /* NULL: nothing is stored, so all rows are missing */
	Difference missing;
	Difference different;
	Difference unexpected;
	int64 new_surrogate; /* of the last missing row */
	RowListener listener;
};

/*
 * tell_listener tells the listener, if there is one, of a change.
 */
static inline void
tell_listener(const TableWriter *writer, const Datum *values, const bool *isnull,
			  const TupleTableSlot *stored)
{
	if (writer->listener.changes != NULL)
		writer->listener.changes(writer->listener.arg, values, isnull, stored);
}

/*
 * new_surrogate draws a surrogate key from the sequence; 0 without a sequence.
 */
static int64
new_surrogate(const TableWriter *writer)
{
	return OidIsValid(writer->sequence) ? nextval_internal(writer->sequence, true) : 0;
}

/*
 * keep_row adds a row to a difference.
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
 * insert_at_once inserts a row.
 */
static void
insert_at_once(TableWriter *writer, const Datum *values, const bool *isnull)
{
	tell_listener(writer, values, isnull, NULL);
	writer->new_surrogate = new_surrogate(writer);
	if (writer->bulk == NULL)
		writer->bulk = bulk_insert_begin(writer->context, writer->plain, writer->relation);
	bulk_insert_put(writer->bulk, values, isnull, writer->new_surrogate);
	writer->counts.inserted++;
}

/*
 * row_is_missing inserts a row, or keeps it to insert later.
 */
static void
row_is_missing(void *arg, const Datum *values, const bool *isnull)
{
	TableWriter *writer = arg;
	int extra = ROW_EXTRA(writer->table);
	Datum row[ROW_MAX_WIDTH];

	if (writer->streams)
	{
		insert_at_once(writer, values, isnull);
		return;
	}
	tell_listener(writer, values, isnull, NULL);
	memcpy(row, values, extra * sizeof(Datum));
	memset(&row[extra], 0, (ROW_WIDTH(writer->table) - extra) * sizeof(Datum));
	writer->new_surrogate = new_surrogate(writer);
	row[extra] = Int64GetDatum(writer->new_surrogate);
	keep_row(writer, &writer->missing, row, isnull);
}

/*
 * row_is_different keeps a row to update: the values it should have, with the place of the stored
 * row.
 */
static void
row_is_different(void *arg, const Datum *values, const bool *isnull, TupleTableSlot *stored)
{
	TableWriter *writer = arg;
	int extra = ROW_EXTRA(writer->table);
	Datum row[ROW_MAX_WIDTH];
	bool row_isnull[ROW_MAX_WIDTH];

	tell_listener(writer, values, isnull, stored);
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

	tell_listener(writer, NULL, NULL, stored);
	keep_row(writer, &writer->unexpected, stored->tts_values, stored->tts_isnull);
}

/*
 * decide_how decides how to write, and whether to compare.
 *
 * Missing rows are kept until the end if the table has a unique index, which they could violate, or
 * if they are needed for session_alias.
 */
static void
decide_how(TableWriter *writer, StoredRows *stored, int piece, Size budget)
{
	bool empty = stored_rows_count(stored, piece) == 0;

	if (heap_table_possible(writer->table, writer->relation))
	{
		writer->plain =
			heap_table_open(writer->context, writer->table, writer->relation, writer->queue);
		writer->streams =
			!heap_table_is_unique(writer->relation) && (empty || !writer->table->has_aliases);
	}
	if (!writer->streams || !empty)
		/* table_writer_put returns the stored row's surrogate key */
		writer->comparison = comparison_begin(
			writer->context,
			&(ComparisonRequest){
				.stored = stored,
				.piece = piece,
				.shape = writer->shape,
				.budget = budget,
				.at_once = OidIsValid(writer->sequence) && !writer->table->is_numbered,
				.sink = {row_is_missing, row_is_different, row_is_unexpected, writer}});
}

/*
 * table_writer_begin takes the stored rows of a piece and opens the table.
 */
TableWriter *
table_writer_begin(MemoryContext parent, const Pipeline *pipeline, const StarTable *table,
				   StoredRows *stored, int piece, Oid sequence, IndexQueue *queue, Size budget)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize table writer", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	TableWriter *writer = palloc0(sizeof(TableWriter));

	writer->context = context;
	writer->pipeline = pipeline;
	writer->table = table;
	writer->sequence = sequence;
	writer->queue = queue;
	writer->kilobytes = (int) Min(Max(budget / 4096, 64), MAX_KILOBYTES);
	writer->shape = star_row_shape(table, pipeline);
	writer->missing.name = "missing_rows";
	writer->different.name = "different_rows";
	writer->unexpected.name = "unexpected_rows";
	writer->relation =
		table_openrv(star_relation_range(pipeline, table->relation), RowExclusiveLock);
	decide_how(writer, stored, piece, budget);
	MemoryContextSwitchTo(oldcontext);
	return writer;
}

/*
 * table_writer_set_listener sets the listener.
 */
void
table_writer_set_listener(TableWriter *writer, RowListener listener)
{
	writer->listener = listener;
}

/*
 * table_writer_put compares a row, or inserts it if nothing is stored.
 */
int32
table_writer_put(TableWriter *writer, Datum *values, bool *isnull)
{
	TupleTableSlot *stored;
	int extra = ROW_EXTRA(writer->table);

	if (writer->comparison == NULL)
	{
		insert_at_once(writer, values, isnull);
		return (int32) writer->new_surrogate;
	}
	memset(&values[extra], 0, (ROW_WIDTH(writer->table) - extra) * sizeof(Datum));
	memset(&isnull[extra], false, (ROW_WIDTH(writer->table) - extra) * sizeof(bool));
	/* the tid is a pointer, and NULL for a row that is not stored */
	isnull[ROW_AT(writer->table)] = true;
	stored = comparison_put(writer->comparison, values, isnull);
	return (int32) (stored ? DatumGetInt64(stored->tts_values[extra]) : writer->new_surrogate);
}

/*
 * run_statement runs a statement over the rows of a difference.
 */
static int64
run_statement(const TableWriter *writer, const Difference *difference, const char *sql)
{
	return (int64) sql_execute_with_rows(sql, difference->name, writer->shape->desc,
										 difference->rows);
}

/*
 * check_written reports rows of a difference that were not written.
 */
static void
check_written(const TableWriter *writer, const Difference *difference, int64 written)
{
	int64 wanted = tuplestore_tuple_count(difference->rows);

	if (written != wanted)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("could not write all rows of %s",
						star_table_name(writer->table, writer->pipeline)),
				 errdetail(INT64_FORMAT " of " INT64_FORMAT " rows were written.", written, wanted),
				 errhint(ROWS_KEPT_HINT ", or for another session that changes it.")));
}

/*
 * forget_rows frees the rows of a difference and their temporary file.
 */
static void
forget_rows(Difference *difference)
{
	if (difference->rows != NULL)
		tuplestore_end(difference->rows);
	difference->rows = NULL;
}

/*
 * note_aliases writes session_alias, for the sessions that were deleted.
 */
static void
note_aliases(TableWriter *writer)
{
	NamedRows rows[] = {{writer->unexpected.name, writer->shape->desc, writer->unexpected.rows},
						{writer->missing.name, writer->shape->desc, writer->missing.rows}};

	if (writer->missing.rows == NULL)
		rows[1].rows = writer->missing.rows =
			tuplestore_begin_heap(false, false, writer->kilobytes);
	(void) sql_execute_with_named_rows(
		star_alias_sql(writer->pipeline, writer->unexpected.name, writer->missing.name), rows,
		lengthof(rows));
}

/*
 * changes_of returns a difference as changes of the plain table.
 */
static HeapChanges
changes_of(const TableWriter *writer, const Difference *difference)
{
	return (HeapChanges){writer->plain, writer->relation, writer->table, writer->shape,
						 difference->rows};
}

/*
 * delete_unexpected deletes the unexpected rows, unless that was done already.
 */
static void
delete_unexpected(TableWriter *writer)
{
	HeapChanges changes = changes_of(writer, &writer->unexpected);

	if (writer->unexpected.rows == NULL)
		return;
	/* rows that another piece has deleted (insert_by_statement) are not counted again */
	if (writer->plain != NULL)
		writer->counts.deleted += heap_changes_delete(&changes);
	else
		writer->counts.deleted += run_statement(
			writer, &writer->unexpected,
			star_delete_sql(writer->table, writer->pipeline, writer->unexpected.name));
	if (writer->table->has_aliases)
		note_aliases(writer);
	forget_rows(&writer->unexpected);
}

/*
 * insert_by_statement inserts the missing rows.  If some of them violate a unique index, it deletes
 * the rows in the way.
 */
static int64
insert_by_statement(TableWriter *writer)
{
	const StarTable *table = writer->table;
	Difference *missing = &writer->missing;
	char *sql = star_insert_sql(table, writer->pipeline, missing->name);
	int64 inserted = run_statement(writer, missing, sql);

	if (inserted < tuplestore_tuple_count(missing->rows) && table->identity == 1)
	{
		/*
		 * A row with the same id and another session key, changed by a user, lies in another piece.
		 */
		writer->counts.deleted -= inserted;
		writer->counts.deleted += run_statement(
			writer, missing, star_delete_same_sql(table, writer->pipeline, missing->name));
		inserted = run_statement(writer, missing, sql);
	}
	else if (inserted < tuplestore_tuple_count(missing->rows) && writer->unexpected.rows != NULL)
	{
		/*
		 * The row in the way has an equal key that looks different, and is one of the unexpected
		 * rows.
		 */
		delete_unexpected(writer);
		inserted += run_statement(writer, missing, sql);
	}
	check_written(writer, missing, inserted);
	return inserted;
}

/*
 * insert_all inserts missing rows into the plain table, in a subtransaction.
 */
static void
insert_all(void *arg)
{
	heap_changes_insert(arg);
}

/*
 * insert_missing inserts the missing rows, by a statement if the table is not plain or that fails.
 */
static void
insert_missing(TableWriter *writer)
{
	HeapChanges changes = changes_of(writer, &writer->missing);
	int64 queued = writer->queue == NULL ? 0 : index_queue_count(writer->queue);

	if (writer->plain != NULL && try_in_subtransaction(insert_all, &changes, NULL))
	{
		writer->counts.inserted += tuplestore_tuple_count(writer->missing.rows);
		return;
	}
	if (writer->queue != NULL)
		index_queue_truncate(writer->queue, queued);
	/* the statement removes, or reports, what is in the way */
	writer->counts.inserted += insert_by_statement(writer);
}

/*
 * update_different updates the different rows.
 */
static void
update_different(TableWriter *writer)
{
	HeapChanges changes = changes_of(writer, &writer->different);
	int64 updated;

	if (writer->plain != NULL && !writer->table->stamp_stays)
		updated = heap_changes_update(&changes);
	else
		updated =
			run_statement(writer, &writer->different,
						  star_update_sql(writer->table, writer->pipeline, writer->different.name));
	check_written(writer, &writer->different, updated);
	writer->counts.updated += updated;
}

/*
 * table_writer_flush writes missing and different rows.
 */
void
table_writer_flush(TableWriter *writer)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->context);

	if (writer->comparison != NULL)
		comparison_end(writer->comparison);
	if (writer->bulk != NULL)
		bulk_insert_end(writer->bulk);
	writer->comparison = NULL;
	writer->bulk = NULL;
	if (writer->different.rows != NULL)
		update_different(writer);
	if (writer->missing.rows != NULL)
		insert_missing(writer);
	MemoryContextSwitchTo(oldcontext);
}

/*
 * table_writer_end deletes unexpected rows and frees everything.
 */
void
table_writer_end(TableWriter *writer, WriteCounts *counts)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->context);

	delete_unexpected(writer);
	if (writer->plain != NULL)
		heap_table_close(writer->plain);
	table_close(writer->relation, NoLock);
	MemoryContextSwitchTo(oldcontext);
	counts->inserted += writer->counts.inserted;
	counts->updated += writer->counts.updated;
	counts->deleted += writer->counts.deleted;
	forget_rows(&writer->missing);
	forget_rows(&writer->different);
	MemoryContextDelete(writer->context);
}
