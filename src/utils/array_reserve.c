/*
 * array_reserve.c
 *		Room for one more element at the end of an array that grows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "utils/array_reserve.h"

/*
 * array_resize allocates an array, or resizes it.
 */
void *
array_resize(void *array, Size size)
{
	return array == NULL ? MemoryContextAllocHuge(CurrentMemoryContext, size) : repalloc_huge(array, size);
}
