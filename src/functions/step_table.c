/*
 * step_table.c
 *		The events of very many keys, each with the steps that it satisfies, from rows in any order.
 *
 * It does not matter when events are written to temporary files and read again, since a key's
 * events are sorted when the key is returned.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "functions/step_state.h"
#include "functions/step_table.h"
#include "guc.h"
#include "utils/memory.h"

/* How many keys before a key is returned its events are prefetched. */
#define AHEAD 8

#define FIRST_CAPACITY 4

/*
 * list_of returns the events of a key.
 */
static inline StepList *
list_of(KeyEntry *entry)
{
	return key_hash_payload(entry);
}

/*
 * grow_list makes room for one more event.
 */
static void
grow_list(StepList *list, MemoryContext cxt)
{
	uint64 capacity = Max(FIRST_CAPACITY, (uint64) list->capacity * 2);

	if (list->count >= (uint32) sz_max_group_events)
		step_report_too_many();
	capacity = Min(capacity, (uint64) sz_max_group_events);
	if (list->items == NULL)
		list->items = MemoryContextAlloc(cxt, capacity * sizeof(SzStepEvent));
	else
		list->items = repalloc_huge(list->items, capacity * sizeof(SzStepEvent));
	list->capacity = (uint32) capacity;
}

/*
 * start does nothing: the table needs no preparation.
 */
static void
start(KeyTable *keys)
{
	(void) keys;
}

/*
 * find_lists returns the lists of a batch's keys, and prefetches the memory for their next events.
 */
static void
find_lists(KeyTable *keys, const EventBatch *batch, StepList **lists)
{
	for (int i = 0; i < batch->count; i++)
	{
		bool found;

		lists[i] = list_of(key_hash_insert(&keys->hash, batch->keys[i], batch->nulls[i],
										   batch->hashes[i], &found));
		if (found)
			__builtin_prefetch(&lists[i]->items[lists[i]->count], 1);
		else
			memset(lists[i], 0, sizeof(*lists[i]));
	}
}

/*
 * take_events adds the events of a batch to the lists of their keys.
 */
static void
take_events(KeyTable *keys, const EventBatch *batch)
{
	StepList *lists[EVENT_BATCH_SIZE];

	find_lists(keys, batch, lists);
	for (int i = 0; i < batch->count; i++)
	{
		const SzInterval *row = &batch->islands[i];
		SzStepEvent event = {row->start, (uint32) row->events};

		if (row->end < row->start)
			continue;
		if (lists[i]->count == lists[i]->capacity)
			grow_list(lists[i], keys->content_cxt);
		lists[i]->items[lists[i]->count++] = event;
	}
}

/*
 * spill_events writes the events of a key; a key without events has a row that says so.
 */
static void
spill_events(KeyTable *keys, KeyEntry *entry)
{
	const StepList *list = list_of(entry);

	if (list->count == 0)
		island_spill_write(keys->spill, entry, STEP_NO_EVENT);
	for (uint32 i = 0; i < list->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		island_spill_write(keys->spill, entry, STEP_EVENT(list->items[i].ts, list->items[i].mask));
	}
}

static const KeyTableMethods step_methods = {
	.payload_size = sizeof(StepList),
	.start = start,
	.take = take_events,
	.spill = spill_events,
};

/*
 * step_table_init initializes an empty table.
 */
void
step_table_init(StepTable *table, const KeyType *type, MemoryContext cxt)
{
	memset(table, 0, sizeof(*table));
	key_table_init(&table->keys, type, &step_methods, table, cxt);
	table->scratch_cxt = AllocSetContextCreate(cxt, "step table sort", ALLOCSET_DEFAULT_SIZES);
}

/*
 * sort_events sorts the events of a key.
 */
static void
sort_events(StepTable *table, StepList *list)
{
	SzAllocator alloc = sz_context_allocator(table->scratch_cxt);

	sz_check_status(sz_step_events_sort(list->items, list->count, &alloc));
	MemoryContextReset(table->scratch_cxt);
}

/*
 * step_table_next returns the next key.
 */
const KeyEntry *
step_table_next(StepTable *table)
{
	KeyHash *keys = &table->keys.hash;
	KeyEntry *entry;

	while (!table->in_part || table->entry == keys->count)
	{
		table->in_part = key_table_next_part(&table->keys);
		if (!table->in_part)
			return NULL;
		table->entry = 0;
	}
	if (table->entry % EVENT_BATCH_SIZE == 0)
		CHECK_FOR_INTERRUPTS();
	if (table->entry + AHEAD < keys->count)
		__builtin_prefetch(list_of(key_hash_entry(keys, table->entry + AHEAD))->items);
	entry = key_hash_entry(keys, table->entry++);
	sort_events(table, list_of(entry));
	table->events = list_of(entry);
	return entry;
}

/*
 * step_table_rewind starts over with the first key.
 */
void
step_table_rewind(StepTable *table)
{
	table->in_part = false;
	key_table_rewind(&table->keys);
}
