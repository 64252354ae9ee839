/*
 * first_last.c
 *		The aggregates first_by and last_by: the value of the row that is first or last by another
 *		column.
 *
 * Among rows that are equal in the other column, first_by takes the smallest value and last_by the
 * greatest.  So the result depends neither on the order of the rows nor on the plan.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/typcache.h"

#include "compat.h"
#include "functions/datum_codec.h"
#include "utils/state_value.h"

PG_FUNCTION_INFO_V1(sz_first_by_transition);
PG_FUNCTION_INFO_V1(sz_last_by_transition);
PG_FUNCTION_INFO_V1(sz_first_by_combine);
PG_FUNCTION_INFO_V1(sz_last_by_combine);
PG_FUNCTION_INFO_V1(sz_by_serialize);
PG_FUNCTION_INFO_V1(sz_by_deserialize);
PG_FUNCTION_INFO_V1(sz_by_final);

/*
 * The wanted row.  A row is better than the kept one if it compares to the kept one with this sign.
 */
typedef enum Wanted
{
	WANT_FIRST = -1,
	WANT_LAST = 1
} Wanted;

/* How to handle a call's two columns. */
typedef struct Columns
{
	DatumCodec value;
	DatumCodec order;
	FmgrInfo compare_order;
	FmgrInfo compare_value; /* fn_oid is invalid if the type has no order */
	Oid value_collation;
} Columns;

/* A copy of a datum, and the size of its memory. */
typedef struct Kept
{
	Datum datum;
	Size room;
} Kept;

/*
 * The best row so far; or, after deserialization, bytes that the combine function has yet to read.
 */
typedef struct ByState
{
	Columns *columns;
	bytea *received;
	Kept order;
	Kept value;
	bool value_isnull;
} ByState;

/*
 * aggregate_context returns the memory context of the states.
 */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	return sz_state_context(fcinfo, "first_by");
}

/*
 * make_columns prepares to copy, compare and send values of the two columns' types.
 */
static Columns *
make_columns(Oid value_type, Oid order_type, MemoryContext cxt)
{
	Columns *columns = MemoryContextAllocZero(cxt, sizeof(*columns));
	TypeCacheEntry *order = lookup_type_cache(order_type, TYPECACHE_CMP_PROC);
	TypeCacheEntry *value = lookup_type_cache(value_type, TYPECACHE_CMP_PROC);

	if (!OidIsValid(order->cmp_proc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("could not identify an ordering for type %s", format_type_be(order_type)),
				 errhint("Order by a value whose type has a btree operator class, such as a "
						 "timestamptz.")));
	datum_codec_init(&columns->value, value_type, cxt);
	datum_codec_init(&columns->order, order_type, cxt);
	fmgr_info_cxt(order->cmp_proc, &columns->compare_order, cxt);
	/* whether anonymous records can be compared depends on their fields */
	if (OidIsValid(value->cmp_proc) && value_type != RECORDOID && value_type != RECORDARRAYOID)
	{
		fmgr_info_cxt(value->cmp_proc, &columns->compare_value, cxt);
		columns->value_collation = OidIsValid(value->typcollation) ? C_COLLATION_OID : InvalidOid;
	}
	return columns;
}

/*
 * transition_columns returns the columns of a transition function's call.
 */
static Columns *
transition_columns(FunctionCallInfo fcinfo)
{
	FmgrInfo *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
	{
		Oid value_type = get_fn_expr_argtype(flinfo, 1);
		Oid order_type = get_fn_expr_argtype(flinfo, 2);

		if (!OidIsValid(value_type) || !OidIsValid(order_type))
			elog(ERROR, "could not determine the types of first_by's arguments");
		flinfo->fn_extra = make_columns(value_type, order_type, flinfo->fn_mcxt);
	}
	return flinfo->fn_extra;
}

/*
 * combine_columns returns the columns of a combine function's call.  Their types are only known
 * from the aggregate that is computed.
 */
