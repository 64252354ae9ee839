/*
 * stored_rows.c
 *		The rows of a star table, read once and split into the derivation's pieces.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/executor.h"
#include "executor/spi.h"
#include "tcop/dest.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "compat.h"
#include "derive/derive.h"
#include "star/stored_rows.h"
#include "utils/pass_limit.h"
#include "utils/piece.h"

typedef struct StoredPiece
{
	Tuplestorestate *rows;
	int64 count;
	int64 sum;
	Size size;
	const StaleKeys *aside; /* keys that are set aside; NULL: none */
	int64 aside_sum;
} StoredPiece;

struct StoredRows
{
	MemoryContext context;
	int pieces;
	int kilobytes; /* each piece's share of the budget */
	const RowShape *shape;
	Size fixed_size; /* of a row's columns of fixed length */
	int nvarlenas;
	int *varlenas; /* the other columns */
	int sum_column;
	int stale_column;
	MemoryContext aside_context; /* reset after each row; NULL until needed */
	bool of_transaction;         /* the rows must not outlive the transaction */
	StoredPiece piece[FLEXIBLE_ARRAY_MEMBER];
};

/* The receiver of the query's rows. */
typedef struct StoredReceiver
{
	DestReceiver pub;
	const StoredQuery *query;
	StoredRows *stored;
	MemoryContext row_context;
} StoredReceiver;

/*
 * measure_columns finds out which columns of the rows have no fixed length.
 */
static void
measure_columns(StoredRows *stored)
{
	TupleDesc desc = stored->shape->desc;

	stored->varlenas = MemoryContextAlloc(stored->context, desc->natts * sizeof(int));
	for (int i = 0; i < desc->natts; i++)
	{
		int16 length = TupleDescAttr(desc, i)->attlen;

		if (length == -1)
			stored->varlenas[stored->nvarlenas++] = i;
		else
			stored->fixed_size += MAXALIGN(length);
	}
}

/*
 * size_of_row returns about how many bytes a row's values take.
 */
static Size
size_of_row(const StoredRows *stored, const Datum *values, const bool *isnull)
{
	Size size = stored->fixed_size;

	for (int i = 0; i < stored->nvarlenas; i++)
		if (!isnull[stored->varlenas[i]])
			size += VARSIZE_ANY(DatumGetPointer(values[stored->varlenas[i]]));
	return size;
}

/*
 * detoasted returns a row's values with no reference to a toast table, since the rows may outlive
 * the transaction that can read it.
 */
static Datum *
detoasted(const StoredRows *stored, const TupleTableSlot *slot)
{
	Size size = stored->shape->desc->natts * sizeof(Datum);
	Datum *values = memcpy(palloc(size), slot->tts_values, size);

	for (int i = 0; i < stored->nvarlenas; i++)
	{
		int column = stored->varlenas[i];

		if (!slot->tts_isnull[column])
			values[column] = PointerGetDatum(PG_DETOAST_DATUM_PACKED(values[column]));
	}
	return values;
}

/*
 * stored_startup checks that the query's columns have the types of the rows' shape.
 */
static void
stored_startup(DestReceiver *self, int operation pg_attribute_unused(), TupleDesc desc)
{
	TupleDesc expected = ((StoredReceiver *) self)->query->shape->desc;

	if (desc->natts != expected->natts)
		elog(ERROR, "a stored row has %d columns instead of %d", desc->natts, expected->natts);
	for (int i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->atttypid != TupleDescAttr(expected, i)->atttypid)
			elog(ERROR, "column %d of a stored row has type %u instead of %u", i + 1,
				 TupleDescAttr(desc, i)->atttypid, TupleDescAttr(expected, i)->atttypid);
	}
}

/*
 * add_row adds a row to a piece.
 */
