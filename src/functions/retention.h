/*
 * retention.h
 *		The functions that retention is made of, and its result.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RETENTION_H
#define SESSIONIZE_RETENTION_H

#include "postgres.h"

#include "fmgr.h"

extern Datum sz_retention_transition(PG_FUNCTION_ARGS);
extern Datum sz_retention_final(PG_FUNCTION_ARGS);

/* Which of the conditions in mask were met, all but the first only where that was, as an array. */
extern Datum retention_array(int nsteps, uint32 mask);

#endif /* SESSIONIZE_RETENTION_H */
