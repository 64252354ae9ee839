/*
 * key_rows_external.c
 *		The events of a piece that does not fit into memory.
 *
 * A first sort, by (key, event_id, event_time, raw_id), brings the copies of an event together, so
 * that duplicates are found with one event in memory.  A second sort puts the events, each with its
 * number of duplicates, into the order of time.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "utils/tuplesort.h"

#include "compat.h"
#include "core/core.h"
#include "derive/key_rows.h"
#include "derive/key_rows_external.h"
#include "utils/pass_limit.h"

/* The columns of the tuples that are sorted. */
enum
{
	COL_HASH = 1, /* of the key */
	COL_KEY,
	COL_TIME,
	COL_EVENT_ID,
	COL_RAW_ID,
	COL_RECORD, /* bytea, as record_to_sortable writes it */
	COL_DUPLICATES,
	COL_CONFLICTS,
	COL_SHIFTED,
	COL_LAST,
	NCOLS = COL_LAST
};

/* The columns that are sorted by. */
#define NSORTED 6

static const AttrNumber copy_order[NSORTED] = {COL_HASH, COL_KEY,    COL_EVENT_ID,
											   COL_TIME, COL_RAW_ID, COL_RECORD};
static const AttrNumber time_order[NSORTED] = {COL_HASH,     COL_KEY,    COL_TIME,
											   COL_EVENT_ID, COL_RAW_ID, COL_RECORD};

/* A copy of a record. */
typedef struct RecordCopy
{
	Record *record;
	Size size;
} RecordCopy;

typedef struct ExternalRows
{
	KeyRows pub;
	MemoryContext context;
	const DedupRules *rules;
	TupleDesc desc;
	TupleTableSlot *in;
	TupleTableSlot *out;
	Tuplesortstate *sort; /* the second sort */
	RecordCopy key;       /* the current key's first event */
	KeyRow key_row;       /* its numbers of duplicates; record points to key */
	RecordCopy sealed;    /* during the first sort: the head of the seal's filter */
	RecordCopy ahead;     /* the record read last */
	KeyRow ahead_row;     /* its numbers; record is NULL after the last one */
	bool ahead_is_next;   /* it was not returned yet */
} ExternalRows;

/*
 * describe_tuple returns the row type of the sorts.
 */
static TupleDesc
describe_tuple(const RecordFormat *format)
{
	TupleDesc desc = CreateTemplateTupleDesc(NCOLS);

	TupleDescInitEntry(desc, COL_HASH, "hash", INT8OID, -1, 0);
	TupleDescInitEntry(desc, COL_KEY, "key", format->key.oid, -1, 0);
	TupleDescInitEntry(desc, COL_TIME, "time", INT8OID, -1, 0);
	TupleDescInitEntry(desc, COL_EVENT_ID, "event_id", format->event_id.oid, -1, 0);
	TupleDescInitEntry(desc, COL_RAW_ID, "raw_id", format->raw_id.oid, -1, 0);
	TupleDescInitEntry(desc, COL_RECORD, "record", BYTEAOID, -1, 0);
	TupleDescInitEntry(desc, COL_DUPLICATES, "duplicates", INT8OID, -1, 0);
	TupleDescInitEntry(desc, COL_CONFLICTS, "conflicts", INT8OID, -1, 0);
	TupleDescInitEntry(desc, COL_SHIFTED, "shifted", INT8OID, -1, 0);
	TupleDescInitEntry(desc, COL_LAST, "last", INT8OID, -1, 0);
	sz_finish_tuple_desc(desc);
	return desc;
}

/*
 * begin_sort starts a sort in one of the two orders.  options are those of tuplesort_begin_heap.
 */
static Tuplesortstate *
begin_sort(const ExternalRows *rows, const AttrNumber *order, Size budget, int options)
{
	const RecordFormat *format = rows->rules->format;
	const Oid less[NCOLS + 1] = {
		[COL_HASH] = Int8LessOperator,      [COL_KEY] = format->key.less,
		[COL_TIME] = Int8LessOperator,      [COL_EVENT_ID] = format->event_id.less,
		[COL_RAW_ID] = format->raw_id.less, [COL_RECORD] = ByteaLessOperator};
	const Oid collation[NCOLS + 1] = {[COL_KEY] = format->key.collation,
									  [COL_EVENT_ID] = format->event_id.collation,
									  [COL_RAW_ID] = format->raw_id.collation};
	AttrNumber columns[NSORTED];
	Oid operators[NSORTED];
	Oid collations[NSORTED];
	bool nulls_first[NSORTED] = {false};

	for (int i = 0; i < NSORTED; i++)
	{
		columns[i] = order[i];
		operators[i] = less[order[i]];
		collations[i] = collation[order[i]];
	}
	return tuplesort_begin_heap(rows->desc, NSORTED, columns, operators, collations, nulls_first,
								sort_memory(budget), NULL, options);
}

/*
 * put_record adds a record and its numbers to a sort.
 */
