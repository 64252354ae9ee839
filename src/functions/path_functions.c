/*
 * path_functions.c
 *		Functions on paths: their edges, and the part before or after a node.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"

PG_FUNCTION_INFO_V1(sz_path_edges);
PG_FUNCTION_INFO_V1(sz_path_before);
PG_FUNCTION_INFO_V1(sz_path_after);

typedef struct NodePath
{
	Datum *nodes;
	bool *nulls;
	int length;
} NodePath;

/*
 * path_argument returns the path in the call's first argument.
 */
static NodePath
path_argument(FunctionCallInfo fcinfo)
{
	NodePath path;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &path.nodes,
					  &path.nulls, &path.length);
	return path;
}

/*
 * begin_edges prepares to return the edges of a path.
 */
static void
begin_edges(FunctionCallInfo fcinfo, FuncCallContext *call)
{
	MemoryContext caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
	NodePath *path = palloc(sizeof(*path));
	TupleDesc columns;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "path_edges was called where its rows have no place");
	call->tuple_desc = BlessTupleDesc(columns);
	*path = path_argument(fcinfo);
	call->user_fctx = path;
	call->max_calls = path->length > 1 ? (uint64) path->length - 1 : 0;
	MemoryContextSwitchTo(caller);
}

/*
 * sz_path_edges returns the pairs of neighbours on a path.
 */
Datum
sz_path_edges(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	const NodePath *path;
	uint64 i;
	Datum values[3];
	bool nulls[3] = {false};

	if (SRF_IS_FIRSTCALL())
		begin_edges(fcinfo, SRF_FIRSTCALL_INIT());
	call = SRF_PERCALL_SETUP();
	path = call->user_fctx;
	i = call->call_cntr;
	if (i >= call->max_calls)
		SRF_RETURN_DONE(call);
	values[0] = Int32GetDatum((int32) i + 1);
	values[1] = path->nodes[i];
	nulls[1] = path->nulls[i];
	values[2] = path->nodes[i + 1];
	nulls[2] = path->nulls[i + 1];
	SRF_RETURN_NEXT(call, HeapTupleGetDatum(heap_form_tuple(call->tuple_desc, values, nulls)));
}

/*
 * find_node returns the first place of the node in the call's second argument, or -1.
 */
static int
find_node(FunctionCallInfo fcinfo, const NodePath *path)
{
	text *node = PG_GETARG_TEXT_PP(1);
	Size size = VARSIZE_ANY_EXHDR(node);

	for (int i = 0; i < path->length; i++)
	{
		if (!path->nulls[i] && VARSIZE_ANY_EXHDR(DatumGetPointer(path->nodes[i])) == size &&
			memcmp(VARDATA_ANY(DatumGetPointer(path->nodes[i])), VARDATA_ANY(node), size) == 0)
			return i;
	}
	return -1;
}

/*
 * steps_argument returns the call's third argument; NULL means no limit.
 */
static int
steps_argument(FunctionCallInfo fcinfo)
{
	int steps = PG_ARGISNULL(2) ? PG_INT32_MAX : PG_GETARG_INT32(2);

	if (steps < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("steps must not be negative"),
				 errhint("Give a number of steps, or NULL for all.")));
	return steps;
}

/*
 * part returns the nodes of a path from place from to place to.
 */
static Datum
part(const NodePath *path, int from, int to)
{
	int length = to - from + 1;
	int lower = 1;

	PG_RETURN_ARRAYTYPE_P(construct_md_array(path->nodes + from, path->nulls + from, 1, &length,
											 &lower, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * sz_path_before returns a path up to the first place of a node.
 */
Datum
sz_path_before(PG_FUNCTION_ARGS)
{
	NodePath path;
	int steps;
	int at;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	steps = steps_argument(fcinfo);
	path = path_argument(fcinfo);
	at = find_node(fcinfo, &path);
	if (at < 0)
		PG_RETURN_NULL();
	return part(&path, steps < at ? at - steps : 0, at);
}

/*
 * sz_path_after returns a path from the first place of a node on.
 */
Datum
sz_path_after(PG_FUNCTION_ARGS)
{
	NodePath path;
	int steps;
	int at;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	steps = steps_argument(fcinfo);
	path = path_argument(fcinfo);
	at = find_node(fcinfo, &path);
	if (at < 0)
		PG_RETURN_NULL();
	return part(&path, at, steps < path.length - 1 - at ? at + steps : path.length - 1);
}
