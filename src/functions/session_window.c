/*
 * session_window.c
 *		The window functions session_number and session_start.
 *
 * They fold the partition's rows in one pass, with the core's fold.  No row is looked at twice, and
 * none is kept.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/nodes.h"
#include "windowapi.h"

#include "core/fold.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sz_session_number);
PG_FUNCTION_INFO_V1(sz_session_start);

enum
{
	ARG_TS,
	ARG_GAP,
	ARG_MAX_DURATION,
	ARG_RESTART
};

/* The state of a partition; all zero before its first event. */
typedef struct PartitionFold
{
	bool started;
	bool no_restart; /* restart is a constant that is not true */
	/* gap and max_duration are constants, so they need not be compared for each row */
	bool one_duration;
	SzRules rules;
	SzFold fold;
} PartitionFold;

/*
 * rules_of_row returns the current row's arguments gap and max_duration.
 */
static SzRules
rules_of_row(WindowObject window)
{
	SzRules rules = {.max_events = SZ_NO_LIMIT};
	Datum value;
	bool isnull;

	value = WinGetFuncArgCurrent(window, ARG_GAP, &isnull);
	rules.gap = sz_interval_usecs(isnull ? NULL : DatumGetIntervalP(value), "gap");
	value = WinGetFuncArgCurrent(window, ARG_MAX_DURATION, &isnull);
	rules.max_duration =
		isnull ? SZ_NO_LIMIT : sz_interval_usecs(DatumGetIntervalP(value), "max_duration");
	return rules;
}

/*
 * start_partition sets the rules from a partition's first event.
 */
static void
start_partition(FunctionCallInfo fcinfo, PartitionFold *state)
{
	Datum value;
	bool isnull;

	state->rules = rules_of_row(PG_WINDOW_OBJECT());
	state->one_duration = get_fn_expr_arg_stable(fcinfo->flinfo, ARG_GAP) &&
						  get_fn_expr_arg_stable(fcinfo->flinfo, ARG_MAX_DURATION);
	value = WinGetFuncArgCurrent(PG_WINDOW_OBJECT(), ARG_RESTART, &isnull);
	state->no_restart =
		get_fn_expr_arg_stable(fcinfo->flinfo, ARG_RESTART) && (isnull || !DatumGetBool(value));
	state->started = true;
}

/*
 * require_rules reports an error unless the current row has the rules of its partition.
 */
static void
require_rules(WindowObject window, const SzRules *expected)
{
	SzRules actual = rules_of_row(window);

	if (actual.gap != expected->gap || actual.max_duration != expected->max_duration)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be the same for all rows of a partition",
							   actual.gap != expected->gap ? "gap" : "max_duration"),
						errhint("Use a constant, or add the argument's column to PARTITION BY.")));
}

/*
 * fold_row adds the current row to the partition's fold, and returns the fold; NULL if ts is NULL.
 */
static const SzFold *
fold_row(FunctionCallInfo fcinfo)
{
	WindowObject window = PG_WINDOW_OBJECT();
	PartitionFold *state;
	TimestampTz ts;
	bool isnull;
	bool restart = false;

	if (!WindowObjectIsValid(window))
		elog(ERROR, "a window function was called outside a window");
	state = WinGetPartitionLocalMemory(window, sizeof(PartitionFold));
	WinSetMarkPosition(window, WinGetCurrentPosition(window));

	ts = DatumGetTimestampTz(WinGetFuncArgCurrent(window, ARG_TS, &isnull));
	if (isnull)
		return NULL;
	sz_require_finite(ts);
	if (!state->started)
		start_partition(fcinfo, state);
	else if (!state->one_duration)
		require_rules(window, &state->rules);
	if (!state->no_restart)
	{
		restart = DatumGetBool(WinGetFuncArgCurrent(window, ARG_RESTART, &isnull));
		restart = restart && !isnull;
	}
	if (state->fold.number > 0 && ts < state->fold.ended_at)
		ereport(ERROR, (errcode(ERRCODE_WINDOWING_ERROR),
						errmsg("the window's rows are not in ascending order of ts"),
						errhint("Write OVER (PARTITION BY ... ORDER BY ts), where ts is the "
								"function's first argument.")));
	(void) sz_fold_step(&state->fold, &state->rules, (SzEvent){.ts = ts, .restart = restart});
	return &state->fold;
}

/*
 * sz_session_number returns the number, from 1, of the current row's session in its partition.
 */
Datum
sz_session_number(PG_FUNCTION_ARGS)
{
	const SzFold *fold = fold_row(fcinfo);

	if (fold == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INT64(fold->number);
}

/*
 * sz_session_start returns the time of the first event of the current row's session.
 */
Datum
sz_session_start(PG_FUNCTION_ARGS)
{
	const SzFold *fold = fold_row(fcinfo);

	if (fold == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(fold->started_at);
}
