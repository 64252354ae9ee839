/*
 * memory_plan.h
 *		How much memory each part of a long job gets, out of one budget.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_MEMORY_PLAN_H
#define SESSIONIZE_MEMORY_PLAN_H

#include "postgres.h"

/* The memory of a star writer, in bytes. */
typedef struct WriterMemory
{
	Size dictionary; /* for known members, for each of two dimensions */
	/*
	 * for the stored rows to compare, for each of four tables; another three quarters for
	 * differences
	 */
	Size table;
} WriterMemory;

/* The memory of a refresh or rebuild, in bytes. */
typedef struct MemoryPlan
{
	Size derivation;
	Size stored;     /* for rows of the star that wait for their piece (stored_star_read) */
	Size quarantine; /* for the stored quarantined rows */
	Size queue;      /* for entries of the index on session ids (index_queue.h) */
	WriterMemory writer;
} MemoryPlan;

/* The memory of a verify, in bytes. */
typedef struct VerifyPlan
{
	Size derivation;
	Size stored; /* for rows that wait for their piece, for each of four tables */
	Size table;  /* for rows that are being compared, for each of four tables */
} VerifyPlan;

/* For an attempt of a refresh. */
extern MemoryPlan memory_plan_of_refresh(Size budget);

/* For a rebuild by hash pieces; is_first: into an empty star. */
extern MemoryPlan memory_plan_of_rebuild(Size budget, bool is_first);

/* For a verify. */
extern VerifyPlan memory_plan_of_verify(Size budget);

#endif /* SESSIONIZE_MEMORY_PLAN_H */
