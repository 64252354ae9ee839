/*
 * path_aggregate.c
 *		The aggregate path_agg: the nodes of a group's events, in order.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "core/path.h"
#include "functions/node_state.h"
#include "functions/step_state.h"
#include "functions/tie_breaker.h"
#include "utils/arguments.h"
#include "utils/memory.h"
#include "utils/state_value.h"

PG_FUNCTION_INFO_V1(sz_path_transition);
PG_FUNCTION_INFO_V1(sz_path_combine);
PG_FUNCTION_INFO_V1(sz_path_serialize);
PG_FUNCTION_INFO_V1(sz_path_deserialize);
PG_FUNCTION_INFO_V1(sz_path_final);

typedef struct PathOptions
{
	int32 max_steps;
	SzPathLoops loops;
	bool has_ties; /* each event has a value that orders events of the same time */
} PathOptions;

typedef struct PathState
{
	SzNodeLog log;
	PathOptions options;
	TieBreakers ties;
} PathState;

/* The number of arguments of the longest form, with the state. */
#define NARGS_WITH_TIES 6
#define ARG_TIE         5

/* Added to the loops in a serialized state. */
#define HAS_TIES 0x80

/* In the order of SzPathLoops. */
static const char *const loops_names[] = {"keep", "repeats", "cycles"};

/*
 * aggregate_context returns the memory context of the states.
 */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	return sz_state_context(fcinfo, "path_agg");
}

/*
 * loops_argument returns what to do with loops.
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
 * options_argument returns the options of a row.  The arguments after (state, node, ts) may be
 * missing.
 */
static PathOptions
options_argument(FunctionCallInfo fcinfo)
{
	PathOptions options = {PG_INT32_MAX, SZ_LOOPS_KEEP, PG_NARGS() == NARGS_WITH_TIES};

	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
		options.max_steps = PG_GETARG_INT32(3);
	if (options.max_steps < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_steps must be at least 1"),
				 errhint("Give a number of steps, or NULL for all.")));
	if (PG_NARGS() > 4)
		options.loops = loops_argument(fcinfo, 4);
	return options;
}

/*
 * require_options reports an error if two rows have different options.
 */
static void
require_options(const PathOptions *a, const PathOptions *b)
{
	if (a->has_ties != b->has_ties)
		sz_check_status(SZ_BAD_STATE);
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
	memset(&state->ties, 0, sizeof(state->ties));
	state->options = options;
	return state;
}

/*
 * transition_tie_type returns the type of the tie-breaker in a transition function's call.
 */
static TieType *
transition_tie_type(FunctionCallInfo fcinfo)
{
	FmgrInfo *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
	{
		Oid type = get_fn_expr_argtype(flinfo, ARG_TIE);

		if (!OidIsValid(type))
			elog(ERROR, "could not determine the type of path_agg's tie-breaker");
		flinfo->fn_extra = tie_type_create(type, flinfo->fn_mcxt);
	}
	return flinfo->fn_extra;
}

/*
 * combine_tie_type returns the type of the tie-breaker in a combine function's call, where it is
 * only known from the aggregate that is computed.
 */
static TieType *
combine_tie_type(FunctionCallInfo fcinfo)
{
	FmgrInfo *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
	{
		Aggref *aggref = AggGetAggref(fcinfo);

		if (aggref == NULL || list_length(aggref->aggargtypes) != ARG_TIE)
			sz_check_status(SZ_BAD_STATE);
		flinfo->fn_extra = tie_type_create(llast_oid(aggref->aggargtypes), flinfo->fn_mcxt);
	}
	return flinfo->fn_extra;
}

/*
 * add_tie adds a row's tie-breaker and returns its number; 0 if rows have no tie-breakers.
 */
