/*
 * memory.h
 *		An allocator for the core from PostgreSQL's memory contexts, and errors for the core's
 *		status codes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_MEMORY_H
#define SESSIONIZE_MEMORY_H

#include "postgres.h"

#include "core/core.h"

/*
 * An allocator for cxt. It raises an error and never returns NULL. A single allocation may exceed
 * MaxAllocSize, since a state is not a datum. Long work can be cancelled.
 */
extern SzAllocator sz_context_allocator(MemoryContext cxt);

/* Raise an error for a status other than SZ_OK. */
extern void sz_check_status(SzStatus status);

#endif /* SESSIONIZE_MEMORY_H */
