/*
 * island_table.h
 *		The islands of very many keys, from rows in any order.
 *
 *		island_table_init(table, type, gap, with_list, cxt);
 *		while there are rows: fill a batch; key_table_take(&table->keys, batch);
 *		while ((key = island_table_next(table)) != NULL)
 *			use key, table->count and table->items;
 *		key_table_end(&table->keys);
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ISLAND_TABLE_H
#define SESSIONIZE_ISLAND_TABLE_H

#include "postgres.h"

#include "functions/islands.h"
#include "functions/key_table.h"

/* How many keys before it is returned a key's islands begin to be prefetched. */
#define ISLANDS_AHEAD 16

typedef struct IslandTable
{
	KeyTable keys;
	IslandArena arena;
	uint64 gap;
	bool with_list; /* the islands are wanted, not only their number */

	/* of the current key */
	int64 count;       /* number of islands, 0 if the key has no event */
	SzInterval *items; /* the islands, ascending */

	bool in_part; /* a part of the keys is being returned */
	uint32 entry; /* the next key of the part */
	/* for each of the next keys, by its number modulo ISLANDS_AHEAD: the last island prefetched */
	IslandNode *ahead[ISLANDS_AHEAD];
	Size items_size;
} IslandTable;

/* Initialize an empty table, which the caller allocates.  All its memory is in cxt. */
extern void island_table_init(IslandTable *table, const KeyType *type, uint64 gap, bool with_list,
							  MemoryContext cxt);

/* Set another gap; the table must not have an event yet. */
extern void island_table_set_gap(IslandTable *table, uint64 gap);

/* Get the next key; NULL: there is none.  It is valid until the next call. */
extern const KeyEntry *island_table_next(IslandTable *table);

/* Start over with the first key. */
extern void island_table_rewind(IslandTable *table);

#endif /* SESSIONIZE_ISLAND_TABLE_H */
