/*
 * sequence_aggregate.c
 *		The aggregates sequence_match, sequence_count and sequence_match_events.
 *
 * The state keeps the pattern and the events that satisfy at least one step; other events are no
 * part of the sequence.  The aggregates share the state.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/array.h"

#include "compat.h"
#include "functions/sequence_chains.h"
#include "functions/step_state.h"
#include "utils/arguments.h"
#include "utils/state_value.h"

PG_FUNCTION_INFO_V1(sz_sequence_transition);
PG_FUNCTION_INFO_V1(sz_sequence_combine);
PG_FUNCTION_INFO_V1(sz_sequence_serialize);
PG_FUNCTION_INFO_V1(sz_sequence_deserialize);
PG_FUNCTION_INFO_V1(sz_sequence_match_final);
PG_FUNCTION_INFO_V1(sz_sequence_count_final);
PG_FUNCTION_INFO_V1(sz_sequence_events_final);

typedef struct SequenceState
{
	StepState steps;
	const SequencePattern *pattern;
} SequenceState;

/*
 * aggregate_context returns the memory context of the states.
 */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	return sz_state_context(fcinfo, "sequence_match");
}

/*
 * new_state returns a state without events in cxt.
 */
static SequenceState *
new_state(const SequencePattern *pattern, int nsteps, MemoryContext cxt)
{
	SequenceState *state = MemoryContextAlloc(cxt, sizeof(*state));

	step_state_init(&state->steps, nsteps);
	state->pattern = pattern;
	return state;
}

/*
 * sz_sequence_transition adds a row's event.
 */
Datum
sz_sequence_transition(PG_FUNCTION_ARGS)
{
	SequenceState *state = PG_ARGISNULL(0) ? NULL : (SequenceState *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(2))
	{
		TimestampTz ts = PG_GETARG_TIMESTAMPTZ(2);
		StepRow row = step_row_argument(fcinfo, 3);
		const SequencePattern *pattern =
			sequence_pattern_argument(fcinfo, 1, row.nsteps, state == NULL ? NULL : state->pattern);

		sz_require_finite(ts);
		if (state == NULL && row.mask != 0)
			state = new_state(pattern, row.nsteps, aggregate_context(fcinfo));
		if (row.mask != 0)
			step_state_add(&state->steps, ts, row, fcinfo);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_sequence_combine adds the second state's events to the first.
 */
Datum
sz_sequence_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	SequenceState *state = PG_ARGISNULL(0) ? NULL : (SequenceState *) PG_GETARG_POINTER(0);
	SequenceState *other = PG_ARGISNULL(1) ? NULL : (SequenceState *) PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (state == NULL)
			state = new_state(other->pattern, other->steps.nsteps, cxt);
		sequence_pattern_require_same(state->pattern, other->pattern);
		step_state_merge(&state->steps, &other->steps, cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_sequence_serialize writes a state: the pattern, then the events.
 */
Datum
sz_sequence_serialize(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	SequenceState *state = (SequenceState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	sequence_pattern_put(state->pattern, &buf);
	step_state_put(&state->steps, &buf, cxt);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * sz_sequence_deserialize reads what sz_sequence_serialize wrote, and rejects all else.
 */
Datum
sz_sequence_deserialize(PG_FUNCTION_ARGS)
{
	bytea *bytes;
	StringInfoData buf;
	SequenceState *state;

	aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	sz_read_only_string_info(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	state = palloc(sizeof(*state));
	state->pattern = sequence_pattern_get(fcinfo, &buf);
	step_state_get(&state->steps, &buf, CurrentMemoryContext);
	if (state->steps.nsteps != state->pattern->nsteps)
		step_report_nsteps();
	PG_RETURN_POINTER(state);
}

/*
 * count_chains returns the number of chains, but at most most.
 */
static int64
count_chains(SequenceState *state, int64 most, MemoryContext cxt)
{
	const SzStepLog *log = &state->steps.log;
	SequenceChains chains;
	int64 count = 0;

	step_state_sort(&state->steps, cxt);
	sequence_chains_begin(&chains, state->pattern, log->items, log->count);
	while (count < most && sequence_chains_next(&chains))
		count++;
	sequence_chains_end(&chains);
	return count;
}

/*
 * sz_sequence_match_final tells whether there is a chain.
 */
Datum
sz_sequence_match_final(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);

	PG_RETURN_BOOL(!PG_ARGISNULL(0) &&
				   count_chains((SequenceState *) PG_GETARG_POINTER(0), 1, cxt) > 0);
}

/*
 * sz_sequence_count_final returns the number of chains.
 */
Datum
sz_sequence_count_final(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);

	PG_RETURN_INT64(PG_ARGISNULL(0)
						? 0
						: count_chains((SequenceState *) PG_GETARG_POINTER(0), PG_INT64_MAX, cxt));
}

/*
 * first_times writes the times of the first chain's events, and returns how many there are.
 */
static int
first_times(SequenceState *state, Datum *times, MemoryContext cxt)
{
	const SzStepLog *log = &state->steps.log;
	SequenceChains chains;
	Size numbers[SZ_SEQUENCE_ELEMENTS];
	int count = 0;

	step_state_sort(&state->steps, cxt);
	sequence_chains_begin(&chains, state->pattern, log->items, log->count);
	if (sequence_chains_next(&chains))
	{
		sequence_chains_events(&chains, numbers);
		for (; count < state->pattern->sequence.nelements; count++)
			times[count] = TimestampTzGetDatum(log->items[numbers[count]].ts);
	}
	sequence_chains_end(&chains);
	return count;
}

/*
 * sz_sequence_events_final returns the times of the first chain's events.
 */
Datum
sz_sequence_events_final(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	Datum times[SZ_SEQUENCE_ELEMENTS];
	int count =
		PG_ARGISNULL(0) ? 0 : first_times((SequenceState *) PG_GETARG_POINTER(0), times, cxt);

	PG_RETURN_ARRAYTYPE_P(construct_array(times, count, TIMESTAMPTZOID, sizeof(TimestampTz),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
