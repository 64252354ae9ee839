/*
 * array_reserve.h
 *		Reserving room for one more element of an array.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ARRAY_RESERVE_H
#define SESSIONIZE_ARRAY_RESERVE_H

#include "postgres.h"

#include "utils/memutils.h"

/*
 * array_resize allocates an array (NULL) in CurrentMemoryContext, or resizes it in its own context.
 */
static inline void *
array_resize(void *array, Size size)
{
	return array == NULL ? MemoryContextAllocHuge(CurrentMemoryContext, size)
						 : repalloc_huge(array, size);
}

/*
 * Make room for one more element in an array of "count" elements. A full array is doubled; an array
 * without room (NULL) gets "first" elements in CurrentMemoryContext. The arguments are evaluated
 * several times.
 */
#define array_reserve(array, count, capacity, first)                                               \
	do                                                                                             \
	{                                                                                              \
		if ((count) == (capacity))                                                                 \
		{                                                                                          \
			(capacity) = Max((capacity) *2, (first));                                              \
			(array) = array_resize((array), (capacity) * sizeof(*(array)));                        \
		}                                                                                          \
	} while (0)

#endif /* SESSIONIZE_ARRAY_RESERVE_H */