static void
put_record(ExternalRows *rows, Tuplesortstate *sort, const KeyRow *row)
{
	const RecordFormat *format = rows->rules->format;
	const Record *record = row->record;
	TupleTableSlot *slot = rows->in;
	Datum *values = slot->tts_values - 1;
	bytea *bytes = MemoryContextAllocHuge(rows->context, VARHDRSZ + record_sortable_size(record));

	SET_VARSIZE(bytes, VARHDRSZ + record_to_sortable(format, record, VARDATA(bytes)));
	ExecClearTuple(slot);
	memset(slot->tts_isnull, 0, NCOLS * sizeof(bool));
	values[COL_HASH] = UInt64GetDatum(record->key_hash);
	values[COL_KEY] = record_key(format, record);
	values[COL_TIME] = Int64GetDatum(record->event_time);
	slot->tts_isnull[COL_EVENT_ID - 1] = (record->flags & RECORD_NO_EVENT_ID) != 0;
	if (!(record->flags & RECORD_NO_EVENT_ID))
		values[COL_EVENT_ID] = record_event_id(format, record);
	values[COL_RAW_ID] = record_raw_id(format, record);
	values[COL_RECORD] = PointerGetDatum(bytes);
	values[COL_DUPLICATES] = Int64GetDatum(row->duplicates);
	values[COL_CONFLICTS] = Int64GetDatum(row->conflicts);
	values[COL_SHIFTED] = Int64GetDatum(row->shifted);
	values[COL_LAST] = Int64GetDatum(row->last_copy);
	ExecStoreVirtualTuple(slot);
	tuplesort_puttupleslot(sort, slot);
	pfree(bytes);
}

/*
 * make_room makes a copy large enough for a record of len bytes.
 */
static void
make_room(const ExternalRows *rows, RecordCopy *copy, Size len)
{
	if (copy->size >= len)
		return;
	if (copy->record != NULL)
		pfree(copy->record);
	copy->size = len + len / 2;
	copy->record = MemoryContextAllocHuge(rows->context, copy->size);
}

/*
 * copy_record copies a record.
 */
static void
copy_record(const ExternalRows *rows, RecordCopy *copy, const Record *record)
{
	make_room(rows, copy, record->size);
	memcpy(copy->record, record, record->size);
}

/*
 * get returns the next record of a sort, in copy, and its numbers in row.  row->record is NULL
 * after the last record.
 */
static void
get(ExternalRows *rows, Tuplesortstate *sort, RecordCopy *copy, KeyRow *row)
{
	TupleTableSlot *slot = rows->out;
	struct varlena *bytes;

	pass_progress();
	row->record = NULL;
	if (!tuplesort_gettupleslot(sort, true, false, slot, NULL))
		return;
	slot_getallattrs(slot);
	bytes = (struct varlena *) DatumGetPointer(slot->tts_values[COL_RECORD - 1]);
	make_room(rows, copy, record_of_sortable_size(rows->rules->format, VARDATA_ANY(bytes)));
	record_of_sortable(rows->rules->format, VARDATA_ANY(bytes), copy->record);
	row->record = copy->record;
	row->duplicates = DatumGetInt64(slot->tts_values[COL_DUPLICATES - 1]);
	row->conflicts = DatumGetInt64(slot->tts_values[COL_CONFLICTS - 1]);
	row->shifted = DatumGetInt64(slot->tts_values[COL_SHIFTED - 1]);
	row->last_copy = DatumGetInt64(slot->tts_values[COL_LAST - 1]);
}

/*
 * same_key tells whether two records have the same key.
 */
static bool
same_key(const RecordFormat *format, const Record *a, const Record *b)
{
	return a->key_hash == b->key_hash &&
		   key_type_compare(&format->key, record_key(format, a), record_key(format, b)) == 0;
}

/*
 * is_copy tells whether a record is a copy of an event.  The previous record was the event's last
 * copy.
 */
static bool
is_copy(const DedupRules *rules, const KeyRow *event, const Record *record)
{
	const RecordFormat *format = rules->format;
	const Record *head = event->record;

	return !((head->flags | record->flags) & RECORD_NO_EVENT_ID) &&
		   same_key(format, head, record) &&
		   key_type_compare(&format->event_id, record_event_id(format, head),
							record_event_id(format, record)) == 0 &&
		   sz_elapsed(event->last_copy, record->event_time) <= rules->window;
}

/*
 * single_row returns a record as an event without duplicates.
 */
static inline KeyRow
single_row(const Record *record)
{
	KeyRow row = {.record = record, .last_copy = record->event_time};

	row.shifted = (record->flags & RECORD_SHIFTED) != 0;
	return row;
}

/*
 * sort_piece runs the first sort over the piece's records, and frees the piece.
 */
static Tuplesortstate *
sort_piece(ExternalRows *rows, Spool *spool, int piece, Size budget)
{
	Tuplesortstate *sort = begin_sort(rows, copy_order, budget, TUPLESORT_NONE);
	SpoolScan scan;
	const Record *record;

	spool_scan_begin(&scan, spool, piece);
	while ((record = spool_scan_next(&scan)) != NULL)
	{
		KeyRow row = single_row(record);

		put_record(rows, sort, &row);
	}
	spool_scan_end(&scan);
	spool_free_piece(spool, piece);
	tuplesort_performsort(sort);
	return sort;
}