static void
add_row(StoredRows *stored, StoredPiece *piece, Datum *values, bool *isnull)
{
	MemoryContext caller = MemoryContextSwitchTo(stored->context);

	pass_progress();
	if (piece->rows == NULL)
		piece->rows = tuplestore_begin_heap(false, !stored->of_transaction, stored->kilobytes);
	tuplestore_putvalues(piece->rows, stored->shape->desc, values, isnull);
	MemoryContextSwitchTo(caller);
	piece->count++;
	if (stored->sum_column >= 0 && !isnull[stored->sum_column])
		piece->sum += DatumGetInt64(values[stored->sum_column]);
	piece->size += size_of_row(stored, values, isnull);
}

/*
 * stored_receive adds a row to its piece.
 */
static bool
stored_receive(TupleTableSlot *slot, DestReceiver *self)
{
	StoredReceiver *receiver = (StoredReceiver *) self;
	const StoredQuery *query = receiver->query;
	StoredRows *stored = receiver->stored;
	MemoryContext oldcontext = MemoryContextSwitchTo(receiver->row_context);
	Datum *values;
	int number = 0;

	slot_getallattrs(slot);
	if (query->stale != NULL && stale_keys_has(query->stale, slot->tts_values[query->stale_column],
											   slot->tts_isnull[query->stale_column]))
	{
		MemoryContextSwitchTo(oldcontext);
		return true;
	}
	values = detoasted(stored, slot);
	/* Rows whose key is NULL belong to the first piece. */
	if (query->key_column >= 0 && !slot->tts_isnull[query->key_column])
		number = piece_of_key(query->pipeline->types[SRC_SESSION_KEY], values[query->key_column],
							  query->pieces);
	if (query->wanted == NULL || query->wanted[number])
		add_row(stored, &stored->piece[number], values, slot->tts_isnull);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(receiver->row_context);
	return true;
}

/*
 * stored_nothing is the receiver's rShutdown and rDestroy.
 */
static void
stored_nothing(DestReceiver *self pg_attribute_unused())
{
}

/*
 * stored_rows_read runs the query and splits its rows.
 */
StoredRows *
stored_rows_read(MemoryContext parent, const StoredQuery *query)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize stored rows", ALLOCSET_DEFAULT_SIZES);
	StoredRows *stored = MemoryContextAllocZero(context, offsetof(StoredRows, piece) +
															 query->pieces * sizeof(StoredPiece));
	SPIExecuteOptions options = {.read_only = query->read_only};
	StoredReceiver receiver = {
		.pub = {.receiveSlot = stored_receive,
				.rStartup = stored_startup,
				.rShutdown = stored_nothing,
				.rDestroy = stored_nothing,
				.mydest = DestNone},
		.query = query,
		.stored = stored,
	};
	int result;

	stored->context = context;
	stored->pieces = query->pieces;
	stored->shape = query->shape;
	measure_columns(stored);
	stored->sum_column = query->sum_column;
	stored->stale_column = query->stale_column;
	stored->of_transaction = query->keys != NULL;
	/* A tuplestore needs at least 64 kB. */
	stored->kilobytes = (int) Min(Max(query->budget / query->pieces / 1024, 64), MAX_KILOBYTES);
	receiver.row_context =
		AllocSetContextCreate(context, "sessionize stored row", ALLOCSET_SMALL_SIZES);
	options.dest = &receiver.pub;
	SPI_connect();
	if (query->keys != NULL)
		key_relation_register(query->keys);
	result = SPI_execute_extended(query->sql, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(result));
	SPI_finish();
	MemoryContextDelete(receiver.row_context);
	return stored;
}

/*
 * is_left_out tells whether a row's key is one of the keys.
 */
static bool
is_left_out(const StoredRows *stored, const StaleKeys *keys, const TupleTableSlot *slot,
			MemoryContext row_context)
{
	MemoryContext caller = MemoryContextSwitchTo(row_context);
	bool left_out = stale_keys_has(keys, slot->tts_values[stored->stale_column],
								   slot->tts_isnull[stored->stale_column]);

	MemoryContextSwitchTo(caller);
	MemoryContextReset(row_context);
	return left_out;
}

