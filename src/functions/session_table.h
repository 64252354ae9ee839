/*
 * session_table.h
 *		What the function session_table and its plan node share.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_TABLE_H
#define SESSIONIZE_SESSION_TABLE_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/primnodes.h"

#include "functions/session_scan.h"

/* The function's arguments. */
typedef enum SessionTableArg
{
	ARG_SOURCE,
	ARG_KEY,
	ARG_TS,
	ARG_GAP,
	ARG_KEY_TYPE, /* only its type matters; without it, the result's key is text */
	SESSION_TABLE_MAX_ARGS
} SessionTableArg;

#define SESSION_TABLE_MIN_ARGS ARG_KEY_TYPE

extern Datum session_table(PG_FUNCTION_ARGS);

/*
 * is_session_table_arity tells whether a call's number of arguments is that of one of the two
 * forms.
 */
static inline bool
is_session_table_arity(const FuncExpr *call)
{
	return list_length(call->args) == SESSION_TABLE_MIN_ARGS ||
		   list_length(call->args) == SESSION_TABLE_MAX_ARGS;
}

/*
 * Check the arguments' values and make a scan, in a child context of parent.  key_type is the type
 * of the result's key.
 */
extern SessionScan *session_table_scan(const NullableDatum *args, Oid key_type, int columns,
									   Snapshot snapshot, MemoryContext parent);

/* The value of a column of the result. */
extern void session_table_column(const SessionRow *row, int column, Datum *value, bool *isnull);

#endif /* SESSIONIZE_SESSION_TABLE_H */
