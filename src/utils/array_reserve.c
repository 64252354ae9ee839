/*
 * array_reserve.c
 *		Reserving room for one more element of an array.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "utils/array_reserve.h"

/*
 * array_resize allocates or resizes an array.
 */
void *
array_resize(void *array, Size size)
{
	return array == NULL ? MemoryContextAllocHuge(CurrentMemoryContext, size)
						 : repalloc_huge(array, size);
}
