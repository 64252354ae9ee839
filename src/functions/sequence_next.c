/*
 * sequence_next.c
 *		The aggregates sequence_next and sequence_previous: the name of the event directly after, or
 *		before, the first chain of events that a pattern matches.
 *
 * Unlike sequence_match, these aggregates keep all events, since any event may be next to the
 * chain.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/memutils.h"

#include "compat.h"
#include "functions/node_state.h"
#include "functions/sequence_pattern.h"
#include "functions/step_state.h"
#include "utils/arguments.h"
#include "utils/memory.h"

PG_FUNCTION_INFO_V1(sz_sequence_next_transition);
PG_FUNCTION_INFO_V1(sz_sequence_next_combine);
PG_FUNCTION_INFO_V1(sz_sequence_next_serialize);
PG_FUNCTION_INFO_V1(sz_sequence_next_deserialize);
PG_FUNCTION_INFO_V1(sz_sequence_next_final);
PG_FUNCTION_INFO_V1(sz_sequence_previous_final);

typedef struct NextState
{
	SzNodeLog log;
	const SequencePattern *pattern;
} NextState;

/* A search for the first chain, over the log's events without their names. */
typedef struct ChainSearch
{
	SzSequenceSearch search;
	SzStepEvent *events;
	uint64 *room;
} ChainSearch;

/*
 * aggregate_context returns the memory context of the states.
 */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	return step_aggregate_context(fcinfo, "sequence_next");
}

/*
 * new_state returns a state without events in cxt.
 */
static NextState *
new_state(const SequencePattern *pattern, MemoryContext cxt)
{
	NextState *state = MemoryContextAlloc(cxt, sizeof(*state));

	sz_node_log_init(&state->log);
	state->pattern = pattern;
	return state;
}

/*
 * sz_sequence_next_transition adds a row's event.
 */
Datum
sz_sequence_next_transition(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	NextState *state = PG_ARGISNULL(0) ? NULL : (NextState *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(3))
	{
		TimestampTz ts = PG_GETARG_TIMESTAMPTZ(3);
		StepRow row = step_row_argument(fcinfo, 4);
		const SequencePattern *pattern =
			sequence_pattern_argument(fcinfo, 1, row.nsteps, state == NULL ? NULL : state->pattern);

		sz_require_finite(ts);
		if (state == NULL)
			state = new_state(pattern, cxt);
		if (row.nsteps != pattern->nsteps)
			step_report_nsteps();
		node_state_add(&state->log, ts, row.mask, PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2),
					   cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_sequence_next_combine adds the second state's events to the first.
 */
Datum
sz_sequence_next_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	NextState *state = PG_ARGISNULL(0) ? NULL : (NextState *) PG_GETARG_POINTER(0);
	NextState *other = PG_ARGISNULL(1) ? NULL : (NextState *) PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (state == NULL)
			state = new_state(other->pattern, cxt);
		sequence_pattern_require_same(state->pattern, other->pattern);
		node_state_merge(&state->log, &other->log, cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_sequence_next_serialize writes a state: the pattern, then the events.
 */
Datum
sz_sequence_next_serialize(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	NextState *state = (NextState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	sequence_pattern_put(state->pattern, &buf);
	node_state_put(&state->log, &buf, cxt);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * are_steps_known tells whether the events satisfy only steps that exist.
 */
static bool
are_steps_known(const NextState *state)
{
	for (uint32 i = 0; i < state->log.count; i++)
	{
		if ((uint64) state->log.nodes[i].mask >> state->pattern->nsteps != 0)
			return false;
	}
	return true;
}

/*
 * sz_sequence_next_deserialize reads what sz_sequence_next_serialize wrote, and rejects all else.
 */
Datum
sz_sequence_next_deserialize(PG_FUNCTION_ARGS)
{
	bytea *bytes;
	StringInfoData buf;
	NextState *state;

	aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	sz_read_only_string_info(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	state = palloc(sizeof(*state));
	state->pattern = sequence_pattern_get(fcinfo, &buf);
	node_state_get(&state->log, &buf, CurrentMemoryContext);
	if (!are_steps_known(state))
		sz_check_status(SZ_BAD_STATE);
	PG_RETURN_POINTER(state);
}

/*
 * find_chain searches for the first chain.  If there is one, it ends at event search.at - 1.
 */
static bool
find_chain(NextState *state, ChainSearch *chain, MemoryContext cxt)
{
	Size count = state->log.count;

	node_state_sort(&state->log, cxt);
	chain->events =
		MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * sizeof(SzStepEvent));
	for (Size i = 0; i < count; i++)
	{
		chain->events[i].ts = state->log.nodes[i].ts;
		chain->events[i].mask = state->log.nodes[i].mask;
	}
	chain->room = sequence_pattern_room(state->pattern, count);
	sz_sequence_begin(&chain->search, &state->pattern->sequence, chain->events, chain->room);
	return sequence_pattern_advance(&chain->search, count);
}

/*
 * first_event returns the first event of the chain that find_chain found.
 */
static Size
first_event(const NextState *state, ChainSearch *chain)
{
	SzStepEvent *scratch =
		MemoryContextAllocHuge(CurrentMemoryContext, chain->search.at * sizeof(SzStepEvent));
	SzSequence mirror;
	Size first;

	sz_sequence_mirror(&state->pattern->sequence, &mirror);
	first = sz_sequence_start(&mirror, chain->events, chain->search.at - 1, scratch, chain->room);
	pfree(scratch);
	return first;
}

/*
 * finish returns the name of the event after or before the first chain.
 */
static Datum
finish(FunctionCallInfo fcinfo, bool is_after)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	NextState *state;
	ChainSearch chain;
	Size number = 0; /* of the event, counted from 1; 0: none */

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (NextState *) PG_GETARG_POINTER(0);
	if (find_chain(state, &chain, cxt))
		number = is_after ? chain.search.at + 1 : first_event(state, &chain);
	pfree(chain.events);
	if (chain.room != NULL)
		pfree(chain.room);
	if (number == 0 || number > state->log.count || state->log.nodes[number - 1].size == SZ_NO_NAME)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(node_state_name(&state->log, (uint32) (number - 1)));
}

/*
 * sz_sequence_next_final returns the name of the event after the first chain.
 */
Datum
sz_sequence_next_final(PG_FUNCTION_ARGS)
{
	return finish(fcinfo, true);
}

/*
 * sz_sequence_previous_final returns the name of the event before the first chain.
 */
Datum
sz_sequence_previous_final(PG_FUNCTION_ARGS)
{
	return finish(fcinfo, false);
}
