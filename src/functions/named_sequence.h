/*
 * named_sequence.h
 *		The state of the aggregates over (pattern, value, time, steps): events with their values, and
 *		the pattern.  The combine and serialization functions are the same for all of them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_NAMED_SEQUENCE_H
#define SESSIONIZE_NAMED_SEQUENCE_H

#include "postgres.h"

#include "fmgr.h"

#include "core/node_log.h"
#include "functions/sequence_chains.h"
#include "functions/step_state.h"

/* All chains are wanted. */
#define ALL_CHAINS PG_INT32_MAX

typedef struct NamedSequence
{
	SzNodeLog log;
	const SequencePattern *pattern;
	int32 most; /* how many chains are wanted, the same for all rows of a group */
} NamedSequence;

/* The memory context of the states; an error if the call is not an aggregate's. */
extern MemoryContext named_sequence_context(FunctionCallInfo fcinfo);

/* A state without events. */
extern NamedSequence *
named_sequence_create(const SequencePattern *pattern, int32 most, MemoryContext cxt);

/* Report an error unless another row, or state, wants as many chains. */
extern void named_sequence_require_most(const NamedSequence *state, int32 most);

/* Add an event; value may be NULL. */
extern void named_sequence_add(NamedSequence *state, TimestampTz ts, StepRow row, const text *value,
							   MemoryContext cxt);

/* Sort the events, and return them without their values, in the current context. */
extern SzStepEvent *named_sequence_events(NamedSequence *state, MemoryContext cxt);

#endif /* SESSIONIZE_NAMED_SEQUENCE_H */
