/*
 * json_unique.c
 *		Whether the elements of an array are different.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "contract/json_view.h"

/* The elements of a smaller array are compared one by one, with no hashes. */
#define FEW_ELEMENTS 12

typedef struct HashedElement
{
	uint64 hash;
	uint32 index;
	JsonView value;
} HashedElement;

/*
 * found_pair tells the caller which elements are equal.
 */
static bool
found_pair(uint32 *pair, uint32 a, uint32 b)
{
	if (pair != NULL)
	{
		pair[0] = Min(a, b);
		pair[1] = Max(a, b);
	}
	return false;
}

/*
 * few_unique compares each element of a small array with those before it.
 */
static bool
few_unique(JsonView array, uint32 *pair)
{
	JsonView elements[FEW_ELEMENTS];
	JsonCursor cursor = json_elements(array);
	uint32 count = json_count(array);

	for (uint32 i = 0; i < count; i++)
	{
		elements[i] = json_next(&cursor);
		for (uint32 j = 0; j < i; j++)
		{
			if (json_equal(elements[j], elements[i]))
				return found_pair(pair, j, i);
		}
	}
	return true;
}

static int
compare_hashes(const void *a, const void *b)
{
	const HashedElement *left = a;
	const HashedElement *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	return (left->index > right->index) - (left->index < right->index);
}

/*
 * sorted_unique compares elements that share a hash.
 */
static bool
sorted_unique(const HashedElement *elements, uint32 count, uint32 *pair)
{
	for (uint32 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (uint32 j = i + 1; j < count && elements[j].hash == elements[i].hash; j++)
		{
			if (json_equal(elements[i].value, elements[j].value))
				return found_pair(pair, elements[i].index, elements[j].index);
		}
	}
	return true;
}

/*
 * json_is_unique tells whether all elements of an array are different.
 */
bool
json_is_unique(JsonView array, uint32 *pair)
{
	uint32 count = json_count(array);
	HashedElement *elements;
	JsonCursor cursor;
	bool unique;

	if (count <= FEW_ELEMENTS)
		return few_unique(array, pair);
	elements = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(HashedElement));
	cursor = json_elements(array);
	for (uint32 i = 0; i < count; i++)
	{
		JsonView value = json_next(&cursor);

		elements[i] = (HashedElement){json_hash(value), i, value};
	}
	qsort(elements, count, sizeof(HashedElement), compare_hashes);
	unique = sorted_unique(elements, count, pair);
	pfree(elements);
	return unique;
}