static Columns *
combine_columns(FunctionCallInfo fcinfo)
{
	FmgrInfo *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
	{
		Aggref *aggref = AggGetAggref(fcinfo);

		if (aggref == NULL || list_length(aggref->aggargtypes) != 2)
			elog(ERROR, "could not determine the types of first_by's arguments");
		flinfo->fn_extra = make_columns(linitial_oid(aggref->aggargtypes),
										lsecond_oid(aggref->aggargtypes), flinfo->fn_mcxt);
	}
	return flinfo->fn_extra;
}

/*
 * keep copies a datum, if possible into the memory of the datum kept before.  A toasted value stays
 * toasted, and is only fetched if it becomes the result.
 */
static void
keep(Kept *kept, Datum datum, const DatumCodec *codec, MemoryContext cxt)
{
	Size size;

	if (codec->by_value)
	{
		kept->datum = datum;
		return;
	}
	if (codec->length == -1 && VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		datum = datumCopy(datum, codec->by_value, codec->length);
	size = datumGetSize(datum, codec->by_value, codec->length);
	if (kept->room < size)
	{
		if (kept->room > 0)
			pfree(DatumGetPointer(kept->datum));
		kept->datum = PointerGetDatum(MemoryContextAlloc(cxt, size));
		kept->room = size;
	}
	memcpy(DatumGetPointer(kept->datum), DatumGetPointer(datum), size);
}

/*
 * keep_row makes a row the best one so far.
 */
static void
keep_row(ByState *state, Datum order, Datum value, bool value_isnull, MemoryContext cxt)
{
	Columns *columns = state->columns;

	if (columns->order.length == -1)
		order = PointerGetDatum(PG_DETOAST_DATUM_PACKED(order));
	keep(&state->order, order, &columns->order, cxt);
	state->value_isnull = value_isnull;
	if (!value_isnull)
		keep(&state->value, value, &columns->value, cxt);
}

/*
 * compare_values compares rows that are equal in the order column: by the type's own order, then by
 * the bytes, so that the result is deterministic.
 */
static int
compare_values(Columns *columns, Datum a, Datum b)
{
	int result = 0;

	if (OidIsValid(columns->compare_value.fn_oid))
		result = DatumGetInt32(
			FunctionCall2Coll(&columns->compare_value, columns->value_collation, a, b));
	return result != 0 ? result : datum_codec_compare(&columns->value, a, b);
}

/*
 * is_better tells whether a row replaces the kept one.  A value wins over NULL.
 */
static bool
is_better(ByState *state, Datum order, Datum value, bool value_isnull, Wanted wanted, Oid collation)
{
	int result = DatumGetInt32(
		FunctionCall2Coll(&state->columns->compare_order, collation, order, state->order.datum));

	if (result != 0)
		return (result < 0) == (wanted == WANT_FIRST);
	if (value_isnull || state->value_isnull)
		return !value_isnull;
	result = compare_values(state->columns, value, state->value.datum);
	return result != 0 && (result < 0) == (wanted == WANT_FIRST);
}

/*
 * consider returns the state after one more row; state NULL means that there was none before.
 */
static ByState *
consider(FunctionCallInfo fcinfo, ByState *state, Columns *columns, Datum order, Datum value,
		 bool value_isnull, Wanted wanted)
{
	if (state == NULL)
	{
		MemoryContext cxt = aggregate_context(fcinfo);

		state = MemoryContextAllocZero(cxt, sizeof(*state));
		state->columns = columns;
		keep_row(state, order, value, value_isnull, cxt);
	}
	else if (is_better(state, order, value, value_isnull, wanted, PG_GET_COLLATION()))
		keep_row(state, order, value, value_isnull, aggregate_context(fcinfo));
	return state;
}

/*
 * transition adds a row, unless the order column is NULL.
 */
static Datum
transition(FunctionCallInfo fcinfo, Wanted wanted)
{
	ByState *state = PG_ARGISNULL(0) ? NULL : (ByState *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(2))
		state = consider(fcinfo, state, transition_columns(fcinfo), PG_GETARG_DATUM(2),
						 PG_GETARG_DATUM(1), PG_ARGISNULL(1), wanted);
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * combine adds the row of another state.
 */
static Datum
combine(FunctionCallInfo fcinfo, Wanted wanted)
{
	ByState *state = PG_ARGISNULL(0) ? NULL : (ByState *) PG_GETARG_POINTER(0);
	ByState *other = PG_ARGISNULL(1) ? NULL : (ByState *) PG_GETARG_POINTER(1);
	Columns *columns;
	StringInfoData buf;
	Datum order;
	Datum value = (Datum) 0;
	bool value_isnull;

	if (other == NULL && state == NULL)
		PG_RETURN_NULL();
	if (other == NULL)
		PG_RETURN_POINTER(state);
	columns = combine_columns(fcinfo);
	if (other->received == NULL)
		PG_RETURN_POINTER(consider(fcinfo, state, columns, other->order.datum, other->value.datum,
								   other->value_isnull, wanted));

	sz_read_only_string_info(&buf, VARDATA(other->received),
							 (int) (VARSIZE(other->received) - VARHDRSZ));
	order = datum_codec_get(&columns->order, &buf);
	value_isnull = pq_getmsgbyte(&buf) != 0;
	if (!value_isnull)
		value = datum_codec_get(&columns->value, &buf);
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(consider(fcinfo, state, columns, order, value, value_isnull, wanted));
}

/*
 * sz_first_by_transition is the transition function of first_by.
 */
Datum
sz_first_by_transition(PG_FUNCTION_ARGS)
{
	return transition(fcinfo, WANT_FIRST);
}

/*
 * sz_last_by_transition is the transition function of last_by.
 */
Datum
sz_last_by_transition(PG_FUNCTION_ARGS)
{
	return transition(fcinfo, WANT_LAST);
}

/*
 * sz_first_by_combine combines two states of first_by.
 */
Datum
sz_first_by_combine(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, WANT_FIRST);
}

/*
 * sz_last_by_combine combines two states of last_by.
 */
Datum
sz_last_by_combine(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, WANT_LAST);
}

