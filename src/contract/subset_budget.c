/*
 * subset_budget.c
 *		How much work and memory a comparison of two versions of a schema may take.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "contract/subset_budget.h"

/* A comparison may take so much work, and so much memory. */
#define MAX_WORK      UINT64CONST(200000000)
#define MAX_MEGABYTES 256

/* Memory is measured when so much work has been done since. */
#define MEASURE_EVERY 10000

/* The comparison that goes on. */
static MemoryContext memory;
static uint64 work_done;
static uint64 next_measure;

void
subset_budget_begin(void)
{
	memory = CurrentMemoryContext;
	work_done = 0;
	next_measure = 0;
}

void
subset_too_large(const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					errmsg("the two versions of the contract are too large to be compared"),
					errdetail_internal("%s", detail),
					errhint("Make the change in several versions, or use fewer alternatives "
							"(anyOf, oneOf, if) in one place.")));
}

void
subset_spend(uint64 work)
{
	CHECK_FOR_INTERRUPTS();
	work_done += work;
	if (work_done < next_measure)
		return;
	next_measure = work_done + MEASURE_EVERY;
	if (work_done > MAX_WORK)
		subset_too_large("It would take too much work.");
	if (MemoryContextMemAllocated(memory, true) > (Size) MAX_MEGABYTES * 1024 * 1024)
		subset_too_large(
			psprintf("The comparison would take more than %d MB of memory.", MAX_MEGABYTES));
}
