/*
 * islands.h
 *		The islands of one key among very many: compact, and quick to add to.
 *
 * The island of the latest event is in the struct itself; the others are in a list.  Events in the
 * order of time only ever close an island and begin the next one, so the list is never searched.
 * Events in another order leave islands in the list that belong together; when the list has
 * doubled, the core's interval set puts it in order.  So memory is proportional to the number of
 * islands, and an event costs amortised O(log n).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ISLANDS_H
#define SESSIONIZE_ISLANDS_H

#include "postgres.h"

#include "core/interval_set.h"

typedef struct IslandNode
{
	SzInterval island;
	struct IslandNode *previous;
} IslandNode;

/* The memory of all keys' nodes. */
typedef struct IslandArena
{
	MemoryContext cxt;
	uint64 gap;
	IslandNode *next; /* nodes that were not used yet */
	Size left;
	Size chunk;       /* number of nodes in the latest chunk */
	IslandNode *free; /* nodes that are free again */
	bool disordered;  /* some islands may need islands_normalize */
} IslandArena;

typedef struct Islands
{
	SzInterval current; /* the island of the latest event; without events: there was none yet */
	IslandNode *closed; /* the other islands, the latest first */
	uint64 nclosed;
	uint64 disorder; /* 0: current and closed are the key's islands, in order; else see islands.c */
} Islands;

/* The island of a row that only says that its key exists.  It may come at any time. */
#define ISLAND_OF_NO_EVENT ((SzInterval){PG_INT64_MAX, PG_INT64_MIN, 0})

/*
 * Initialize an empty arena in cxt.  If the caller resets cxt, it must initialize the arena again.
 */
extern void island_arena_init(IslandArena *arena, uint64 gap, MemoryContext cxt);

/* Add an event or island that is not part of the current one.  To be called by islands_add. */
extern void islands_open(Islands *islands, SzInterval island, IslandArena *arena);

/* Put the islands in order: then current is the last one, and closed leads back to the first. */
extern void islands_normalize(Islands *islands, IslandArena *arena);

/*
 * islands_init initializes the islands of a key with its first island.
 */
static inline void
islands_init(Islands *islands, SzInterval island)
{
	islands->current = island;
	islands->closed = NULL;
	islands->nclosed = 0;
	islands->disorder = 0;
}

/*
 * islands_count returns the number of islands, which must be in order.
 */
static inline int64
islands_count(const Islands *islands)
{
	return islands->current.events == 0 ? 0 : (int64) islands->nclosed + 1;
}

/*
 * islands_add adds an island, in any order; an event is an island of length zero.  No event lies in
 * or after ISLAND_OF_NO_EVENT, so that islands_open replaces it.
 */
static inline void
islands_add(Islands *islands, SzInterval island, IslandArena *arena)
{
	SzInterval *current = &islands->current;

	if (island.start >= current->start &&
		(island.start <= current->end || sz_elapsed(current->end, island.start) <= arena->gap))
	{
		current->end = Max(current->end, island.end);
		current->events += island.events;
	}
	else
		islands_open(islands, island, arena);
}

#endif /* SESSIONIZE_ISLANDS_H */
