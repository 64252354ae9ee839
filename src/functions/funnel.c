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
#include "utils/state_value.h"

PG_FUNCTION_INFO_V1(sz_funnel_transition);
PG_FUNCTION_INFO_V1(sz_funnel_mode_transition);
PG_FUNCTION_INFO_V1(sz_funnel_combine);
PG_FUNCTION_INFO_V1(sz_funnel_serialize);
PG_FUNCTION_INFO_V1(sz_funnel_deserialize);
PG_FUNCTION_INFO_V1(sz_funnel_final);
PG_FUNCTION_INFO_V1(sz_funnel_times_final);

typedef struct FunnelState
{
	StepState steps; /* of the conditions: the steps, then what is excluded */
	SzFunnel funnel;
} FunnelState;

/* The parameters of the latest row, as given and as used. */
typedef struct FunnelParameters
{
	Interval interval;
	text *modes; /* NULL: none */
	int nconditions;
	FunnelMode mode;
	SzFunnel funnel;
} FunnelParameters;

/*
 * read_parameters reads parameters that differ from the previous row's.
 */
static FunnelParameters *
read_parameters(FunctionCallInfo fcinfo, const Interval *within, const text *modes, int nconditions)
{
	MemoryContext cxt = fcinfo->flinfo->fn_mcxt;
	FunnelParameters *parameters = fcinfo->flinfo->fn_extra;
	SzFunnel funnel = {.within = sz_interval_usecs(within, "within")};
	FunnelMode mode = {0};

	if (modes != NULL)
		funnel_mode_parse(modes, &mode);
	funnel_mode_apply(&mode, nconditions, &funnel);
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
	parameters->nconditions = nconditions;
	parameters->mode = mode;
	parameters->funnel = funnel;
	parameters->funnel.exclusions = mode.excluded != 0 ? &parameters->mode.exclusions : NULL;
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
get_parameters(FunctionCallInfo fcinfo, const Interval *within, const text *modes, int nconditions)
{
	const FunnelParameters *parameters = fcinfo->flinfo->fn_extra;

	if (unlikely(parameters == NULL || within == NULL ||
				 within->time != parameters->interval.time ||
				 within->day != parameters->interval.day ||
				 within->month != parameters->interval.month ||
				 nconditions != parameters->nconditions || !same_text(modes, parameters->modes)))
		parameters = read_parameters(fcinfo, within, modes, nconditions);
	return parameters;
}

/*
 * new_state returns a state without events.
 */
static FunnelState *
new_state(MemoryContext cxt, int nconditions, const SzFunnel *funnel)
{
	FunnelState *state = MemoryContextAlloc(cxt, sizeof(*state));

	step_state_init(&state->steps, nconditions);
	state->funnel = *funnel;
	if (funnel->exclusions != NULL)
	{
		SzFunnelExclusions *copy = MemoryContextAlloc(cxt, sizeof(*copy));

		*copy = *funnel->exclusions;
		state->funnel.exclusions = copy;
	}
	return state;
}

/*
 * same_mode tells whether two funnels have the same mode and exclusions.
 */
static inline bool
same_mode(const SzFunnel *a, const SzFunnel *b)
{
	return a->mode == b->mode &&
		   ((a->mode & SZ_FUNNEL_EXCLUDE) == 0 ||
			memcmp(a->exclusions, b->exclusions, sizeof(SzFunnelExclusions)) == 0);
}

/*
 * require_parameters reports an error unless the state has these parameters.
 */
static inline void
require_parameters(const FunnelState *state, const SzFunnel *funnel)
{
	if (unlikely(state->funnel.within != funnel->within || !same_mode(&state->funnel, funnel)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be the same for all rows of a group",
							   state->funnel.within != funnel->within ? "within" : "mode"),
						errhint("Use a constant, or add the column to GROUP BY.")));
}

/*
 * transition adds a row's event; argno is the argument with the steps.
 */
