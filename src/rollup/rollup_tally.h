/*
 * rollup_tally.h
 *		Adds up, in memory, the rows of a fact that come and go, for one rollup.
 *
 * A tally gives the same numbers as rollup_repair_sql() and what verify() expects: the expressions
 * of rollup_sql.c and the functions here are two forms of one definition.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROLLUP_TALLY_H
#define SESSIONIZE_ROLLUP_TALLY_H

#include "executor/tuptable.h"

#include "rollup/rollup.h"

typedef struct RollupTally RollupTally;

/* A tally of no rows, in a child of parent. */
extern RollupTally *rollup_tally_create(MemoryContext parent, const Rollup *rollup);

/*
 * Add a row that comes (values, in the fact's columns), goes (stored), or changes (both).  A change
 * that leaves all columns of the rollup as they are adds nothing.
 */
extern void rollup_tally_note(RollupTally *tally, const Datum *values, const bool *isnull,
							  const TupleTableSlot *stored);

/* Append the numbers that are not zero to the rollup's table of changes, and begin anew. */
extern void rollup_tally_write(RollupTally *tally);

#endif /* SESSIONIZE_ROLLUP_TALLY_H */
