/*
 * dedup.c
 *		Finds duplicates among one key's rows.
 *
 * Among the rows with one event id, only the one just before a row matters.  It is the latest of
 * the earlier copies, so if any earlier copy is within dedup_window of the row, this copy is,
 * whether or not it is itself a duplicate.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "core/core.h"
#include "derive/dedup.h"

/* Keys of at most so many rows are searched without a hash table. */
#define FEW 16

struct Dedup
{
	const DedupRules *rules;
	MemoryContext context;
	CopyState *states;
	uint32 nstates;
	uint32 *latest; /* hash table of 2 * nstates: index + 1 of an event id's latest row */
};

/*
 * dedup_create prepares for the keys of a piece.
 */
Dedup *
dedup_create(const DedupRules *rules)
{
	Dedup *dedup = palloc0(sizeof(Dedup));

	dedup->rules = rules;
	dedup->context = CurrentMemoryContext;
	return dedup;
}

/*
 * grow makes room for a key of n rows.
 */
static void
grow(Dedup *dedup, uint32 n)
{
	dedup->nstates = Max(64, dedup->nstates);
	while (dedup->nstates < n)
		dedup->nstates *= 2;
	if (dedup->states != NULL)
	{
		pfree(dedup->states);
		pfree(dedup->latest);
	}
	dedup->states =
		MemoryContextAllocHuge(dedup->context, (Size) dedup->nstates * sizeof(CopyState));
	dedup->latest =
		MemoryContextAllocHuge(dedup->context, (Size) dedup->nstates * 2 * sizeof(uint32));
}

/*
 * same_id tells whether two rows have the same event id.  That of a must not be NULL.
 */
static inline bool
same_id(const RecordFormat *format, const Record *a, const Record *b)
{
	return a->id_hash == b->id_hash && !(b->flags & RECORD_NO_EVENT_ID) &&
		   key_type_compare(&format->event_id, record_event_id(format, a),
							record_event_id(format, b)) == 0;
}

/*
 * join_copies makes row i a duplicate, if the window allows, of the event of row previous, which is
 * the latest row before it with the same event id.
 */
static inline void
join_copies(Dedup *dedup, const SortItem *items, uint32 previous, uint32 i)
{
	CopyState *states = dedup->states;
	uint32 head;

	if (sz_elapsed(items[previous].time, items[i].time) > dedup->rules->window)
		return;
	head = states[previous].head;
	states[i].head = head;
	states[head].duplicates++;
	if (!record_same_payload(items[head].record, items[i].record))
		states[head].conflicts++;
	if (items[i].record->flags & RECORD_SHIFTED)
		states[head].shifted++;
	states[head].last = i;
}

/*
 * dedup_few compares each row with the rows before it, from the last to the first.
 */
static void
dedup_few(Dedup *dedup, const SortItem *items, uint32 n)
{
	uint32 i;
	uint32 j;

	for (i = 1; i < n; i++)
	{
		if (items[i].record->flags & RECORD_NO_EVENT_ID)
			continue;
		for (j = i; j > 0; j--)
		{
			if (same_id(dedup->rules->format, items[i].record, items[j - 1].record))
			{
				join_copies(dedup, items, j - 1, i);
				break;
			}
		}
	}
}

/*
 * dedup_many finds the latest row with the same event id in a hash table.
 */
static void
dedup_many(Dedup *dedup, const SortItem *items, uint32 n)
{
	uint32 *latest = dedup->latest;
	uint32 mask = 63;
	uint32 i;

	while (mask < n + n / 2)
		mask = mask * 2 + 1;
	memset(latest, 0, ((Size) mask + 1) * sizeof(uint32));
	for (i = 0; i < n; i++)
	{
		const Record *record = items[i].record;
		uint32 slot;

		if ((i & 0xFFFF) == 0xFFFF)
			CHECK_FOR_INTERRUPTS();
		if (record->flags & RECORD_NO_EVENT_ID)
			continue;
		for (slot = record->id_hash & mask; latest[slot] != 0; slot = (slot + 1) & mask)
		{
			if (same_id(dedup->rules->format, record, items[latest[slot] - 1].record))
			{
				join_copies(dedup, items, latest[slot] - 1, i);
				break;
			}
		}
		latest[slot] = i + 1;
	}
}

/*
 * dedup_key finds the duplicates among one key's rows.
 */
const CopyState *
dedup_key(Dedup *dedup, const SortItem *items, uint32 n)
{
	uint32 i;

	if (n > dedup->nstates)
		grow(dedup, n);
	for (i = 0; i < n; i++)
		dedup->states[i] = (CopyState){.head = i, .last = i};
	if (n <= FEW)
		dedup_few(dedup, items, n);
	else
		dedup_many(dedup, items, n);
	return dedup->states;
}