static inline Datum
transition(FunctionCallInfo fcinfo, const text *modes, int argno)
{
	FunnelState *state = PG_ARGISNULL(0) ? NULL : (FunnelState *) PG_GETARG_POINTER(0);
	StepRow row = step_row_argument(fcinfo, argno);
	const FunnelParameters *parameters =
		get_parameters(fcinfo, PG_ARGISNULL(2) ? NULL : PG_GETARG_INTERVAL_P(2), modes, row.nsteps);

	if (!PG_ARGISNULL(1))
	{
		TimestampTz ts = PG_GETARG_TIMESTAMPTZ(1);

		sz_require_finite(ts);
		/* many rows satisfy no step, and should not cost a look at the state */
		if (row.mask != 0 || sz_funnel_needs_all(parameters->funnel.mode))
		{
			if (state == NULL)
				state =
					new_state(sz_state_context(fcinfo, "funnel"), row.nsteps, &parameters->funnel);
			require_parameters(state, &parameters->funnel);
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
	MemoryContext cxt = sz_state_context(fcinfo, "funnel");
	FunnelState *state = PG_ARGISNULL(0) ? NULL : (FunnelState *) PG_GETARG_POINTER(0);
	FunnelState *other = PG_ARGISNULL(1) ? NULL : (FunnelState *) PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (state == NULL)
			state = new_state(cxt, other->steps.nsteps, &other->funnel);
		require_parameters(state, &other->funnel);
		step_state_merge(&state->steps, &other->steps, cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * put_exclusions appends the number of steps, and what is excluded between them.
 */
static void
put_exclusions(const SzFunnel *funnel, StringInfo out)
{
	pq_sendint32(out, (uint32) funnel->nsteps);
	for (int i = 1; i < funnel->nsteps; i++)
		pq_sendint32(out, funnel->exclusions->between[i]);
}

/*
 * get_exclusions reads what put_exclusions appended.
 */
static void
get_exclusions(SzFunnel *funnel, StringInfo in)
{
	SzFunnelExclusions *exclusions = palloc0(sizeof(*exclusions));
	uint32 nsteps = pq_getmsgint(in, 4);

	if (nsteps < 1 || nsteps >= SZ_MAX_STEPS)
		sz_check_status(SZ_BAD_STATE);
	funnel->nsteps = (int) nsteps;
	for (int i = 1; i < funnel->nsteps; i++)
	{
		exclusions->between[i] = pq_getmsgint(in, 4);
		if ((exclusions->between[i] & ((UINT32_C(1) << nsteps) - 1)) != 0)
			sz_check_status(SZ_BAD_STATE);
	}
	funnel->exclusions = exclusions;
}

/*
 * sz_funnel_serialize writes a state: the parameters, then the events.
 */
Datum
sz_funnel_serialize(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = sz_state_context(fcinfo, "funnel");
	FunnelState *state = (FunnelState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint64(&buf, (int64) state->funnel.within);
	pq_sendint32(&buf, state->funnel.mode);
	if (state->funnel.exclusions != NULL)
		put_exclusions(&state->funnel, &buf);
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

	sz_state_context(fcinfo, "funnel");
	bytes = PG_GETARG_BYTEA_PP(0);
	sz_read_only_string_info(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	state = palloc0(sizeof(*state));
	state->funnel.within = (uint64) pq_getmsgint64(&buf);
	state->funnel.mode = pq_getmsgint(&buf, 4);
	if (state->funnel.within > PG_INT64_MAX || !funnel_mode_is_valid(state->funnel.mode))
		sz_check_status(SZ_BAD_STATE);
	if ((state->funnel.mode & SZ_FUNNEL_EXCLUDE) != 0)
		get_exclusions(&state->funnel, &buf);
	step_state_get(&state->steps, &buf, CurrentMemoryContext);
	if (state->funnel.exclusions == NULL)
		state->funnel.nsteps = state->steps.nsteps;
	if (state->funnel.nsteps > state->steps.nsteps)
		sz_check_status(SZ_BAD_STATE);
	PG_RETURN_POINTER(state);
}

/*
 * final_depth returns the depth of a state and, unless times is NULL, the times of the steps.
 */
static int
final_depth(FunctionCallInfo fcinfo, TimestampTz *times)
{
	MemoryContext cxt = sz_state_context(fcinfo, "funnel");
	FunnelState *state = PG_ARGISNULL(0) ? NULL : (FunnelState *) PG_GETARG_POINTER(0);

	if (state == NULL)
		return 0;
	step_state_sort(&state->steps, cxt);
	return sz_funnel_depth(&state->funnel, state->steps.log.items, state->steps.log.count, times);
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

static const StateKind funnel_kind = {
	.letter = 'f',
	.version = 1,
	.aggregates = "funnel and funnel_times",
	.combine = sz_funnel_combine,
	.serialize = sz_funnel_serialize,
	.deserialize = sz_funnel_deserialize,
};

STATE_VALUE_FUNCTION(sz_funnel_value_transition, transition, funnel_kind, sz_funnel_transition);
STATE_VALUE_FUNCTION(sz_funnel_mode_value_transition, transition, funnel_kind,
					 sz_funnel_mode_transition);
STATE_VALUE_FUNCTION(sz_funnel_value_combine, combine, funnel_kind, sz_funnel_combine);
STATE_VALUE_FUNCTION(sz_funnel_value_final, final, funnel_kind, sz_funnel_final);
STATE_VALUE_FUNCTION(sz_funnel_times_value_final, final, funnel_kind, sz_funnel_times_final);
