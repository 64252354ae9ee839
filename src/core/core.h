/*
 * core.h
 *		Declarations that all files of the core share.
 *
 * The core is plain C11 without PostgreSQL, so it compiles into the extension and, by itself, into
 * its property tests.  It reports errors by status code, allocates only through the caller's
 * allocator, and counts time in integer microseconds (finite values of PostgreSQL's timestamptz).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CORE_H
#define SESSIONIZE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No limit.  Limits are unsigned because the range of timestamptz takes more than 63 bits. */
#define SZ_NO_LIMIT UINT64_MAX

typedef enum SzStatus
{
	SZ_OK = 0,
	SZ_NO_MEMORY, /* the allocator returned NULL */
	SZ_TOO_LARGE, /* a size would exceed the allocator's limit */
	SZ_BAD_STATE  /* serialized state that was not written by our encoder */
} SzStatus;

/*
 * The caller's allocator.  realloc(arg, NULL, 0, n) allocates, realloc(arg, p, old, n) resizes;
 * both may return NULL or not return at all.  free may be NULL if the caller frees all memory at
 * once.  Long work that gets the allocator calls poll regularly; poll may be NULL, and need not
 * return.
 */
typedef struct SzAllocator
{
	void *(*realloc)(void *arg, void *ptr, size_t old_size, size_t new_size);
	void (*free)(void *arg, void *ptr);
	void *arg;
	size_t max_size; /* the largest single allocation, in bytes */
	void (*poll)(void *arg);
} SzAllocator;

/* Long work calls poll at least once per this number of items. */
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
 * sz_grown returns the capacity of a growing array: twice as much as it was, but at least first and
 * needed, and no more than limit.
 */
static inline uint64_t
sz_grown(uint64_t capacity, uint64_t needed, uint64_t first, uint64_t limit)
{
	uint64_t result = capacity < first ? first : capacity * 2;

	if (result < needed)
		result = needed;
	return result < limit ? result : limit;
}

/*
 * sz_elapsed returns later - earlier, which may exceed INT64_MAX.  The caller must know that later
 * >= earlier.
 */
static inline uint64_t
sz_elapsed(int64_t earlier, int64_t later)
{
	return (uint64_t) later - (uint64_t) earlier;
}

#endif /* SESSIONIZE_CORE_H */
