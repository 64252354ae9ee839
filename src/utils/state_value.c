/*
 * state_value.c
 *		Aggregates whose state is a value: a bytea, which any program can send and combine.
 *
 * A state lives in the memory context of its expanded object.  The wrapped functions get that
 * context through a node of ours in place of the executor's node.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "nodes/extensible.h"
#include "utils/expandeddatum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"
#include "utils/memory.h"
#include "utils/state_value.h"

/* The bytes in front of a flat state: the letter of its kind, and its version. */
#define HEADER_BYTES 2

/* Citus sends a state as text, with two digits a byte. */
#define MAX_FLAT_SIZE (MaxAllocSize / 2 - 16)

/* In place of the executor's node: where a state lives. */
typedef struct StatePlace
{
	ExtensibleNode node;
	MemoryContext cxt;
} StatePlace;

static const char place_name[] = "sessionize state";

typedef struct StateValue
{
	ExpandedObjectHeader header;
	const StateKind *kind;
	StatePlace place;
	void *state; /* of the wrapped aggregate; NULL: none yet */
	bytea *flat; /* made by flat_size for flatten */
} StateValue;

/*
 * sz_state_context returns the memory context of an aggregate's states.
 */
MemoryContext
sz_state_context(FunctionCallInfo fcinfo, const char *function)
{
	MemoryContext cxt;

	if (fcinfo->context != NULL && IsA(fcinfo->context, ExtensibleNode) &&
		((StatePlace *) fcinfo->context)->node.extnodename == place_name)
		return ((StatePlace *) fcinfo->context)->cxt;
	if (!AggCheckCallContext(fcinfo, &cxt))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a support function of %s was called outside an aggregate", function),
				 errhint("Call the aggregate instead.")));
	return cxt;
}

/*
 * sz_result_type returns the type of what the function returns: that of the expression, if there is
 * one, for the type of a function can be polymorphic.
 */
Oid
sz_result_type(FunctionCallInfo fcinfo)
{
	Oid type = get_fn_expr_rettype(fcinfo->flinfo);

	return OidIsValid(type) ? type : get_func_rettype(fcinfo->flinfo->fn_oid);
}

/*
 * init_place initializes a place for states.
 */
static void
init_place(StatePlace *place, MemoryContext cxt)
{
	place->node.type = T_ExtensibleNode;
	place->node.extnodename = place_name;
	place->cxt = cxt;
}

/*
 * call_wrapped calls a function of the wrapped aggregate with a state as its first argument (NULL:
 * SQL's NULL), and the other arguments of fcinfo.  Whether the result is NULL is noted in fcinfo.
 */
static Datum
call_wrapped(FunctionCallInfo fcinfo, PGFunction function, StatePlace *place, void *state)
{
	LOCAL_FCINFO(inner, FUNC_MAX_ARGS);
	Datum result;

	InitFunctionCallInfoData(*inner, fcinfo->flinfo, fcinfo->nargs, fcinfo->fncollation,
							 (Node *) place, NULL);
	memcpy(inner->args, fcinfo->args, fcinfo->nargs * sizeof(NullableDatum));
	inner->args[0].value = PointerGetDatum(state);
	inner->args[0].isnull = state == NULL;
	result = function(inner);
	fcinfo->isnull = inner->isnull;
	return result;
}

/*
 * call_plain calls a function of the wrapped aggregate with one argument, which is not NULL.
 */
static Datum
call_plain(PGFunction function, StatePlace *place, Datum argument)
{
	LOCAL_FCINFO(inner, 1);

	InitFunctionCallInfoData(*inner, NULL, 1, InvalidOid, (Node *) place, NULL);
	inner->args[0].value = argument;
	inner->args[0].isnull = false;
	return function(inner);
}

/*
 * flat_size is the method of the expanded object that tells the size of its flat form.  It makes
 * the form, since only then the size is known.
 */
static Size
flat_size(ExpandedObjectHeader *header)
{
	StateValue *value = (StateValue *) header;
	MemoryContext caller = MemoryContextSwitchTo(header->eoh_context);
	bytea *body = NULL;
	Size size = VARHDRSZ + HEADER_BYTES;

	if (value->flat != NULL)
		pfree(value->flat);
	value->flat = NULL;
	if (value->state != NULL)
	{
		body = DatumGetByteaPP(
			call_plain(value->kind->serialize, &value->place, PointerGetDatum(value->state)));
		size += VARSIZE_ANY_EXHDR(body);
	}
	if (size > MAX_FLAT_SIZE)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("a state of %s is too large to be sent", value->kind->aggregates),
						errhint("Group by the column that the table is distributed by.")));
	value->flat = palloc(size);
	SET_VARSIZE(value->flat, size);
	VARDATA(value->flat)[0] = value->kind->letter;
	VARDATA(value->flat)[1] = (char) value->kind->version;
	if (body != NULL)
	{
		memcpy(VARDATA(value->flat) + HEADER_BYTES, VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body));
		pfree(body);
	}
	MemoryContextSwitchTo(caller);
	return size;
}

/*
 * flatten is the method of the expanded object that writes its flat form.
 */
static void
flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	StateValue *value = (StateValue *) header;

	memcpy(result, value->flat, size);
	pfree(value->flat);
	value->flat = NULL;
}

static const ExpandedObjectMethods methods = {flat_size, flatten};

/*
 * create_value returns a value without a state, in a context of its own within the given one.
 */
static StateValue *
create_value(MemoryContext parent, const StateKind *kind)
{
	MemoryContext cxt =
		AllocSetContextCreate(parent, "pg_sessionize state", ALLOCSET_START_SMALL_SIZES);
	StateValue *value = MemoryContextAllocZero(cxt, sizeof(*value));

	EOH_init_header(&value->header, &methods, cxt);
	value->kind = kind;
	init_place(&value->place, cxt);
	return value;
}

