/*
 * memory.h
 *		How the core gets its memory from PostgreSQL, and what becomes of its status codes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_MEMORY_H
#define SESSIONIZE_MEMORY_H

#include "postgres.h"

#include "core/core.h"

/*
 * An allocator in cxt.  It reports an error rather than return NULL, and a single allocation may pass
 * MaxAllocSize: a state is not a datum.  Long work can be cancelled.
 */
extern SzAllocator sz_context_allocator(MemoryContext cxt);

/* Report a status other than SZ_OK as an error. */
extern void sz_check_status(SzStatus status);

#endif /* SESSIONIZE_MEMORY_H */
