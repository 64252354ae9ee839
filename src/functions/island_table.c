/*
 * island_table.c
 *		The islands of very many keys, from rows in any order.
 *
 * The islands of a key join again in whatever order they come, so it does not matter when they are
 * written to temporary files and read again.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "functions/island_table.h"

/*
 * islands_of returns the islands of a key.
 */
static inline Islands *
islands_of(KeyEntry *entry)
{
	return key_hash_payload(entry);
}

/*
 * start_arena initializes an empty arena for an empty table.
 */
static void
start_arena(KeyTable *keys)
{
	IslandTable *table = keys->arg;

	island_arena_init(&table->arena, table->gap, keys->content_cxt);
}

/*
 * take_islands adds the islands of a batch.
 */
static void
take_islands(KeyTable *keys, const EventBatch *batch)
{
	IslandTable *table = keys->arg;

	for (int i = 0; i < batch->count; i++)
	{
		bool found;
		KeyEntry *entry =
			key_hash_insert(&keys->hash, batch->keys[i], batch->nulls[i], batch->hashes[i], &found);

		if (found)
			islands_add(islands_of(entry), batch->islands[i], &table->arena);
		else
			islands_init(islands_of(entry), batch->islands[i]);
	}
}

/*
 * spill_islands writes the islands of a key; a key without events has one that says so.
 */
static void
spill_islands(KeyTable *keys, KeyEntry *entry)
{
	const Islands *islands = islands_of(entry);

	island_spill_write(keys->spill, entry, islands->current);
	for (IslandNode *node = islands->closed; node != NULL; node = node->previous)
	{
		CHECK_FOR_INTERRUPTS();
		island_spill_write(keys->spill, entry, node->island);
	}
}

static const KeyTableMethods island_methods = {
	.payload_size = sizeof(Islands),
	.start = start_arena,
	.take = take_islands,
	.spill = spill_islands,
};

/*
 * island_table_init initializes an empty table.
 */
void
island_table_init(IslandTable *table, const KeyType *type, uint64 gap, bool with_list,
				  MemoryContext cxt)
{
	memset(table, 0, sizeof(*table));
	table->gap = gap;
	table->with_list = with_list;
	key_table_init(&table->keys, type, &island_methods, table, cxt);
}

/*
 * island_table_set_gap sets another gap.
 */
void
island_table_set_gap(IslandTable *table, uint64 gap)
{
	table->gap = gap;
	table->arena.gap = gap;
}

/*
 * list_islands writes the islands of a key, which must be in order, to table->items.
 */
static void
list_islands(IslandTable *table, const Islands *islands)
{
	SzInterval *out;

	if ((Size) table->count > table->items_size)
	{
		if (table->items != NULL)
			pfree(table->items);
		table->items_size = Max(64, (Size) table->count + (Size) table->count / 2);
		table->items =
			MemoryContextAllocHuge(table->keys.cxt, table->items_size * sizeof(SzInterval));
	}
	if (table->count == 0)
		return;
	out = table->items + table->count - 1;
	*out = islands->current;
	for (IslandNode *node = islands->closed; node != NULL; node = node->previous)
	{
		CHECK_FOR_INTERRUPTS();
		*--out = node->island;
	}
}

/*
 * walk_ahead goes one step along the lists of islands of each of the next keys.  The islands of a
 * key are scattered in memory, so they are prefetched before the key is returned.
 */
static inline void
walk_ahead(IslandTable *table)
{
	uint32 enters = table->entry + ISLANDS_AHEAD;

	for (int i = 0; i < ISLANDS_AHEAD; i++)
	{
		if (table->ahead[i] == NULL)
			continue;
		table->ahead[i] = table->ahead[i]->previous;
		__builtin_prefetch(table->ahead[i]);
	}
	if (enters < table->keys.hash.count)
	{
		table->ahead[enters % ISLANDS_AHEAD] =
			islands_of(key_hash_entry(&table->keys.hash, enters))->closed;
		__builtin_prefetch(table->ahead[enters % ISLANDS_AHEAD]);
	}
}

/*
 * island_table_next returns the next key.
 */
const KeyEntry *
island_table_next(IslandTable *table)
{
	KeyEntry *entry;
	Islands *islands;

	while (!table->in_part || table->entry == table->keys.hash.count)
	{
		table->in_part = key_table_next_part(&table->keys);
		if (!table->in_part)
			return NULL;
		table->entry = 0;
		memset(table->ahead, 0, sizeof(table->ahead));
	}
	entry = key_hash_entry(&table->keys.hash, table->entry);
	islands = islands_of(entry);
	table->ahead[table->entry % ISLANDS_AHEAD] = NULL;
	if (table->with_list || table->arena.disordered)
		walk_ahead(table);
	islands_normalize(islands, &table->arena);
	table->count = islands_count(islands);
	if (table->with_list)
		list_islands(table, islands);
	table->entry++;
	return entry;
}

/*
 * island_table_rewind starts over with the first key.
 */
void
island_table_rewind(IslandTable *table)
{
	table->in_part = false;
	key_table_rewind(&table->keys);
}
