/*
 * named_sequence.c
 *		The state of sequence_next, sequence_previous and sequence_match_rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/memutils.h"

#include "compat.h"
#include "functions/named_sequence.h"
#include "functions/node_state.h"
#include "utils/memory.h"
#include "utils/state_value.h"

PG_FUNCTION_INFO_V1(sz_sequence_next_combine);
PG_FUNCTION_INFO_V1(sz_sequence_next_serialize);
PG_FUNCTION_INFO_V1(sz_sequence_next_deserialize);

/*
 * named_sequence_context returns the memory context of the states.
 */
MemoryContext
named_sequence_context(FunctionCallInfo fcinfo)
{
	return sz_state_context(fcinfo, "sequence_next");
}

/*
 * named_sequence_create returns a state without events in cxt.
 */
NamedSequence *
named_sequence_create(const SequencePattern *pattern, int32 most, MemoryContext cxt)
{
	NamedSequence *state = MemoryContextAlloc(cxt, sizeof(*state));

	sz_node_log_init(&state->log);
	state->pattern = pattern;
	state->most = most;
	return state;
}

/*
 * named_sequence_require_most reports an error unless as many chains are wanted.
 */
void
named_sequence_require_most(const NamedSequence *state, int32 most)
{
	if (state->most != most)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_matches must be the same for all rows of a group"),
						errhint("Use a constant, or add the column to GROUP BY.")));
}

/*
 * named_sequence_add adds a row's event.
 */
void
named_sequence_add(NamedSequence *state, TimestampTz ts, StepRow row, const text *value,
				   MemoryContext cxt)
{
	if (row.nsteps != state->pattern->nsteps)
		step_report_nsteps();
	node_state_add(&state->log, ts, row.mask, value, cxt);
}

/*
 * sz_sequence_next_combine adds the second state's events to the first.
 */
Datum
sz_sequence_next_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = named_sequence_context(fcinfo);
	NamedSequence *state = PG_ARGISNULL(0) ? NULL : (NamedSequence *) PG_GETARG_POINTER(0);
	NamedSequence *other = PG_ARGISNULL(1) ? NULL : (NamedSequence *) PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (state == NULL)
			state = named_sequence_create(other->pattern, other->most, cxt);
		sequence_pattern_require_same(state->pattern, other->pattern);
		named_sequence_require_most(state, other->most);
		node_state_merge(&state->log, &other->log, cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_sequence_next_serialize writes a state: the pattern, how many chains are wanted, the events.
 */
Datum
sz_sequence_next_serialize(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = named_sequence_context(fcinfo);
	NamedSequence *state = (NamedSequence *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	sequence_pattern_put(state->pattern, &buf);
	pq_sendint32(&buf, (uint32) state->most);
	node_state_put(&state->log, &buf, cxt);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * are_steps_known tells whether the events satisfy only steps that exist.
 */
static bool
are_steps_known(const NamedSequence *state)
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
	NamedSequence *state;

	named_sequence_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	sz_read_only_string_info(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	state = palloc(sizeof(*state));
	state->pattern = sequence_pattern_get(fcinfo, &buf);
	state->most = (int32) pq_getmsgint(&buf, 4);
	node_state_get(&state->log, &buf, CurrentMemoryContext);
	if (state->most < 1 || !are_steps_known(state))
		sz_check_status(SZ_BAD_STATE);
	PG_RETURN_POINTER(state);
}

/*
 * named_sequence_events returns the events without their values.
 */
SzStepEvent *
named_sequence_events(NamedSequence *state, MemoryContext cxt)
{
	Size count = state->log.count;
	SzStepEvent *events;

	node_state_sort(&state->log, cxt);
	events = MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * sizeof(SzStepEvent));
	for (Size i = 0; i < count; i++)
	{
		events[i].ts = state->log.nodes[i].ts;
		events[i].mask = state->log.nodes[i].mask;
	}
	return events;
}
