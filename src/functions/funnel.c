/*
 * funnel.c
 *		The aggregates funnel and funnel_times.
 *
 * The state is a log of the events that satisfy a step or, if the mode considers events in between,
 * of all events.  So the order of the rows does not matter, and partial states can be combined.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/array.h"

#include "compat.h"
#include "core/funnel.h"
#include "functions/funnel.h"
#include "functions/funnel_mode.h"
#include "functions/step_state.h"
#include "utils/arguments.h"
#include "utils/memory.h"

PG_FUNCTION_INFO_V1(sz_funnel_transition);
PG_FUNCTION_INFO_V1(sz_funnel_mode_transition);
PG_FUNCTION_INFO_V1(sz_funnel_combine);
PG_FUNCTION_INFO_V1(sz_funnel_serialize);
PG_FUNCTION_INFO_V1(sz_funnel_deserialize);
PG_FUNCTION_INFO_V1(sz_funnel_final);
PG_FUNCTION_INFO_V1(sz_funnel_times_final);

typedef struct FunnelState
{
	StepState steps;
	uint64 within;
	uint32 mode;
} FunnelState;

/* The parameters of the latest row, as given and as used. */
typedef struct FunnelParameters
{
	Interval interval;
	text *modes; /* NULL: none */
	uint64 within;
	uint32 mode;
} FunnelParameters;

/*
 * read_parameters reads parameters that differ from the previous row's.
 */
static FunnelParameters *
read_parameters(FunctionCallInfo fcinfo, const Interval *within, const text *modes)
{
	MemoryContext cxt = fcinfo->flinfo->fn_mcxt;
	FunnelParameters *parameters = fcinfo->flinfo->fn_extra;
	uint64 usecs = sz_interval_usecs(within, "within");
	uint32 mode = modes == NULL ? 0 : funnel_mode_parse(modes);

	if (parameters == NULL)
		parameters = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(cxt, sizeof(*parameters));
	if (parameters->modes != NULL)
		pfree(parameters->modes);
	parameters->modes = NULL;
	if (modes != NULL)
	{
		parameters->modes = MemoryContextAlloc(cxt, VARSIZE_ANY(modes));
		memcpy(parameters->modes, modes, VARSIZE_ANY(modes));
	}
	parameters->interval = *within;
	parameters->within = usecs;
	parameters->mode = mode;
	return parameters;
}

/*
 * same_text tells whether two texts are stored as the same bytes; NULL only equals NULL.
 */
static inline bool
same_text(const text *a, const text *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return VARSIZE_ANY(a) == VARSIZE_ANY(b) && memcmp(a, b, VARSIZE_ANY(a)) == 0;
}

/*
 * get_parameters returns a row's parameters.
 */
static inline const FunnelParameters *
get_parameters(FunctionCallInfo fcinfo, const Interval *within, const text *modes)
{
	const FunnelParameters *parameters = fcinfo->flinfo->fn_extra;

	if (unlikely(
			parameters == NULL || within == NULL || within->time != parameters->interval.time ||
			within->day != parameters->interval.day ||
			within->month != parameters->interval.month || !same_text(modes, parameters->modes)))
		parameters = read_parameters(fcinfo, within, modes);
	return parameters;
}

/*
 * new_state returns a state without events.
 */
static FunnelState *
new_state(MemoryContext cxt, int nsteps, uint64 within, uint32 mode)
{
	FunnelState *state = MemoryContextAlloc(cxt, sizeof(*state));

	step_state_init(&state->steps, nsteps);
	state->within = within;
	state->mode = mode;
	return state;
}

/*
 * require_parameters reports an error unless the state has these parameters.
 */
static inline void
require_parameters(const FunnelState *state, uint64 within, uint32 mode)
{
	if (unlikely(state->within != within || state->mode != mode))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be the same for all rows of a group",
							   state->within != within ? "within" : "mode"),
						errhint("Use a constant, or add the column to GROUP BY.")));
}

/*
 * transition adds a row's event; argno is the argument with the steps.
 */
