/*
 * sequence_chains.c
 *		The chains of events that a pattern matches, one after the other.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "functions/sequence_chains.h"

/* The number of events between two checks for interrupts. */
#define EVENTS_AT_A_TIME 65536

/*
 * need_room makes room for one number for each event.
 */
static void
need_room(SequenceChains *chains)
{
	if (chains->room == NULL)
		chains->room =
			MemoryContextAllocHuge(CurrentMemoryContext, Max(chains->nevents, 1) * sizeof(uint64));
}

/*
 * need_scratch makes room for a number of events.
 */
static void
need_scratch(SequenceChains *chains, Size nevents)
{
	if (nevents <= chains->scratch_size)
		return;
	if (chains->scratch != NULL)
		pfree(chains->scratch);
	chains->scratch_size = Min(Max(nevents, chains->scratch_size * 2), chains->nevents);
	chains->scratch =
		MemoryContextAllocHuge(CurrentMemoryContext, chains->scratch_size * sizeof(SzStepEvent));
}

/*
 * sequence_chains_begin begins with the first event.
 */
void
sequence_chains_begin(SequenceChains *chains, const SequencePattern *pattern,
					  const SzStepEvent *events, Size nevents)
{
	chains->pattern = pattern;
	chains->events = events;
	chains->nevents = nevents;
	chains->from = chains->next_from = 0;
	chains->room = NULL;
	chains->mirror.nelements = 0;
	chains->scratch = NULL;
	chains->scratch_size = 0;
	if (sz_sequence_needs_room(&pattern->sequence))
		need_room(chains);
	sz_sequence_begin(&chains->search, &pattern->sequence, events, chains->room);
}

/*
 * sequence_chains_next gets the next chain.
 */
bool
sequence_chains_next(SequenceChains *chains)
{
	SzSequenceSearch *search = &chains->search;

	chains->from = chains->next_from;
	while (search->at < chains->nevents)
	{
		CHECK_FOR_INTERRUPTS();
		if (sz_sequence_advance(search, Min(chains->nevents, search->at + EVENTS_AT_A_TIME)))
		{
			chains->next_from = search->at;
			return true;
		}
	}
	return false;
}

/*
 * sequence_chains_events finds the events of the current chain.  The search forward does not need
 * what the room has for events before search.at any more.
 */
void
sequence_chains_events(SequenceChains *chains, Size *numbers)
{
	const SzSequence *sequence = &chains->pattern->sequence;
	Size end = chains->search.at - 1 - chains->from;

	CHECK_FOR_INTERRUPTS();
	if (chains->mirror.nelements == 0)
		sz_sequence_mirror(sequence, &chains->mirror);
	if (chains->room == NULL)
		need_room(chains);
	need_scratch(chains, end + 1);
	sz_sequence_chain(sequence, &chains->mirror, chains->events + chains->from, end,
					  chains->scratch, chains->room + chains->from, numbers);
	for (int i = 0; i < sequence->nelements; i++)
		numbers[i] += chains->from;
}

/*
 * sequence_chains_end frees the memory.
 */
void
sequence_chains_end(SequenceChains *chains)
{
	if (chains->room != NULL)
		pfree(chains->room);
	if (chains->scratch != NULL)
		pfree(chains->scratch);
}
