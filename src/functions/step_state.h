/*
 * step_state.h
 *		What the aggregates over (time, steps) share: arguments, the log in their state, and its way from
 *		process to process.
 *
 * A function's own state embeds a StepState and adds its parameters:
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
	int nsteps; /* of every row */
	SzStepLog log;
} StepState;

/* What a row's array of steps says. */
typedef struct StepRow
{
	int nsteps;
	uint32 mask; /* bit i - 1 is set where step i is true */
} StepRow;

/* The context that states live in; error where the call is not an aggregate's (function names it). */
extern MemoryContext step_aggregate_context(FunctionCallInfo fcinfo, const char *function);

/* The row's steps: argument argno, a boolean array.  NULL elements are false. */
extern StepRow step_row_argument(FunctionCallInfo fcinfo, int argno);

/* Prepare a state without events. */
extern void step_state_init(StepState *state, int nsteps);

/* Report a number of steps other than the state's; a group of more than sz_max_group_events events. */
extern void step_report_nsteps(void);
extern void step_report_too_many(void);

/* Add an event to a full log, which grows in the context of the state. */
extern void step_state_grow(StepState *state, TimestampTz ts, uint32 mask, FunctionCallInfo fcinfo);

/*
 * step_state_add adds an event at a finite time, in the transition function called by fcinfo.
 */
static inline void
step_state_add(StepState *state, TimestampTz ts, StepRow row, FunctionCallInfo fcinfo)
{
	if (unlikely(row.nsteps != state->nsteps))
		step_report_nsteps();
	if (!sz_step_log_put(&state->log, ts, row.mask))
		step_state_grow(state, ts, row.mask, fcinfo);
}

/* Add all events of another state, which has as many steps. */
extern void step_state_merge(StepState *state, const StepState *other, MemoryContext cxt);

/* Sort the events: items ascend by (time, mask). */
extern void step_state_sort(StepState *state, MemoryContext cxt);

/* Append the state to a message; read it, and the message to its end, into a state not prepared yet. */
extern void step_state_put(StepState *state, StringInfo out, MemoryContext cxt);
extern void step_state_get(StepState *state, StringInfo in, MemoryContext cxt);

#endif /* SESSIONIZE_STEP_STATE_H */
