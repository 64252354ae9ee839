/*
 * pace_aggregate.c
 *		The aggregate session_pace: how fast and how evenly a group's events follow each other.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "compat.h"
#include "functions/step_state.h"
#include "utils/arguments.h"
#include "utils/memory.h"
#include "utils/state_value.h"

PG_FUNCTION_INFO_V1(sz_pace_transition);
PG_FUNCTION_INFO_V1(sz_pace_combine);
PG_FUNCTION_INFO_V1(sz_pace_serialize);
PG_FUNCTION_INFO_V1(sz_pace_deserialize);
PG_FUNCTION_INFO_V1(sz_pace_final);

/* The columns of the type pace. */
enum
{
	PACE_EVENTS,
	PACE_DURATION,
	PACE_SHORTEST,
	PACE_P10,
	PACE_MEDIAN,
	PACE_P90,
	PACE_LONGEST,
	PACE_COLUMNS
};

/*
 * aggregate_context returns the memory context of the states.
 */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	return sz_state_context(fcinfo, "session_pace");
}

/*
 * new_state returns a state without events in cxt.
 */
static StepState *
new_state(MemoryContext cxt)
{
	StepState *state = MemoryContextAlloc(cxt, sizeof(*state));

	step_state_init(state, 1);
	return state;
}

/*
 * sz_pace_transition adds a row's event.
 */
Datum
sz_pace_transition(PG_FUNCTION_ARGS)
{
	StepState *state = PG_ARGISNULL(0) ? NULL : (StepState *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		TimestampTz ts = PG_GETARG_TIMESTAMPTZ(1);
		StepRow row = {1, 0};

		sz_require_finite(ts);
		if (state == NULL)
			state = new_state(aggregate_context(fcinfo));
		step_state_add(state, ts, row, fcinfo);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_pace_combine adds the second state's events to the first.
 */
Datum
sz_pace_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	StepState *state = PG_ARGISNULL(0) ? NULL : (StepState *) PG_GETARG_POINTER(0);
	StepState *other = PG_ARGISNULL(1) ? NULL : (StepState *) PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (state == NULL)
			state = new_state(cxt);
		step_state_merge(state, other, cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_pace_serialize writes a state.
 */
Datum
sz_pace_serialize(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	StringInfoData buf;

	pq_begintypsend(&buf);
	step_state_put((StepState *) PG_GETARG_POINTER(0), &buf, cxt);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * sz_pace_deserialize reads what sz_pace_serialize wrote, and rejects all else.
 */
Datum
sz_pace_deserialize(PG_FUNCTION_ARGS)
{
	bytea *bytes;
	StringInfoData buf;
	StepState *state;

	aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	sz_read_only_string_info(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	state = palloc(sizeof(*state));
	step_state_get(state, &buf, CurrentMemoryContext);
	PG_RETURN_POINTER(state);
}

/*
 * gaps_of returns the gaps between neighbouring events, ascending, as the times of events, so that
 * sz_step_events_sort can sort them.  There must be at least two events, no further apart than an
 * interval can say.
 */
static SzStepEvent *
gaps_of(const SzStepLog *log)
{
	SzAllocator alloc = sz_context_allocator(CurrentMemoryContext);
	uint32 n = log->count - 1;
	SzStepEvent *gaps = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(*gaps));

	for (uint32 i = 0; i < n; i++)
	{
		gaps[i].ts = (int64) sz_elapsed(log->items[i].ts, log->items[i + 1].ts);
		gaps[i].mask = 0;
	}
	sz_check_status(sz_step_events_sort(gaps, n, &alloc));
	return gaps;
}

/*
 * percentile returns the least of the n gaps such that at least percent % of the gaps are no
 * longer.
 */
static int64
percentile(const SzStepEvent *gaps, uint64 n, uint64 percent)
{
	uint64 rank = (n * percent + 99) / 100;

	return gaps[rank > 0 ? rank - 1 : 0].ts;
}

/*
 * interval_of returns microseconds as an interval of days and hours, like the difference of two
 * times.
 */
static Datum
interval_of(uint64 usecs)
{
	Interval *result;

	if (usecs > PG_INT64_MAX)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("the events are further apart than an interval can say"),
						errhint("Leave out events with impossible times.")));
	result = palloc0(sizeof(*result));
	result->time = (int64) usecs;
	return DirectFunctionCall1(interval_justify_hours, IntervalPGetDatum(result));
}

/*
 * sz_pace_final returns the pace of the events.
 */
Datum
sz_pace_final(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	Datum values[PACE_COLUMNS] = {0};
	bool nulls[PACE_COLUMNS] = {false};
	StepState *state;
	const SzStepLog *log;
	TupleDesc columns;
	HeapTuple tuple;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (StepState *) PG_GETARG_POINTER(0);
	log = &state->log;
	step_state_sort(state, cxt);
	if (log->count == 0)
		PG_RETURN_NULL();
	values[PACE_EVENTS] = Int64GetDatum(log->count);
	values[PACE_DURATION] =
		interval_of(sz_elapsed(log->items[0].ts, log->items[log->count - 1].ts));
	memset(nulls + PACE_SHORTEST, log->count == 1, PACE_COLUMNS - PACE_SHORTEST);
	if (log->count > 1)
	{
		uint64 n = log->count - 1;
		SzStepEvent *gaps = gaps_of(log);

		values[PACE_SHORTEST] = interval_of(gaps[0].ts);
		values[PACE_P10] = interval_of(percentile(gaps, n, 10));
		values[PACE_MEDIAN] = interval_of(percentile(gaps, n, 50));
		values[PACE_P90] = interval_of(percentile(gaps, n, 90));
		values[PACE_LONGEST] = interval_of(gaps[n - 1].ts);
		pfree(gaps);
	}
	columns = lookup_rowtype_tupdesc(sz_result_type(fcinfo), -1);
	tuple = heap_form_tuple(columns, values, nulls);
	ReleaseTupleDesc(columns);
	PG_RETURN_DATUM(HeapTupleGetDatum(tuple));
}

static const StateKind pace_kind = {
	.letter = 'p',
	.version = 1,
	.aggregates = "session_pace",
	.combine = sz_pace_combine,
	.serialize = sz_pace_serialize,
	.deserialize = sz_pace_deserialize,
};

STATE_VALUE_FUNCTION(sz_pace_value_transition, transition, pace_kind, sz_pace_transition);
STATE_VALUE_FUNCTION(sz_pace_value_combine, combine, pace_kind, sz_pace_combine);
STATE_VALUE_FUNCTION(sz_pace_value_final, final, pace_kind, sz_pace_final);
