/*
 * core.h
 *		What every file of the core shares.
 *
 * The core is plain C11 without PostgreSQL: it compiles into the extension and, alone, into its own
 * property test.  It reports by status code, never allocates but through the caller's allocator, and
 * counts time in integer microseconds (PostgreSQL's timestamptz, finite values only).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CORE_H
#define SESSIONIZE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A limit that nothing reaches: timestamptz spans more than 63 bits, so limits are unsigned. */
#define SZ_NO_LIMIT UINT64_MAX

typedef enum SzStatus
{
	SZ_OK = 0,
	SZ_NO_MEMORY, /* the allocator returned NULL */
	SZ_TOO_LARGE, /* a size would pass the allocator's limit */
	SZ_BAD_STATE  /* serialized state that no encoder of ours wrote */
} SzStatus;

/*
 * The caller's allocator.  realloc(arg, NULL, 0, n) allocates, realloc(arg, p, old, n) resizes; both
 * may return NULL (or not return).  free may be NULL where the caller frees everything at once.  Long
 * work that has it at hand calls poll every so often, which may be NULL and may not return.
 */
typedef struct SzAllocator
{
	void *(*realloc)(void *arg, void *ptr, size_t old_size, size_t new_size);
	void (*free)(void *arg, void *ptr);
	void *arg;
	size_t max_size; /* largest single allocation */
	void (*poll)(void *arg);
} SzAllocator;

/* Long work calls poll at least once for so many items. */
#define SZ_POLL_ITEMS (1 << 16)

/*
 * sz_poll calls poll, if there is one.
 */
static inline void
sz_poll(const SzAllocator *alloc)
{
	if (alloc->poll != NULL)
		alloc->poll(alloc->arg);
}

/*
 * sz_elapsed returns later - earlier, which can pass INT64_MAX: timestamptz spans more than 63 bits.
 * The caller knows that later >= earlier.
 */
static inline uint64_t
sz_elapsed(int64_t earlier, int64_t later)
{
	return (uint64_t) later - (uint64_t) earlier;
}

#endif /* SESSIONIZE_CORE_H */
