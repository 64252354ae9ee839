/*
 * funnel.h
 *		The support functions of funnel and funnel_times, as the node SessionGroup recognizes and
 *		replaces them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FUNNEL_FUNCTIONS_H
#define SESSIONIZE_FUNNEL_FUNCTIONS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

extern Datum sz_funnel_transition(PG_FUNCTION_ARGS);
extern Datum sz_funnel_mode_transition(PG_FUNCTION_ARGS);
extern Datum sz_funnel_final(PG_FUNCTION_ARGS);
extern Datum sz_funnel_times_final(PG_FUNCTION_ARGS);

/* Report that mode is NULL. */
extern void funnel_report_null_mode(void);

/* The times of depth steps as an array. */
extern Datum funnel_times_array(const TimestampTz *times, int depth);

#endif /* SESSIONIZE_FUNNEL_FUNCTIONS_H */