/*
 * get_counted returns the next record of the first sort that counts under the seal, like get.
 */
static void
get_counted(ExternalRows *rows, Tuplesortstate *copies, KeyRow *row)
{
	SealFilter *seal = rows->rules->seal;
	bool counts;

	do
	{
		get(rows, copies, &rows->ahead, row);
		if (seal == NULL || row->record == NULL)
			return;
		counts = seal_filter_keeps(seal, row->record);
		if (seal->head == row->record)
		{
			copy_record(rows, &rows->sealed, row->record);
			seal->head = rows->sealed.record;
		}
	} while (!counts);
}

/*
 * sort_events moves the events, without their duplicates, from the first sort to the second.
 */
static void
sort_events(ExternalRows *rows, Tuplesortstate *copies, Size budget)
{
	RecordCopy head = {NULL, 0};
	KeyRow event = {.record = NULL};
	KeyRow row;

	rows->sort = begin_sort(rows, time_order, budget, TUPLESORT_RANDOMACCESS);
	for (;;)
	{
		get_counted(rows, copies, &row);
		if (row.record != NULL && event.record != NULL && is_copy(rows->rules, &event, row.record))
		{
			event.duplicates++;
			event.conflicts += record_same_payload(event.record, row.record) ? 0 : 1;
			event.shifted += row.shifted;
			event.last_copy = row.last_copy;
			continue;
		}
		if (event.record != NULL)
			put_record(rows, rows->sort, &event);
		if (row.record == NULL)
			break;
		copy_record(rows, &head, row.record);
		event = row;
		event.record = head.record;
	}
	if (head.record != NULL)
		pfree(head.record);
}

/*
 * read_ahead reads the next event, unless the last one read was not returned yet.
 */
static void
read_ahead(ExternalRows *rows)
{
	if (!rows->ahead_is_next)
		get(rows, rows->sort, &rows->ahead, &rows->ahead_row);
	rows->ahead_is_next = true;
}

/*
 * external_next returns the key's next event.
 */
static bool
external_next(KeyRows *pub, KeyRow *row)
{
	ExternalRows *rows = (ExternalRows *) pub;

	read_ahead(rows);
	if (rows->ahead_row.record == NULL ||
		!same_key(rows->rules->format, rows->key.record, rows->ahead_row.record))
		return false;
	rows->ahead_is_next = false;
	*row = rows->ahead_row;
	return true;
}

/*
 * external_next_key goes to the next key.
 */
static bool
external_next_key(KeyRows *pub)
{
	ExternalRows *rows = (ExternalRows *) pub;
	KeyRow row;

	if (rows->key.record != NULL)
	{
		while (external_next(pub, &row))
			;
	}
	read_ahead(rows);
	if (rows->ahead_row.record == NULL)
		return false;
	copy_record(rows, &rows->key, rows->ahead_row.record);
	rows->key_row = rows->ahead_row;
	rows->key_row.record = rows->key.record;
	tuplesort_markpos(rows->sort);
	return true;
}

/*
 * external_rewind goes back to the key's first event, which is kept, and to the mark in the sort
 * after it.
 */
static void
external_rewind(KeyRows *pub)
{
	ExternalRows *rows = (ExternalRows *) pub;

	tuplesort_restorepos(rows->sort);
	copy_record(rows, &rows->ahead, rows->key.record);
	rows->ahead_row = rows->key_row;
	rows->ahead_row.record = rows->ahead.record;
	rows->ahead_is_next = true;
}

/*
 * external_restart goes back to before the first key.
 */
static void
external_restart(KeyRows *pub)
{
	ExternalRows *rows = (ExternalRows *) pub;

	tuplesort_rescan(rows->sort);
	if (rows->key.record != NULL)
		pfree(rows->key.record);
	rows->key = (RecordCopy){NULL, 0};
	rows->ahead_is_next = false;
}

/*
 * external_end frees everything.
 */
static void
external_end(KeyRows *pub)
{
	ExternalRows *rows = (ExternalRows *) pub;

	tuplesort_end(rows->sort);
	MemoryContextDelete(rows->context);
}

/*
 * key_rows_external runs the two sorts.
 */
KeyRows *
key_rows_external(Spool *spool, int piece, const DedupRules *rules, Size budget)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "sessionize external sort",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	ExternalRows *rows = palloc0(sizeof(ExternalRows));
	Tuplesortstate *copies;

	rows->pub = (KeyRows){external_next_key, external_next, external_rewind,
						  external_restart,  external_end,  false};
	rows->context = context;
	rows->rules = rules;
	rows->desc = describe_tuple(rules->format);
	rows->in = MakeSingleTupleTableSlot(rows->desc, &TTSOpsVirtual);
	rows->out = MakeSingleTupleTableSlot(rows->desc, &TTSOpsMinimalTuple);
	copies = sort_piece(rows, spool, piece, budget / 2);
	sort_events(rows, copies, budget / 2);
	ExecClearTuple(rows->out);
	tuplesort_end(copies);
	tuplesort_performsort(rows->sort);
	MemoryContextSwitchTo(caller);
	return &rows->pub;
}
