/*
 * island_table.h
 *		The islands of very many keys, from rows in any order.
 *
 *		island_table_init(table, type, gap, with_list, cxt);
 *		while there are rows: fill a batch; key_table_take(&table->keys, batch);
 *		while ((key = island_table_next(table)) != NULL)
 *			use it, table->count and table->items;
 *		key_table_end(&table->keys);
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ISLAND_TABLE_H
#define SESSIONIZE_ISLAND_TABLE_H

#include "postgres.h"

#include "functions/islands.h"
#include "functions/key_table.h"

/* How many keys ahead of the current one the walk along their islands begins. */
#define ISLANDS_AHEAD 16

typedef struct IslandTable
{
	KeyTable keys;
	IslandArena arena;
	uint64 gap;
	bool with_list; /* the islands themselves are wanted, not only their number */

	/* the current key's */
	int64 count;       /* of its islands, 0 where it has no event */
	SzInterval *items; /* they, ascending */

	bool in_part;                     /* a part of the keys is being walked along */
	uint32 entry;                     /* the next key in it */
	IslandNode *ahead[ISLANDS_AHEAD]; /* how far the walk is, for the key of a number, modulo ISLANDS_AHEAD */
	Size items_size;
} IslandTable;

/* Set up an empty table, which is the caller's to allocate and lives in cxt with all its memory. */
extern void
island_table_init(IslandTable *table, const KeyType *type, uint64 gap, bool with_list, MemoryContext cxt);

/* Change the gap of a table that has no event yet. */
extern void island_table_set_gap(IslandTable *table, uint64 gap);

/* Get the next key; NULL after the last.  It stays until the next call. */
extern const KeyEntry *island_table_next(IslandTable *table);

/* Begin again with the first key. */
extern void island_table_rewind(IslandTable *table);

#endif /* SESSIONIZE_ISLAND_TABLE_H */