static inline Datum
transition(FunctionCallInfo fcinfo, const text *modes, int argno)
{
	FunnelState *state = PG_ARGISNULL(0) ? NULL : (FunnelState *) PG_GETARG_POINTER(0);
	const FunnelParameters *parameters =
		get_parameters(fcinfo, PG_ARGISNULL(2) ? NULL : PG_GETARG_INTERVAL_P(2), modes);
	StepRow row = step_row_argument(fcinfo, argno);

	if (!PG_ARGISNULL(1))
	{
		TimestampTz ts = PG_GETARG_TIMESTAMPTZ(1);

		sz_require_finite(ts);
		/* many rows satisfy no step, and should not cost a look at the state */
		if (row.mask != 0 || sz_funnel_needs_all(parameters->mode))
		{
			if (state == NULL)
				state = new_state(step_aggregate_context(fcinfo, "funnel"), row.nsteps,
								  parameters->within, parameters->mode);
			require_parameters(state, parameters->within, parameters->mode);
			step_state_add(&state->steps, ts, row, fcinfo);
		}
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_funnel_transition adds a row's event; the aggregate has no argument mode.
 */
Datum
sz_funnel_transition(PG_FUNCTION_ARGS)
{
	return transition(fcinfo, NULL, 3);
}

/*
 * funnel_report_null_mode reports that mode is NULL.
 */
void
funnel_report_null_mode(void)
{
	ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("mode must not be null"),
					errhint("Leave the argument out, or write a mode such as 'strict_order'.")));
}

/*
 * sz_funnel_mode_transition adds a row's event; the aggregate has an argument mode.
 */
Datum
sz_funnel_mode_transition(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(3))
		funnel_report_null_mode();
	return transition(fcinfo, PG_GETARG_TEXT_PP(3), 4);
}

/*
 * sz_funnel_combine adds the second state to the first.
 */
Datum
sz_funnel_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = step_aggregate_context(fcinfo, "funnel");
	FunnelState *state = PG_ARGISNULL(0) ? NULL : (FunnelState *) PG_GETARG_POINTER(0);
	FunnelState *other = PG_ARGISNULL(1) ? NULL : (FunnelState *) PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (state == NULL)
			state = new_state(cxt, other->steps.nsteps, other->within, other->mode);
		require_parameters(state, other->within, other->mode);
		step_state_merge(&state->steps, &other->steps, cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_funnel_serialize writes a state: the parameters, then the events.
 */
Datum
sz_funnel_serialize(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = step_aggregate_context(fcinfo, "funnel");
	FunnelState *state = (FunnelState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint64(&buf, (int64) state->within);
	pq_sendint32(&buf, state->mode);
	step_state_put(&state->steps, &buf, cxt);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * sz_funnel_deserialize reads what sz_funnel_serialize wrote, and rejects all else.
 */
Datum
sz_funnel_deserialize(PG_FUNCTION_ARGS)
{
	bytea *bytes;
	StringInfoData buf;
	FunnelState *state;
	int64 within;
	uint32 mode;

	step_aggregate_context(fcinfo, "funnel");
	bytes = PG_GETARG_BYTEA_PP(0);
	sz_read_only_string_info(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	within = pq_getmsgint64(&buf);
	mode = pq_getmsgint(&buf, 4);
	if (within < 0 || !funnel_mode_is_valid(mode))
		sz_check_status(SZ_BAD_STATE);
	state = new_state(CurrentMemoryContext, 0, (uint64) within, mode);
	step_state_get(&state->steps, &buf, CurrentMemoryContext);
	PG_RETURN_POINTER(state);
}

/*
 * final_depth returns the depth of a state and, unless times is NULL, the times of the steps.
 */
static int
final_depth(FunctionCallInfo fcinfo, TimestampTz *times)
{
	MemoryContext cxt = step_aggregate_context(fcinfo, "funnel");
	FunnelState *state = PG_ARGISNULL(0) ? NULL : (FunnelState *) PG_GETARG_POINTER(0);
	SzFunnel funnel;

	if (state == NULL)
		return 0;
	funnel.within = state->within;
	funnel.nsteps = state->steps.nsteps;
	funnel.mode = state->mode;
	step_state_sort(&state->steps, cxt);
	return sz_funnel_depth(&funnel, state->steps.log.items, state->steps.log.count, times);
}

/*
 * sz_funnel_final returns the depth.
 */
Datum
sz_funnel_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(final_depth(fcinfo, NULL));
}

/*
 * funnel_times_array returns the times of the steps as an array.
 */
Datum
funnel_times_array(const TimestampTz *times, int depth)
{
	Datum elements[SZ_MAX_STEPS];

	for (int i = 0; i < depth; i++)
		elements[i] = TimestampTzGetDatum(times[i]);
	return PointerGetDatum(construct_array(elements, depth, TIMESTAMPTZOID, sizeof(TimestampTz),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * sz_funnel_times_final returns the times of the steps of the best chain.
 */
Datum
sz_funnel_times_final(PG_FUNCTION_ARGS)
{
	TimestampTz times[SZ_MAX_STEPS];
	int depth = final_depth(fcinfo, times);

	PG_RETURN_DATUM(funnel_times_array(times, depth));
}
