/*
 * islands.c
 *		The islands of one key among very many: compact, and quick to add to.
 *
 * disorder is 0 while the islands of the list ascend towards the current one, with more than the
 * gap between any two.  Otherwise it is the length of the list at which it will be put in order.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "functions/islands.h"
#include "utils/memory.h"

#define MIN_CHUNK    32
#define MAX_CHUNK    8192
#define MIN_DISORDER 16

/*
 * island_arena_init initializes an empty arena.
 */
void
island_arena_init(IslandArena *arena, uint64 gap, MemoryContext cxt)
{
	memset(arena, 0, sizeof(IslandArena));
	arena->cxt = cxt;
	arena->gap = gap;
}

/*
 * close_island adds an island at the head of the list.
 */
static void
close_island(Islands *islands, SzInterval island, IslandArena *arena)
{
	IslandNode *node = arena->free;

	if (node != NULL)
		arena->free = node->previous;
	else
	{
		if (arena->left == 0)
		{
			arena->chunk = Min(MAX_CHUNK, Max(MIN_CHUNK, arena->chunk * 2));
			arena->next = MemoryContextAlloc(arena->cxt, arena->chunk * sizeof(IslandNode));
			arena->left = arena->chunk;
		}
		node = arena->next++;
		arena->left--;
	}
	node->island = island;
	node->previous = islands->closed;
	islands->closed = node;
	islands->nclosed++;
}

/*
 * note_disorder notes that the list is not in order, and at which length to put it in order.
 */
static inline void
note_disorder(Islands *islands, IslandArena *arena)
{
	if (islands->disorder == 0)
		islands->disorder = Max(MIN_DISORDER, 2 * islands->nclosed);
	arena->disordered = true;
}

/*
 * islands_open adds an island that does not start in the current one, or within the gap after it.
 */
void
islands_open(Islands *islands, SzInterval island, IslandArena *arena)
{
	SzInterval *current = &islands->current;

	if (island.events == 0)
		return;
	if (current->events == 0)
	{
		islands_init(islands, island);
		return;
	}
	if (island.start < current->start)
	{
		if (island.end >= current->start || sz_elapsed(island.end, current->start) <= arena->gap)
		{
			current->start = island.start;
			current->end = Max(current->end, island.end);
			current->events += island.events;
			if (islands->closed != NULL)
				note_disorder(islands, arena);
			return;
		}
		note_disorder(islands, arena);
	}
	close_island(islands, *current, arena);
	*current = island;
	if (islands->disorder != 0 && islands->nclosed >= islands->disorder)
		islands_normalize(islands, arena);
}

/*
 * islands_normalize puts the islands in order.
 */
void
islands_normalize(Islands *islands, IslandArena *arena)
{
	SzAllocator alloc = sz_context_allocator(arena->cxt);
	SzIntervalSet set;
	IslandNode *node = islands->closed;

	if (islands->disorder == 0)
		return;
	sz_interval_set_init(&set, arena->gap);
	sz_check_status(sz_interval_set_add_interval(&set, islands->current, &alloc));
	while (node != NULL)
	{
		IslandNode *previous = node->previous;

		CHECK_FOR_INTERRUPTS();
		sz_check_status(sz_interval_set_add_interval(&set, node->island, &alloc));
		node->previous = arena->free;
		arena->free = node;
		node = previous;
	}
	sz_check_status(sz_interval_set_normalize(&set, &alloc));
	islands_init(islands, set.items[0]);
	for (uint32 i = 1; i < set.count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		close_island(islands, islands->current, arena);
		islands->current = set.items[i];
	}
	sz_interval_set_free(&set, &alloc);
}
