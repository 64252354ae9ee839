/*
 * subset_budget.h
 *		How much work and memory a comparison of two versions of a schema may take.
 *
 * The search for a proof may be exponential, and its parts quadratic in the size of the schemas.
 * What depends on their size is counted here, and ends the comparison with an error.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_BUDGET_H
#define SESSIONIZE_SUBSET_BUDGET_H

#include "postgres.h"

#include "compat.h"

/* So many elements of a list are compared with something as one piece of work. */
#define SUBSET_COMPARED 8

/*
 * Begin a comparison, of which there is one at a time; its memory is all in the current memory
 * context.
 */
extern void subset_budget_begin(void);

/*
 * Count so much work: schemas, facts, values or bytes that are looked at.  Error if there has been
 * too much, or if too much memory is in use.
 */
extern void subset_spend(uint64 work);

/* Raise the error for a comparison that takes too much. */
pg_noreturn extern void subset_too_large(const char *detail);

#endif /* SESSIONIZE_SUBSET_BUDGET_H */