static uint32
add_tie(FunctionCallInfo fcinfo, PathState *state, MemoryContext cxt)
{
	if (!state->options.has_ties)
		return 0;
	state->ties.type = transition_tie_type(fcinfo);
	return tie_breakers_add(&state->ties, PG_GETARG_DATUM(ARG_TIE), PG_ARGISNULL(ARG_TIE), cxt);
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
		node_state_add(&state->log, ts, add_tie(fcinfo, state, cxt), PG_GETARG_TEXT_PP(1), cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * merge adds the nodes of another state.
 */
static void
merge(FunctionCallInfo fcinfo, PathState *state, PathState *other, MemoryContext cxt)
{
	uint32 nodes = state->log.count;
	uint32 ties = state->ties.count;

	if (state->options.has_ties)
	{
		state->ties.type = combine_tie_type(fcinfo);
		tie_breakers_read(&other->ties, state->ties.type, CurrentMemoryContext);
		if (other->ties.count != other->log.count)
			sz_check_status(SZ_BAD_STATE);
		tie_breakers_merge(&state->ties, &other->ties, cxt);
	}
	node_state_merge(&state->log, &other->log, cxt);
	for (uint32 i = nodes; ties > 0 && i < state->log.count; i++)
		state->log.nodes[i].mask += ties;
	state->log.sorted &= ties == 0;
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
		merge(fcinfo, state, other, cxt);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * put_ties appends the tie-breakers, preceded by their size in bytes.
 */
static void
put_ties(const TieBreakers *ties, StringInfo out)
{
	int at = out->len;
	uint32 size;

	pq_sendint32(out, 0);
	tie_breakers_put(ties, out);
	size = pg_hton32((uint32) (out->len - at - sizeof(uint32)));
	memcpy(out->data + at, &size, sizeof(size));
}

/*
 * sz_path_serialize writes a state: the options, the tie-breakers if there are any, and the nodes.
 */
Datum
sz_path_serialize(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	PathState *state = (PathState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint32(&buf, (uint32) state->options.max_steps);
	pq_sendbyte(&buf, (uint8) state->options.loops + (state->options.has_ties ? HAS_TIES : 0));
	if (state->options.has_ties)
		put_ties(&state->ties, &buf);
	state->log.sorted &= !state->ties.used;
	node_state_put(&state->log, &buf, cxt);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * get_ties reads what put_ties appended.
 */
static void
get_ties(TieBreakers *ties, StringInfo in)
{
	int size = (int) pq_getmsgint(in, 4);

	if (size < 0 || size > in->len - in->cursor)
		sz_check_status(SZ_BAD_STATE);
	tie_breakers_get(ties, in, size);
}

/*
 * has_valid_nodes tells whether a log that was read has events, each with a name and a valid number
 * of a tie-breaker or, if there are no tie-breakers, no steps.
 */
static bool
has_valid_nodes(const PathState *state)
{
	const SzNodeLog *log = &state->log;

	if (!state->options.has_ties)
		return node_state_is_named(log);
	for (uint32 i = 0; i < log->count; i++)
		if (log->nodes[i].size == SZ_NO_NAME || log->nodes[i].mask >= log->count)
			return false;
	return log->count > 0;
}

/*
 * sz_path_deserialize reads what sz_path_serialize wrote, and rejects all else.
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
	state = palloc0(sizeof(*state));
	state->options.max_steps = (int32) pq_getmsgint(&buf, 4);
	loops = pq_getmsgbyte(&buf);
	state->options.has_ties = (loops & HAS_TIES) != 0;
	loops &= ~HAS_TIES;
	if (state->options.max_steps < 1 || loops >= (int) lengthof(loops_names))
		sz_check_status(SZ_BAD_STATE);
	state->options.loops = (SzPathLoops) loops;
	if (state->options.has_ties)
		get_ties(&state->ties, &buf);
	node_state_get(&state->log, &buf, CurrentMemoryContext);
	if (!has_valid_nodes(state))
		sz_check_status(SZ_BAD_STATE);
	PG_RETURN_POINTER(state);
}

/*
 * path_of writes the numbers of the path's events to path, and returns how many there are.
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
	if (state->ties.received != NULL)
		sz_check_status(SZ_BAD_STATE);
	node_state_sort(&state->log, cxt);
	if (state->options.has_ties)
		tie_breakers_sort(&state->ties, &state->log);
	path = MemoryContextAllocHuge(CurrentMemoryContext, state->log.count * sizeof(uint32));
	length = path_of(state, path);
	names = MemoryContextAllocHuge(CurrentMemoryContext, length * sizeof(Datum));
	for (uint32 i = 0; i < length; i++)
		names[i] = PointerGetDatum(node_state_name(&state->log, path[i]));
	pfree(path);
	PG_RETURN_ARRAYTYPE_P(construct_array(names, (int) length, TEXTOID, -1, false, TYPALIGN_INT));
}
