/*
 * key_rows_memory.c
 *		The events of a piece that fits into memory.
 *
 * The rows are sorted by values that are cheap to compare: the key's hash and the time.  Two passes
 * of a radix sort over the hash do most of the work.  Only rows that are equal in hash and time, or
 * different keys with the same hash, are compared in full.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "derive/dedup.h"
#include "derive/key_rows.h"
#include "utils/pass_limit.h"

#define RADIX_BITS 8
#define RADIX_SIZE (1 << RADIX_BITS)

/* Records are fetched into the processor's cache so many rows ahead. */
#define PREFETCH 32

/* Fewer rows are sorted without radix passes. */
#define MIN_RADIX 4096

typedef struct MemoryRows
{
	KeyRows pub;
	MemoryContext context;
	const DedupRules *rules;
	SortItem *items;
	uint32 nitems;
	uint32 start; /* the key's rows are items[start .. stop) */
	uint32 stop;
	uint32 next;       /* where the next key's rows begin */
	uint32 run_stop;   /* end of a run of rows of different keys with one hash, sorted in full */
	uint32 position;   /* of the next row, counted from start */
	uint32 prefetched; /* rows before this one were prefetched */
	Dedup *dedup;
	const CopyState *states;
} MemoryRows;

static inline int
compare_items(const SortItem *a, const SortItem *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->time < b->time ? -1 : a->time > b->time;
}

#define ST_SORT                 sort_items
#define ST_ELEMENT_TYPE         SortItem
#define ST_COMPARE(a, b)        compare_items(a, b)
#define ST_SCOPE                static
#define ST_CHECK_FOR_INTERRUPTS 1
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT                  sort_ties
#define ST_ELEMENT_TYPE          SortItem
#define ST_COMPARE_ARG_TYPE      const RecordFormat
#define ST_COMPARE(a, b, format) record_compare(format, (a)->record, (b)->record)
#define ST_SCOPE                 static
#define ST_CHECK_FOR_INTERRUPTS  1
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT                  sort_mixed
#define ST_ELEMENT_TYPE          SortItem
#define ST_COMPARE_ARG_TYPE      const RecordFormat
#define ST_COMPARE(a, b, format) record_compare_all(format, (a)->record, (b)->record)
#define ST_SCOPE                 static
#define ST_CHECK_FOR_INTERRUPTS  1
#define ST_DEFINE
#include "lib/sort_template.h"
#include "derive/key_rows_memory.h"

/*
 * radix_pass copies items to another array, stably, in the order of RADIX_BITS bits of their hash.
 */
static void
radix_pass(const SortItem *items, SortItem *to, uint32 n, int shift)
{
	uint32 next[RADIX_SIZE] = {0};
	uint32 sum = 0;
	uint32 i;

	for (i = 0; i < n; i++)
		next[(items[i].hash >> shift) & (RADIX_SIZE - 1)]++;
	for (i = 0; i < RADIX_SIZE; i++)
	{
		uint32 count = next[i];

		next[i] = sum;
		sum += count;
	}
	for (i = 0; i < n; i++)
		to[next[(items[i].hash >> shift) & (RADIX_SIZE - 1)]++] = items[i];
}

/*
 * sort_groups sorts each run of items that have the bits of the radix passes in common.
 */
static void
sort_groups(SortItem *items, uint32 n)
{
	const uint64 mask = RADIX_SIZE * RADIX_SIZE - 1;
	uint32 start;
	uint32 stop;

	for (start = 0; start < n; start = stop)
	{
		bool sorted = true;

		for (stop = start + 1; stop < n && ((items[stop].hash ^ items[start].hash) & mask) == 0;
			 stop++)
			sorted &= compare_items(&items[stop - 1], &items[stop]) <= 0;
		if (!sorted)
			sort_items(items + start, stop - start);
	}
}

/*
 * sort_all sorts the items so that those with the same hash are contiguous, in the order of time.
 */
static void
sort_all(MemoryRows *rows)
{
	uint32 n = rows->nitems;
	SortItem *spare;

	if (n < MIN_RADIX)
	{
		sort_items(rows->items, n);
		return;
	}
	spare = MemoryContextAllocHuge(rows->context, (Size) n * sizeof(SortItem));
	radix_pass(rows->items, spare, n, 0);
	CHECK_FOR_INTERRUPTS();
	radix_pass(spare, rows->items, n, RADIX_BITS);
	pfree(spare);
	sort_groups(rows->items, n);
}

/*
 * collect_items loads the piece into memory and makes an item for each record.
 */
static void
collect_items(MemoryRows *rows, Spool *spool, int piece)
{
	SpoolScan scan;
	const Record *record;
	uint32 n = 0;

	spool_load(spool, piece);
	rows->items =
		MemoryContextAllocHuge(rows->context, Max(spool_rows(spool, piece), 1) * sizeof(SortItem));
	spool_scan_begin(&scan, spool, piece);
	while ((record = spool_scan_next(&scan)) != NULL)
		rows->items[n++] = (SortItem){record->key_hash, record->event_time, record};
	spool_scan_end(&scan);
	rows->nitems = n;
}

/*
 * prefetch_records prefetches the records of the next key and some more.
 */
