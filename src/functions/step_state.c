/*
 * step_state.c
 *		What the aggregates over (time, steps) share.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "functions/step_state.h"
#include "guc.h"
#include "utils/memory.h"
#include "utils/state_value.h"

/*
 * report_steps reports an invalid array of steps.
 */
static void
report_steps(ArrayType *steps)
{
	if (steps == NULL)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("steps must not be null"),
						errhint("Give each step as a condition of its own.")));
	if (ARR_NDIM(steps) == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there must be at least one step"),
						errhint("Give each step as a condition of its own.")));
	if (ARR_NDIM(steps) > 1)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("steps must be an array of one dimension"),
						errhint("Give each step as a condition of its own.")));
	ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					errmsg("there are %d steps, more than %d", ARR_DIMS(steps)[0], SZ_MAX_STEPS),
					errhint("Leave out or join the steps that matter least.")));
}

/*
 * mask_with_nulls reads the elements of an array with a null bitmap, in which NULL elements take no
 * space.
 */
static uint32
mask_with_nulls(const uint8 *nulls, const bool *values, int n)
{
	uint32 mask = 0;

	for (int i = 0; i < n; i++)
	{
		if ((nulls[i / 8] & 1 << i % 8) != 0)
			mask |= (uint32) (*values++ ? 1 : 0) << i;
	}
	return mask;
}

/*
 * step_row_argument returns the value of a row's array of steps.
 */
StepRow
step_row_argument(FunctionCallInfo fcinfo, int argno)
{
	ArrayType *steps = PG_ARGISNULL(argno) ? NULL : PG_GETARG_ARRAYTYPE_P(argno);
	StepRow row = {0, 0};
	const bool *values;

	if (steps == NULL || ARR_NDIM(steps) != 1 || ARR_DIMS(steps)[0] > SZ_MAX_STEPS)
		report_steps(steps);
	Assert(ARR_ELEMTYPE(steps) == BOOLOID);
	row.nsteps = ARR_DIMS(steps)[0];
	values = (const bool *) ARR_DATA_PTR(steps);
	if (ARR_HASNULL(steps))
		row.mask = mask_with_nulls(ARR_NULLBITMAP(steps), values, row.nsteps);
	else
	{
		for (int i = 0; i < row.nsteps; i++)
			row.mask |= (uint32) (values[i] ? 1 : 0) << i;
	}
	return row;
}

/*
 * step_state_init initializes a state without events.
 */
void
step_state_init(StepState *state, int nsteps)
{
	state->nsteps = nsteps;
	sz_step_log_init(&state->log);
}

/*
 * step_report_nsteps reports that a row has another number of steps.
 */
void
step_report_nsteps(void)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("the number of steps must be the same for all rows of a group"),
					errhint("Give each step as a condition of its own.")));
}

/*
 * step_report_too_many reports that a group has too many events.
 */
void
step_report_too_many(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("more than %d events in one group", sz_max_group_events),
			 errhint("Leave out events that matter to no step, group by something finer, or raise "
					 "sessionize.max_group_events.")));
}

/*
 * check_log_status reports a status other than SZ_OK as an error.
 */
static void
check_log_status(SzStatus status)
{
	if (status == SZ_TOO_LARGE)
		step_report_too_many();
	sz_check_status(status);
}

/*
 * step_state_grow adds an event to a log that is full.
 */
void
step_state_grow(StepState *state, TimestampTz ts, uint32 mask, FunctionCallInfo fcinfo)
{
	SzAllocator alloc = sz_context_allocator(sz_state_context(fcinfo, "an aggregate over steps"));

	check_log_status(sz_step_log_add(&state->log, ts, mask, (uint32) sz_max_group_events, &alloc));
}

/*
 * step_state_merge adds all events of another state.
 */
void
step_state_merge(StepState *state, const StepState *other, MemoryContext cxt)
{
	SzAllocator alloc = sz_context_allocator(cxt);

	if (state->nsteps != other->nsteps)
		step_report_nsteps();
	check_log_status(
		sz_step_log_merge(&state->log, &other->log, (uint32) sz_max_group_events, &alloc));
}

/*
 * step_state_sort sorts the events.
 */
void
step_state_sort(StepState *state, MemoryContext cxt)
{
	SzAllocator alloc = sz_context_allocator(cxt);

	sz_check_status(sz_step_log_sort(&state->log, &alloc));
}

/*
 * step_state_put appends a state to a message.
 */
void
step_state_put(StepState *state, StringInfo out, MemoryContext cxt)
{
	Size size;

	step_state_sort(state, cxt);
	size = sz_step_log_encoded_size(&state->log);
	if (size > MaxAllocSize / 2)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("%u events in one group are too many for a parallel plan",
							   state->log.count),
						errhint("SET max_parallel_workers_per_gather = 0.")));
	pq_sendint32(out, (uint32) state->nsteps);
	enlargeStringInfo(out, (int) size);
	sz_step_log_encode(&state->log, (unsigned char *) out->data + out->len);
	out->len += (int) size;
}

/*
 * step_state_get reads what step_state_put appended, and rejects all else.
 */
void
step_state_get(StepState *state, StringInfo in, MemoryContext cxt)
{
	SzAllocator alloc = sz_context_allocator(cxt);
	uint32 nsteps = pq_getmsgint(in, 4);
	const SzStepLog *log = &state->log;
	int size = in->len - in->cursor;

	if (nsteps < 1 || nsteps > SZ_MAX_STEPS)
		sz_check_status(SZ_BAD_STATE);
	step_state_init(state, (int) nsteps);
	sz_check_status(sz_step_log_decode(
		&state->log, (int) nsteps, (const unsigned char *) pq_getmsgbytes(in, size), size, &alloc));
	if (log->count > 0 && (!IS_VALID_TIMESTAMP(log->items[0].ts) ||
						   !IS_VALID_TIMESTAMP(log->items[log->count - 1].ts)))
		sz_check_status(SZ_BAD_STATE);
}
