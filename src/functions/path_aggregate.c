/*
 * path_aggregate.c
 *		The aggregate path_agg: the nodes a group's events went through, in order.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "core/path.h"
#include "fmgr.h"
#include "functions/arguments.h"
#include "functions/memory.h"
#include "functions/node_state.h"
#include "functions/step_state.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(sz_path_transition);
PG_FUNCTION_INFO_V1(sz_path_combine);
PG_FUNCTION_INFO_V1(sz_path_serialize);
PG_FUNCTION_INFO_V1(sz_path_deserialize);
PG_FUNCTION_INFO_V1(sz_path_final);

typedef struct PathOptions
{
	int32 max_steps;
	SzPathLoops loops;
} PathOptions;

typedef struct PathState
{
	SzNodeLog log;
	PathOptions options;
} PathState;

/* In the order of SzPathLoops. */
static const char *const loops_names[] = {"keep", "repeats", "cycles"};

/*
 * aggregate_context returns the context that states live in.
 */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	return step_aggregate_context(fcinfo, "path_agg");
}

/*
 * loops_argument returns what is to become of loops.
 */
static SzPathLoops
loops_argument(FunctionCallInfo fcinfo, int argno)
{
	text *name;

	if (PG_ARGISNULL(argno))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("loops must not be null"),
						errhint("Write 'keep', 'repeats' or 'cycles'.")));
	name = PG_GETARG_TEXT_PP(argno);
	for (int i = 0; i < (int) lengthof(loops_names); i++)
	{
		if (VARSIZE_ANY_EXHDR(name) == strlen(loops_names[i]) &&
			memcmp(VARDATA_ANY(name), loops_names[i], VARSIZE_ANY_EXHDR(name)) == 0)
			return (SzPathLoops) i;
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("there is no treatment of loops named \"%s\"", text_to_cstring(name)),
					errhint("Write 'keep', 'repeats' or 'cycles'.")));
	pg_unreachable();
}

/*
 * options_argument returns what a row says of the path: there may be no more arguments than (state, node,
 * ts).
 */
static PathOptions
options_argument(FunctionCallInfo fcinfo)
{
	PathOptions options = {PG_INT32_MAX, SZ_LOOPS_KEEP};

	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
		options.max_steps = PG_GETARG_INT32(3);
	if (options.max_steps < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_steps must be at least 1"),
						errhint("Give a number of steps, or NULL for all.")));
	if (PG_NARGS() > 4)
		options.loops = loops_argument(fcinfo, 4);
	return options;
}

/*
 * require_options reports an error unless two rows want the same.
 */
static void
require_options(const PathOptions *a, const PathOptions *b)
{
	if (a->max_steps != b->max_steps || a->loops != b->loops)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_steps and loops must be the same for all rows of a group"),
						errhint("Use constants, or add the columns to GROUP BY.")));
}

/*
 * new_state returns a state without events in cxt.
 */
static PathState *
new_state(PathOptions options, MemoryContext cxt)
{
	PathState *state = MemoryContextAlloc(cxt, sizeof(*state));

	sz_node_log_init(&state->log);
	state->options = options;
	return state;
}

/*
 * sz_path_transition adds a row's node.
 */
Datum
sz_path_transition(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	PathState *state = PG_ARGISNULL(0) ? NULL : (PathState *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
	{
		TimestampTz ts = PG_GETARG_TIMESTAMPTZ(2);
		PathOptions options = options_argument(fcinfo);

		sz_require_finite(ts);
		if (state == NULL)
			state = new_state(options, cxt);
		require_options(&state->options, &options);
		node_state_add(&state->log, ts, 0, PG_GETARG_TEXT_PP(1), cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_path_combine adds the second state's nodes to the first.
 */
Datum
sz_path_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	PathState *state = PG_ARGISNULL(0) ? NULL : (PathState *) PG_GETARG_POINTER(0);
	PathState *other = PG_ARGISNULL(1) ? NULL : (PathState *) PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (state == NULL)
			state = new_state(other->options, cxt);
		require_options(&state->options, &other->options);
		node_state_merge(&state->log, &other->log, cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_path_serialize writes a state: the options, then the nodes.
 */
Datum
sz_path_serialize(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	PathState *state = (PathState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint32(&buf, (uint32) state->options.max_steps);
	pq_sendbyte(&buf, (uint8) state->options.loops);
	node_state_put(&state->log, &buf, cxt);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * sz_path_deserialize reads what sz_path_serialize wrote, and nothing else.
 */
Datum
sz_path_deserialize(PG_FUNCTION_ARGS)
{
	bytea *bytes;
	StringInfoData buf;
	PathState *state;
	int loops;

	aggregate_context(fcinfo);
	bytes = PG_GETARG_BYTEA_PP(0);
	sz_read_only_string_info(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	state = palloc(sizeof(*state));
	state->options.max_steps = (int32) pq_getmsgint(&buf, 4);
	loops = pq_getmsgbyte(&buf);
	if (state->options.max_steps < 1 || loops >= (int) lengthof(loops_names))
		sz_check_status(SZ_BAD_STATE);
	state->options.loops = (SzPathLoops) loops;
	node_state_get(&state->log, &buf, CurrentMemoryContext);
	if (!node_state_is_named(&state->log))
		sz_check_status(SZ_BAD_STATE);
	PG_RETURN_POINTER(state);
}

/*
 * path_of writes the places of the path's steps in the log to path, and returns how many there are.
 */
static uint32
path_of(const PathState *state, uint32 *path)
{
	uint32 count = state->log.count;
	uint32 max_steps = (uint32) state->options.max_steps;
	uint32 distinct;
	uint32 *ids;
	uint32 *at;
	uint32 length;

	if (state->options.loops == SZ_LOOPS_KEEP)
		return sz_path_collapse(NULL, count, SZ_LOOPS_KEEP, max_steps, path, NULL, 0);
	ids = node_state_number(&state->log, &distinct);
	at = MemoryContextAllocHuge(CurrentMemoryContext, distinct * sizeof(uint32));
	length = sz_path_collapse(ids, count, state->options.loops, max_steps, path, at, distinct);
	pfree(at);
	pfree(ids);
	return length;
}

/*
 * sz_path_final returns the path.
 */
Datum
sz_path_final(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	PathState *state;
	uint32 *path;
	uint32 length;
	Datum *names;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (PathState *) PG_GETARG_POINTER(0);
	node_state_sort(&state->log, cxt);
	path = MemoryContextAllocHuge(CurrentMemoryContext, state->log.count * sizeof(uint32));
	length = path_of(state, path);
	names = MemoryContextAllocHuge(CurrentMemoryContext, length * sizeof(Datum));
	for (uint32 i = 0; i < length; i++)
		names[i] = PointerGetDatum(node_state_name(&state->log, path[i]));
	pfree(path);
	PG_RETURN_ARRAYTYPE_P(construct_array(names, (int) length, TEXTOID, -1, false, TYPALIGN_INT));
}
