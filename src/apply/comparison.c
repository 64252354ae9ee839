/*
 * comparison.c
 *		Compares stored rows with expected rows: which are missing, different or unexpected.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/executor.h"
#include "port/pg_bitutils.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "apply/comparison.h"
#include "star/stored_rows.h"
#include "utils/pass_limit.h"

/* The most parts, however large the piece is, since each part is a file or two. */
#define MAX_PARTS 1024

/* Rows split by a hash of their identity. */
typedef struct ComparedParts
{
	int count;
	int kilobytes; /* for each tuplestore */
	Tuplestorestate **stored;
	Tuplestorestate **expected;
} ComparedParts;

struct Comparison
{
	MemoryContext context;
	StoredRows *origin; /* from which the stored rows were taken */
	int piece;
	const RowShape *shape;
	ComparisonSink sink;
	TupleTableSlot *slot;
	RowSet *rows;        /* all stored rows, if they are in memory */
	ComparedParts parts; /* the rows, if they are not in memory */
};

/*
 * load_rows moves the rows of a tuplestore, which may be NULL, to a RowSet.
 */
static RowSet *
load_rows(Comparison *comparison, Tuplestorestate *rows)
{
	int64 count = rows ? tuplestore_tuple_count(rows) : 0;
	RowSet *set = rowset_create(comparison->context, comparison->shape, count);

	while (rows != NULL && tuplestore_gettupleslot(rows, true, false, comparison->slot))
	{
		pass_progress();
		rowset_add(set, comparison->slot);
	}
	ExecClearTuple(comparison->slot);
	if (rows != NULL)
		tuplestore_end(rows);
	return set;
}

/*
 * part_store returns the part of the array that these values belong to.
 */
static Tuplestorestate *
part_store(Comparison *comparison, Tuplestorestate **stores, const Datum *values,
		   const bool *isnull)
{
	/* The low bits choose the bucket within a part. */
	int part = (int) ((rowset_hash(comparison->shape, values, isnull) >> 16) &
					  (comparison->parts.count - 1));

	if (stores[part] == NULL)
		stores[part] = tuplestore_begin_heap(false, false, comparison->parts.kilobytes);
	return stores[part];
}

/*
 * split_rows distributes the rows of a tuplestore to the parts.
 */
static void
split_rows(Comparison *comparison, Tuplestorestate *rows)
{
	TupleTableSlot *slot = comparison->slot;

	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		pass_progress();
		slot_getallattrs(slot);
		tuplestore_puttupleslot(
			part_store(comparison, comparison->parts.stored, slot->tts_values, slot->tts_isnull),
			slot);
	}
	ExecClearTuple(slot);
	tuplestore_end(rows);
}

/*
 * make_parts makes enough parts for a piece of size bytes.
 */
static void
make_parts(ComparedParts *parts, Size size, Size budget)
{
	parts->count = pg_nextpower2_32((uint32) Min(size / budget + 1, MAX_PARTS));
	parts->kilobytes = (int) Min(Max(budget / parts->count / 2048, 64), MAX_KILOBYTES);
	parts->stored = palloc0(parts->count * sizeof(Tuplestorestate *));
	parts->expected = palloc0(parts->count * sizeof(Tuplestorestate *));
}

/*
 * comparison_begin takes a piece of the stored rows and prepares to compare them.
 */
Comparison *
comparison_begin(MemoryContext parent, const ComparisonRequest *request)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize comparison", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	Comparison *comparison = palloc0(sizeof(Comparison));
	Size size = stored_rows_size(request->stored, request->piece);
	Tuplestorestate *rows = stored_rows_take(request->stored, request->piece);

	comparison->context = context;
	comparison->origin = request->stored;
	comparison->piece = request->piece;
	comparison->shape = request->shape;
	comparison->sink = request->sink;
	comparison->slot = MakeSingleTupleTableSlot(request->shape->desc, &TTSOpsMinimalTuple);
	if (request->at_once || size <= request->budget)
		comparison->rows = load_rows(comparison, rows);
	else
	{
		make_parts(&comparison->parts, size, request->budget);
		split_rows(comparison, rows);
	}
	MemoryContextSwitchTo(oldcontext);
	return comparison;
}

/*
 * match_row compares one expected row and reports a difference.  It returns the stored row.
 */
static TupleTableSlot *
match_row(Comparison *comparison, RowSet *rows, const Datum *values, const bool *isnull)
{
	TupleTableSlot *stored;

	switch (rowset_match(rows, values, isnull, &stored))
	{
		case ROW_SAME:
			break;
		case ROW_DIFFERENT:
			comparison->sink.different(comparison->sink.arg, values, isnull, stored);
			break;
		case ROW_MISSING:
			comparison->sink.missing(comparison->sink.arg, values, isnull);
			break;
	}
	return stored;
}

/*
 * comparison_put compares an expected row, or keeps it for its part.
 */
TupleTableSlot *
comparison_put(Comparison *comparison, const Datum *values, const bool *isnull)
{
	MemoryContext oldcontext;

	if (comparison->rows != NULL)
		return match_row(comparison, comparison->rows, values, isnull);
	oldcontext = MemoryContextSwitchTo(comparison->context);
	tuplestore_putvalues(part_store(comparison, comparison->parts.expected, values, isnull),
						 comparison->shape->desc, unconstify(Datum *, values),
						 unconstify(bool *, isnull));
	MemoryContextSwitchTo(oldcontext);
	return NULL;
}

/*
 * report_unexpected reports the stored rows that no expected row matched, except those of keys that
 * are not written (stored_star_set_aside).
 */
static void
report_unexpected(Comparison *comparison, RowSet *rows)
{
	TupleTableSlot *stored;
	int64 position = 0;

	while ((stored = rowset_unmatched(rows, &position)) != NULL)
		if (!stored_rows_is_set_aside(comparison->origin, comparison->piece, stored))
			comparison->sink.unexpected(comparison->sink.arg, stored);
}

/*
 * compare_part compares the rows of one part.
 */
static void
compare_part(Comparison *comparison, int part)
{
	RowSet *rows = load_rows(comparison, comparison->parts.stored[part]);
	Tuplestorestate *expected = comparison->parts.expected[part];
	TupleTableSlot *slot = comparison->slot;

	while (expected != NULL && tuplestore_gettupleslot(expected, true, false, slot))
	{
		pass_progress();
		slot_getallattrs(slot);
		(void) match_row(comparison, rows, slot->tts_values, slot->tts_isnull);
	}
	ExecClearTuple(slot);
	if (expected != NULL)
		tuplestore_end(expected);
	report_unexpected(comparison, rows);
	rowset_free(rows);
}

/*
 * comparison_end compares the parts, reports unexpected rows and frees everything.
 */
void
comparison_end(Comparison *comparison)
{
	if (comparison->rows != NULL)
	{
		report_unexpected(comparison, comparison->rows);
		rowset_free(comparison->rows);
	}
	for (int part = 0; part < comparison->parts.count; part++)
		compare_part(comparison, part);
	ExecDropSingleTupleTableSlot(comparison->slot);
	MemoryContextDelete(comparison->context);
}
