/*
 * session_aggregate.h
 *		The support functions of session_count and session_agg.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_AGGREGATE_H
#define SESSIONIZE_SESSION_AGGREGATE_H

#include "postgres.h"

#include "fmgr.h"

extern Datum sz_session_transition(PG_FUNCTION_ARGS);
extern Datum sz_session_count_final(PG_FUNCTION_ARGS);
extern Datum sz_session_agg_final(PG_FUNCTION_ARGS);

#endif /* SESSIONIZE_SESSION_AGGREGATE_H */
