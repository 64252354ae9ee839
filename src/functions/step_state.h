/*
 * step_state.h
 *		What the aggregates over (time, steps) share: arguments, the log in their state, and its
 *		serialization.
 *
 * An aggregate's own state contains a StepState and the parameters:
 *
 *		typedef struct FunnelState { StepState steps; uint64 within; } FunnelState;
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STEP_STATE_H
#define SESSIONIZE_STEP_STATE_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "core/step_log.h"

typedef struct StepState
{
	int nsteps; /* the same for all rows */
	SzStepLog log;
} StepState;

/* The value of a row's array of steps. */
typedef struct StepRow
{
	int nsteps;
	uint32 mask; /* bit i - 1 is set if step i is true */
} StepRow;

/* The row's steps: argument argno, a boolean array.  NULL elements count as false. */
extern StepRow step_row_argument(FunctionCallInfo fcinfo, int argno);

/* Initialize a state without events. */
extern void step_state_init(StepState *state, int nsteps);

/*
 * Report that a row has another number of steps; that a group has more than sz_max_group_events
 * events.
 */
extern void step_report_nsteps(void);
extern void step_report_too_many(void);

/* Add an event to a full log, which grows in the context of the states. */
extern void step_state_grow(StepState *state, TimestampTz ts, uint32 mask, FunctionCallInfo fcinfo);

/*
 * step_state_add adds an event at a finite time; fcinfo is the call of the transition function.
 */
static inline void
step_state_add(StepState *state, TimestampTz ts, StepRow row, FunctionCallInfo fcinfo)
{
	if (unlikely(row.nsteps != state->nsteps))
		step_report_nsteps();
	if (!sz_step_log_put(&state->log, ts, row.mask))
		step_state_grow(state, ts, row.mask, fcinfo);
}

/* Add all events of another state, which must have the same number of steps. */
extern void step_state_merge(StepState *state, const StepState *other, MemoryContext cxt);

/* Sort the events: items ascend by (time, mask). */
extern void step_state_sort(StepState *state, MemoryContext cxt);

/*
 * Append the state to a message; read it from a message up to its end, into a state that is not
 * initialized.
 */
extern void step_state_put(StepState *state, StringInfo out, MemoryContext cxt);
extern void step_state_get(StepState *state, StringInfo in, MemoryContext cxt);

#endif /* SESSIONIZE_STEP_STATE_H */
