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

#include "functions/named_sequence.h"
#include "functions/node_state.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sz_sequence_next_transition);
PG_FUNCTION_INFO_V1(sz_sequence_next_final);
PG_FUNCTION_INFO_V1(sz_sequence_previous_final);

/*
 * sz_sequence_next_transition adds a row's event.
 */
Datum
sz_sequence_next_transition(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = named_sequence_context(fcinfo);
	NamedSequence *state = PG_ARGISNULL(0) ? NULL : (NamedSequence *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(3))
	{
		TimestampTz ts = PG_GETARG_TIMESTAMPTZ(3);
		StepRow row = step_row_argument(fcinfo, 4);
		const SequencePattern *pattern =
			sequence_pattern_argument(fcinfo, 1, row.nsteps, state == NULL ? NULL : state->pattern);

		sz_require_finite(ts);
		if (state == NULL)
			state = named_sequence_create(pattern, 1, cxt);
		named_sequence_add(state, ts, row, PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2), cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * event_number returns the number, counted from 1, of the event after or before the first chain; 0
 * if there is no chain or nothing before it.
 */
static Size
event_number(SequenceChains *chains, bool is_after)
{
	Size numbers[SZ_SEQUENCE_ELEMENTS];

	if (!sequence_chains_next(chains))
		return 0;
	if (is_after)
		return chains->search.at + 1;
	sequence_chains_events(chains, numbers);
	return numbers[0];
}

/*
 * finish returns the name of the event after or before the first chain.
 */
static Datum
finish(FunctionCallInfo fcinfo, bool is_after)
{
	MemoryContext cxt = named_sequence_context(fcinfo);
	NamedSequence *state;
	SzStepEvent *events;
	SequenceChains chains;
	Size number;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (NamedSequence *) PG_GETARG_POINTER(0);
	events = named_sequence_events(state, cxt);
	sequence_chains_begin(&chains, state->pattern, events, state->log.count);
	number = event_number(&chains, is_after);
	sequence_chains_end(&chains);
	pfree(events);
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
