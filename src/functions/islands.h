/*
 * islands.h
 *		The islands of one key among very many: compact, and quick to add to.
 *
 * The island of the latest event lies in the struct itself; the others are a list behind it.  Events in
 * order of time only ever close an island and begin the next, so the list needs no look at all.  Events
 * in another order leave islands in the list that belong together; when it has grown to twice its
 * size it is put in order by the core's interval set.  So memory is proportional to the islands,
 * and an event costs amortised O(log n).
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

/* Where the nodes of all keys come from. */
typedef struct IslandArena
{
	MemoryContext cxt;
	uint64 gap;
	IslandNode *next; /* nodes not used yet */
	Size left;
	Size chunk;       /* nodes in the latest chunk */
	IslandNode *free; /* nodes given back */
	bool disordered;  /* some islands may need islands_normalize */
} IslandArena;

typedef struct Islands
{
	SzInterval current; /* the island of the latest event; without events where there is none yet */
	IslandNode *closed; /* the others, latest first */
	uint64 nclosed;
	uint64 disorder; /* 0: current and closed are the key's islands, in order; else see islands.c */
} Islands;

/* The island of a row that only says that its key exists.  It may come at any time, as any other. */
#define ISLAND_OF_NO_EVENT ((SzInterval){PG_INT64_MAX, PG_INT64_MIN, 0})

/* Set up an empty arena in cxt, which the caller may reset, and then set the arena up anew. */
extern void island_arena_init(IslandArena *arena, uint64 gap, MemoryContext cxt);

/* Add what the inline functions below leave: an event or an island that is not part of the current one. */
extern void islands_open(Islands *islands, SzInterval island, IslandArena *arena);

/* Put the islands in order: afterwards current is the last, and closed goes back to the first. */
extern void islands_normalize(Islands *islands, IslandArena *arena);

/*
 * islands_init sets up the islands of a key at its first event, or island.
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
 * islands_count returns how many islands there are, when they are in order.
 */
static inline int64
islands_count(const Islands *islands)
{
	return islands->current.events == 0 ? 0 : (int64) islands->nclosed + 1;
}

/*
 * islands_add adds an island (an event is one of length zero), in any order.  No event lies within the
 * island of no event, nor behind it, so that islands_open deals with that.
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