/*
 * check_kind reports an error unless a state is of this kind and version.
 */
static void
check_kind(char letter, uint8 version, const StateKind *kind)
{
	if (letter != kind->letter)
		sz_check_status(SZ_BAD_STATE);
	if (version != kind->version)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("a state of %s is of another version of pg_sessionize", kind->aggregates),
				 errdetail("It has version %d, and version %d can be read here.", version,
						   kind->version),
				 errhint("Install the same version of pg_sessionize on all nodes.")));
}

/*
 * expanded_value returns the expanded object of ours that an argument is, NULL if it is none.
 */
static StateValue *
expanded_value(Datum datum, const StateKind *kind)
{
	StateValue *value;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		return NULL;
	value = (StateValue *) DatumGetEOHP(datum);
	if (value->header.eoh_methods != &methods)
		return NULL;
	check_kind(value->kind->letter, value->kind->version, kind);
	return value;
}

/*
 * read_state returns the state that an argument contains, NULL if none: that of an expanded object,
 * or a new one at the place, of what a flat value says.
 */
static void *
read_state(Datum datum, const StateKind *kind, StatePlace *place)
{
	StateValue *value = expanded_value(datum, kind);
	MemoryContext caller;
	bytea *flat;
	bytea *body;
	Size size;
	void *state;

	if (value != NULL)
		return value->state;
	flat = DatumGetByteaPP(datum);
	size = VARSIZE_ANY_EXHDR(flat);
	if (size < HEADER_BYTES)
		sz_check_status(SZ_BAD_STATE);
	check_kind(VARDATA_ANY(flat)[0], (uint8) VARDATA_ANY(flat)[1], kind);
	if (size == HEADER_BYTES)
		return NULL;
	caller = MemoryContextSwitchTo(place->cxt);
	body = palloc(size - HEADER_BYTES + VARHDRSZ);
	SET_VARSIZE(body, size - HEADER_BYTES + VARHDRSZ);
	memcpy(VARDATA(body), VARDATA_ANY(flat) + HEADER_BYTES, size - HEADER_BYTES);
	state = DatumGetPointer(call_plain(kind->deserialize, place, PointerGetDatum(body)));
	pfree(body);
	MemoryContextSwitchTo(caller);
	return state;
}

/*
 * merge_state adds a state, unless it is NULL, to that of a value.
 */
static void
merge_state(StateValue *value, PGFunction combine, void *state)
{
	LOCAL_FCINFO(inner, 2);

	if (state == NULL)
		return;
	InitFunctionCallInfoData(*inner, NULL, 2, InvalidOid, (Node *) &value->place, NULL);
	inner->args[0].value = PointerGetDatum(value->state);
	inner->args[0].isnull = value->state == NULL;
	inner->args[1].value = PointerGetDatum(state);
	inner->args[1].isnull = false;
	value->state = DatumGetPointer(combine(inner));
}

/*
 * own_value returns the first argument as a value that may be changed: itself, if it is one, or a
 * new one with the same state.
 */
static StateValue *
own_value(FunctionCallInfo fcinfo, const StateKind *kind)
{
	MemoryContext parent = sz_state_context(fcinfo, kind->aggregates);
	StateValue *value = NULL;
	StatePlace here;

	if (!PG_ARGISNULL(0) && VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(PG_GETARG_DATUM(0))))
		value = expanded_value(PG_GETARG_DATUM(0), kind);
	if (value != NULL)
		return value;
	value = create_value(parent, kind);
	init_place(&here, CurrentMemoryContext);
	if (!PG_ARGISNULL(0))
		merge_state(value, kind->combine, read_state(PG_GETARG_DATUM(0), kind, &here));
	return value;
}

/*
 * sz_state_value_transition adds a row to the state.
 */
Datum
sz_state_value_transition(FunctionCallInfo fcinfo, const StateKind *kind, PGFunction transition)
{
	StateValue *value = own_value(fcinfo, kind);
	Datum state = call_wrapped(fcinfo, transition, &value->place, value->state);

	value->state = fcinfo->isnull ? NULL : DatumGetPointer(state);
	fcinfo->isnull = false;
	PG_RETURN_DATUM(EOHPGetRWDatum(&value->header));
}

/*
 * sz_state_value_combine adds the second state to the first.
 */
Datum
sz_state_value_combine(FunctionCallInfo fcinfo, const StateKind *kind, PGFunction combine)
{
	StateValue *value = own_value(fcinfo, kind);
	StatePlace here;

	init_place(&here, CurrentMemoryContext);
	if (!PG_ARGISNULL(1))
		merge_state(value, combine, read_state(PG_GETARG_DATUM(1), kind, &here));
	PG_RETURN_DATUM(EOHPGetRWDatum(&value->header));
}

/*
 * sz_state_value_final returns what the wrapped aggregate's final function makes of the state.
 */
Datum
sz_state_value_final(FunctionCallInfo fcinfo, const StateKind *kind, PGFunction final)
{
	StateValue *value;
	StatePlace here;
	void *state;

	sz_state_context(fcinfo, kind->aggregates);
	init_place(&here, CurrentMemoryContext);
	if (PG_ARGISNULL(0))
		return call_wrapped(fcinfo, final, &here, NULL);
	value = expanded_value(PG_GETARG_DATUM(0), kind);
	state = read_state(PG_GETARG_DATUM(0), kind, &here);
	return call_wrapped(fcinfo, final, value != NULL ? &value->place : &here, state);
}