static inline void
prefetch_records(MemoryRows *rows)
{
	uint32 until = Min(rows->nitems, rows->next + PREFETCH);

	for (; rows->prefetched < until; rows->prefetched++)
	{
		const char *record = (const char *) rows->items[rows->prefetched].record;

		__builtin_prefetch(record);
		__builtin_prefetch(record + 64);
	}
}

/*
 * same_key tells whether two items have the same key.
 */
static inline bool
same_key(const MemoryRows *rows, uint32 a, uint32 b)
{
	const RecordFormat *format = rows->rules->format;

	return key_type_compare(&format->key, record_key(format, rows->items[a].record),
							record_key(format, rows->items[b].record)) == 0;
}

/*
 * order_ties sorts the items with equal times among items[start .. stop), which have one key.
 */
static void
order_ties(MemoryRows *rows, uint32 start, uint32 stop)
{
	SortItem *items = rows->items;
	uint32 tie;

	for (; start + 1 < stop; start = tie)
	{
		for (tie = start + 1; tie < stop && items[tie].time == items[start].time; tie++)
			;
		if (tie > start + 1)
			sort_ties(items + start, tie - start, rows->rules->format);
	}
}

/*
 * take_run puts the items that share a hash into order.  It returns the end of the key's items, or
 * start if the hash has several keys, which then end at run_stop.
 */
static uint32
take_run(MemoryRows *rows, uint32 start)
{
	bool one_key = true;
	uint32 stop = start + 1;

	while (stop < rows->nitems && rows->items[stop].hash == rows->items[start].hash)
		stop++;
	if (!key_type_stable_hash_is_exact(&rows->rules->format->key))
	{
		uint32 i;

		for (i = start + 1; i < stop && one_key; i++)
			one_key = same_key(rows, start, i);
	}
	if (one_key)
	{
		order_ties(rows, start, stop);
		return stop;
	}
	sort_mixed(rows->items + start, stop - start, rows->rules->format);
	rows->run_stop = stop;
	return start;
}

/*
 * drop_uncounted removes the records of the current key that don't count under the seal.
 */
static void
drop_uncounted(MemoryRows *rows)
{
	uint32 kept = rows->start;
	uint32 i;

	for (i = rows->start; i < rows->stop; i++)
	{
		if (seal_filter_keeps(rows->rules->seal, rows->items[i].record))
			rows->items[kept++] = rows->items[i];
	}
	rows->stop = kept;
}

/*
 * take_key goes to the next key, which may have no record that counts.
 */
static void
take_key(MemoryRows *rows)
{
	uint32 start = rows->next;

	prefetch_records(rows);
	rows->start = start;
	if (start >= rows->run_stop)
		rows->stop = take_run(rows, start);
	if (start < rows->run_stop)
	{
		for (rows->stop = start + 1; rows->stop < rows->run_stop; rows->stop++)
		{
			if (!same_key(rows, start, rows->stop))
				break;
		}
	}
	rows->next = rows->stop;
	if (rows->rules->seal != NULL)
		drop_uncounted(rows);
}

/*
 * memory_next_key goes to the next key that has records.
 */
static bool
memory_next_key(KeyRows *pub)
{
	MemoryRows *rows = (MemoryRows *) pub;
	uint32 start;

	do
	{
		pass_progress();
		if (rows->next == rows->nitems)
			return false;
		take_key(rows);
	} while (rows->stop == rows->start);
	start = rows->start;
	rows->states = dedup_key(rows->dedup, rows->items + start, rows->stop - start);
	rows->position = 0;
	return true;
}

/*
 * memory_next returns the key's next event.
 */
static bool
memory_next(KeyRows *pub, KeyRow *row)
{
	MemoryRows *rows = (MemoryRows *) pub;
	uint32 i = rows->position;
	uint32 n = rows->stop - rows->start;

	while (i < n && rows->states[i].head != i)
		i++;
	if (i == n)
		return false;
	row->record = rows->items[rows->start + i].record;
	row->duplicates = rows->states[i].duplicates;
	row->conflicts = rows->states[i].conflicts;
	row->shifted = rows->states[i].shifted + ((row->record->flags & RECORD_SHIFTED) != 0);
	row->last_copy = rows->items[rows->start + rows->states[i].last].time;
	rows->position = i + 1;
	return true;
}

/*
 * memory_rewind goes back to the key's first event.
 */
static void
memory_rewind(KeyRows *pub)
{
	((MemoryRows *) pub)->position = 0;
}

/*
 * memory_restart goes back to before the first key.
 */
static void
memory_restart(KeyRows *pub)
{
	MemoryRows *rows = (MemoryRows *) pub;

	rows->start = rows->stop = rows->next = rows->run_stop = rows->prefetched = 0;
}

/*
 * memory_end frees everything.
 */
static void
memory_end(KeyRows *pub)
{
	MemoryContextDelete(((MemoryRows *) pub)->context);
}

/*
 * key_rows_in_memory loads and sorts the piece.
 */
KeyRows *
key_rows_in_memory(Spool *spool, int piece, const DedupRules *rules)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize sort", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	MemoryRows *rows = palloc0(sizeof(MemoryRows));

	rows->pub =
		(KeyRows){memory_next_key, memory_next, memory_rewind, memory_restart, memory_end, true};
	rows->context = context;
	rows->rules = rules;
	rows->dedup = dedup_create(rules);
	collect_items(rows, spool, piece);
	sort_all(rows);
	MemoryContextSwitchTo(caller);
	return &rows->pub;
}