/*
 * sz_by_serialize writes a state: the order column, whether the value is NULL, and the value.
 */
Datum
sz_by_serialize(PG_FUNCTION_ARGS)
{
	ByState *state = (ByState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	aggregate_context(fcinfo);
	if (state->columns == NULL)
		elog(ERROR, "a state of first_by was sent on before it was read");
	pq_begintypsend(&buf);
	datum_codec_put(&state->columns->order, state->order.datum, &buf);
	pq_sendbyte(&buf, state->value_isnull ? 1 : 0);
	if (!state->value_isnull)
		datum_codec_put(&state->columns->value, state->value.datum, &buf);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * sz_by_deserialize keeps what sz_by_serialize wrote.  The combine function reads it, because only
 * there the types are known for certain.
 */
Datum
sz_by_deserialize(PG_FUNCTION_ARGS)
{
	ByState *state;

	aggregate_context(fcinfo);
	state = palloc0(sizeof(*state));
	state->received = PG_GETARG_BYTEA_P_COPY(0);
	PG_RETURN_POINTER(state);
}

/*
 * sz_by_final returns the value of the best row.
 */
Datum
sz_by_final(PG_FUNCTION_ARGS)
{
	ByState *state;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (ByState *) PG_GETARG_POINTER(0);
	if (state->columns == NULL)
		elog(ERROR, "a state of first_by was finished before it was read");
	if (state->value_isnull)
		PG_RETURN_NULL();
	/* a window aggregate continues to use the state and its memory */
	PG_RETURN_DATUM(datumCopy(state->value.datum, state->columns->value.by_value,
							  state->columns->value.length));
}