/*
 * stored_rows_leave_out leaves out a piece's rows of some keys.
 */
void
stored_rows_leave_out(StoredRows *stored, int number, const StaleKeys *keys)
{
	Tuplestorestate *all = stored_rows_take(stored, number);
	StoredPiece *piece = &stored->piece[number];
	MemoryContext row_context;
	TupleTableSlot *slot;

	if (all == NULL)
		return;
	*piece = (StoredPiece){0};
	row_context =
		AllocSetContextCreate(stored->context, "sessionize stored row", ALLOCSET_SMALL_SIZES);
	slot = MakeSingleTupleTableSlot(stored->shape->desc, &TTSOpsMinimalTuple);
	while (tuplestore_gettupleslot(all, true, false, slot))
	{
		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		if (!is_left_out(stored, keys, slot, row_context))
			add_row(stored, piece, slot->tts_values, slot->tts_isnull);
	}
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(all);
	MemoryContextDelete(row_context);
}

/*
 * stored_rows_set_aside keeps a comparison from reporting a piece's rows of some keys.
 */
void
stored_rows_set_aside(StoredRows *stored, int piece, const StaleKeys *keys)
{
	if (piece >= stored->pieces)
		return;
	if (stored->aside_context == NULL)
		stored->aside_context =
			AllocSetContextCreate(stored->context, "sessionize stored row", ALLOCSET_SMALL_SIZES);
	stored->piece[piece].aside = keys;
}

/*
 * stored_rows_is_set_aside tells whether a row's key was set aside.
 */
bool
stored_rows_is_set_aside(StoredRows *stored, int number, const TupleTableSlot *row)
{
	StoredPiece *piece = number < stored->pieces ? &stored->piece[number] : NULL;

	if (piece == NULL || piece->aside == NULL ||
		!is_left_out(stored, piece->aside, row, stored->aside_context))
		return false;
	if (stored->sum_column >= 0 && !row->tts_isnull[stored->sum_column])
		piece->aside_sum += DatumGetInt64(row->tts_values[stored->sum_column]);
	return true;
}

/*
 * stored_rows_set_aside_sum returns the part of stored_rows_sum in rows whose keys were set aside.
 */
int64
stored_rows_set_aside_sum(const StoredRows *stored, int piece)
{
	return piece < stored->pieces ? stored->piece[piece].aside_sum : 0;
}

/*
 * stored_rows_count returns the number of a piece's rows.
 */
int64
stored_rows_count(const StoredRows *stored, int piece)
{
	return piece < stored->pieces ? stored->piece[piece].count : 0;
}

/*
 * stored_rows_sum returns the sum over a piece's rows of the query's sum_column.
 */
int64
stored_rows_sum(const StoredRows *stored, int piece)
{
	return piece < stored->pieces ? stored->piece[piece].sum : 0;
}

/*
 * stored_rows_size returns about how many bytes a piece's rows take in a RowSet.
 */
Size
stored_rows_size(const StoredRows *stored, int piece)
{
	/*
	 * what a row takes besides its data: palloc chunk, minimal tuple header, hash entry and bucket
	 */
	const Size overhead = 96;

	return piece < stored->pieces
			   ? stored->piece[piece].size + stored->piece[piece].count * overhead
			   : 0;
}

/*
 * stored_rows_take gives a piece's rows to the caller.
 */
Tuplestorestate *
stored_rows_take(StoredRows *stored, int piece)
{
	Tuplestorestate *rows = NULL;

	if (piece < stored->pieces)
	{
		rows = stored->piece[piece].rows;
		stored->piece[piece].rows = NULL;
	}
	return rows;
}

/*
 * stored_rows_free frees the rows that were not taken.
 */
void
stored_rows_free(StoredRows *stored)
{
	for (int i = 0; i < stored->pieces; i++)
	{
		if (stored->piece[i].rows != NULL)
			tuplestore_end(stored->piece[i].rows);
	}
	MemoryContextDelete(stored->context);
}
