/*
 * sequence_chains.h
 *		The chains of events that a pattern matches, one after the other.
 *
 *		sequence_chains_begin(&chains, pattern, events, nevents);
 *		while (sequence_chains_next(&chains))
 *			use chains.search.at; sequence_chains_events(&chains, numbers);
 *		sequence_chains_end(&chains);
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SEQUENCE_CHAINS_H
#define SESSIONIZE_SEQUENCE_CHAINS_H

#include "postgres.h"

#include "functions/sequence_pattern.h"

typedef struct SequenceChains
{
	const SequencePattern *pattern;
	const SzStepEvent *events;
	Size nevents;
	SzSequenceSearch search; /* the current chain ends at event search.at - 1 */
	Size from;               /* the current chain begins at this event or later */
	Size next_from;
	uint64 *room; /* NULL until it is needed; then for all events */
	SzSequence mirror;
	SzStepEvent *scratch; /* NULL until it is needed; then for scratch_size events */
	Size scratch_size;
} SequenceChains;

/* Begin with events that ascend, as a step log has them; memory is in the current context. */
extern void sequence_chains_begin(SequenceChains *chains, const SequencePattern *pattern,
								  const SzStepEvent *events, Size nevents);

/* Get the next chain, of those that begin after the current one the first; false: there is none. */
extern bool sequence_chains_next(SequenceChains *chains);

/* The number of the event of each element of the current chain. */
extern void sequence_chains_events(SequenceChains *chains, Size *numbers);

/* Free the memory. */
extern void sequence_chains_end(SequenceChains *chains);

#endif /* SESSIONIZE_SEQUENCE_CHAINS_H */
