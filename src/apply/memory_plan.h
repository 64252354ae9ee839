/*
 * memory_plan.h
 *		How much memory each part of a long job gets, out of one budget.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_MEMORY_PLAN_H
#define SESSIONIZE_MEMORY_PLAN_H

#include "postgres.h"

/* What a star writer gets, in bytes. */
typedef struct WriterMemory
{
	Size dictionary; /* for the members of a dimension that are known; of each of two dimensions */
	Size table;      /* for stored rows to compare, and three quarters more for differences; of each of
					  * four tables */
} WriterMemory;

/* In bytes. */
typedef struct MemoryPlan
{
	Size derivation;
	Size stored;     /* for stored_star_read: rows of the star that wait for their piece */
	Size quarantine; /* for the quarantined rows that are stored */
	Size queue;      /* for entries of the index on session ids */
	WriterMemory writer;
} MemoryPlan;

/* Of a verify, in bytes. */
typedef struct VerifyPlan
{
	Size derivation;
	Size stored; /* for the rows of a table that wait for their piece; of each of four tables */
	Size table;  /* for those of its rows that are compared; likewise */
} VerifyPlan;

/* Of an attempt of a refresh. */
extern MemoryPlan memory_plan_of_refresh(Size budget);

/* Of a rebuild by pieces; is_first: into an empty star. */
extern MemoryPlan memory_plan_of_rebuild(Size budget, bool is_first);

/* Of a verify. */
extern VerifyPlan memory_plan_of_verify(Size budget);

#endif /* SESSIONIZE_MEMORY_PLAN_H */
