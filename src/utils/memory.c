/*
 * memory.c
 *		An allocator for the core from PostgreSQL's memory contexts, and errors for the core's
 *		status codes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "utils/memory.h"

/*
 * context_realloc allocates memory in the context arg, or resizes it.
 */
static void *
context_realloc(void *arg, void *ptr, size_t old_size, size_t new_size)
{
	(void) old_size;
	return ptr == NULL ? MemoryContextAllocHuge((MemoryContext) arg, new_size)
					   : repalloc_huge(ptr, new_size);
}

/*
 * context_free frees memory.
 */
static void
context_free(void *arg, void *ptr)
{
	(void) arg;
	pfree(ptr);
}

/*
 * poll_interrupts lets the user cancel the work.
 */
static void
poll_interrupts(void *arg)
{
	(void) arg;
	CHECK_FOR_INTERRUPTS();
}

/*
 * sz_context_allocator returns an allocator for a memory context.
 */
SzAllocator
sz_context_allocator(MemoryContext cxt)
{
	SzAllocator alloc = {context_realloc, context_free, cxt, MaxAllocHugeSize, poll_interrupts};

	return alloc;
}

/*
 * sz_check_status raises an error for a status other than SZ_OK.
 */
void
sz_check_status(SzStatus status)
{
	switch (status)
	{
		case SZ_OK:
			return;
		case SZ_NO_MEMORY:
			ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
		case SZ_TOO_LARGE:
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							errmsg("too many sessions in one group"),
							errhint("Group by the session key, or use a longer gap.")));
		case SZ_BAD_STATE:
			ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
							errmsg("invalid serialized aggregate state")));
	}
}
