/*
 * state_value.h
 *		Aggregates whose state is a value: a bytea, which any program can send and combine.
 *
 * The state of an aggregate of type internal never leaves the server, but for PostgreSQL's own
 * parallel processes.  Citus combines on the coordinator what workers have aggregated only if the
 * state is a value of an ordinary type.  So a second aggregate wraps the first: its state is an
 * expanded object that contains the state of the first, and becomes a flat bytea, with the kind and
 * the version of the state in front, where it is sent.
 *
 * An aggregate's file defines the kind of its state, and the support functions with
 * STATE_VALUE_FUNCTION.  They can be called from SQL with any bytea, so a bytea is not trusted.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STATE_VALUE_H
#define SESSIONIZE_STATE_VALUE_H

#include "postgres.h"

#include "fmgr.h"

/*
 * What the states of a group of aggregates have in common.  The functions are the support functions
 * of the aggregates of type internal.  They are called without flinfo, and what a transition function
 * keeps in fn_extra is gone with the next row where Citus calls it, so a state must not refer to it.
 */
typedef struct StateKind
{
	char letter;            /* the first byte of a flat state, of no other kind */
	uint8 version;          /* the second; another one as soon as serialize writes something else */
	const char *aggregates; /* for messages */
	PGFunction combine;
	PGFunction serialize;
	PGFunction deserialize;
} StateKind;

/*
 * The memory context of an aggregate's states; an error if the call is no aggregate's.  function is
 * the name for the message.
 */
extern MemoryContext sz_state_context(FunctionCallInfo fcinfo, const char *function);

/* The type of what a final function returns, also if it is called without an expression. */
extern Oid sz_result_type(FunctionCallInfo fcinfo);

/*
 * The support functions: they do with the state within the value what the given function of the
 * wrapped aggregate does with it.
 */
extern Datum
sz_state_value_transition(FunctionCallInfo fcinfo, const StateKind *kind, PGFunction transition);
extern Datum
sz_state_value_combine(FunctionCallInfo fcinfo, const StateKind *kind, PGFunction combine);
extern Datum sz_state_value_final(FunctionCallInfo fcinfo, const StateKind *kind, PGFunction final);

/* Defines the function name as a part (transition, combine or final) of an aggregate. */
#define STATE_VALUE_FUNCTION(name, part, kind, function)                                           \
	PG_FUNCTION_INFO_V1(name);                                                                     \
	Datum name(PG_FUNCTION_ARGS)                                                                   \
	{                                                                                              \
		return sz_state_value_##part(fcinfo, &(kind), function);                                   \
	}                                                                                              \
	extern int no_such_variable

#endif /* SESSIONIZE_STATE_VALUE_H */
