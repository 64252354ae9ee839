/*
 * retention.h
 *		The support functions of retention, and its result.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RETENTION_H
#define SESSIONIZE_RETENTION_H

#include "postgres.h"

#include "fmgr.h"

extern Datum sz_retention_transition(PG_FUNCTION_ARGS);
extern Datum sz_retention_final(PG_FUNCTION_ARGS);

/* The conditions in mask as an array.  All are false if the first condition was not met. */
extern Datum retention_array(int nsteps, uint32 mask);

#endif /* SESSIONIZE_RETENTION_H */
