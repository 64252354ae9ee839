/*
 * json_compare.c
 *		Values inside a jsonb, compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "contract/json_compare.h"
#include "contract/number.h"

/* The elements of a smaller array are compared one by one, with no hashes. */
#define FEW_ELEMENTS 12

typedef struct HashedElement
{
	uint64 hash;
	uint32 index;
	JsonView value;
} HashedElement;

/*
 * equal_elements tells whether two arrays of one length have equal elements.
 */
static bool
equal_elements(JsonView a, JsonView b)
{
	JsonCursor left = json_elements(a);
	JsonCursor right = json_elements(b);

	for (uint32 count = json_count(a); count > 0; count--)
	{
		if (!json_equal(json_next(&left), json_next(&right)))
			return false;
	}
	return true;
}

/*
 * equal_members tells whether two objects of one size have equal keys and values.
 */
static bool
equal_members(JsonView a, JsonView b)
{
	JsonMembers left = json_members(a);
	JsonMembers right = json_members(b);

	for (uint32 i = 0; i < left.count; i++)
	{
		if (!text_view_equal(json_next_key(&left.keys), json_next_key(&right.keys)) ||
			!json_equal(json_next(&left.values), json_next(&right.values)))
			return false;
	}
	return true;
}

/*
 * json_equal tells whether two values are equal.
 */
bool
json_equal(JsonView a, JsonView b)
{
	if (a.kind != b.kind)
		return false;
	switch (a.kind)
	{
		case JSON_NULL:
			return true;
		case JSON_BOOL:
			return a.truth == b.truth;
		case JSON_NUMBER:
			return number_compare(number_view(a), number_view(b)) == 0;
		case JSON_STRING:
			return text_view_equal(json_text(a), json_text(b));
		default:
			break;
	}
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (json_count(a) != json_count(b))
		return false;
	return a.kind == JSON_ARRAY ? equal_elements(a, b) : equal_members(a, b);
}

/*
 * hash_text returns a hash of a text.
 */
static uint64
hash_text(TextView text, uint64 seed)
{
	return hash_bytes_extended((const unsigned char *) text.data, (int) text.len, seed);
}

/*
 * hash_container returns a hash of an array or object.
 */
static uint64
hash_container(JsonView value)
{
	uint64 hash = value.kind;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (value.kind == JSON_ARRAY)
	{
		JsonCursor cursor = json_elements(value);

		for (uint32 count = json_count(value); count > 0; count--)
			hash = hash_combine64(hash, json_hash(json_next(&cursor)));
	}
	else
	{
		JsonMembers members = json_members(value);

		for (uint32 i = 0; i < members.count; i++)
		{
			hash = hash_text(json_next_key(&members.keys), hash);
			hash = hash_combine64(hash, json_hash(json_next(&members.values)));
		}
	}
	return hash;
}

/*
 * json_hash returns a hash of a value.
 */
uint64
json_hash(JsonView value)
{
	switch (value.kind)
	{
		case JSON_NULL:
			return 0;
		case JSON_BOOL:
			return value.truth ? 1 : 2;
		case JSON_NUMBER:
			return number_hash(number_view(value));
		case JSON_STRING:
			return hash_text(json_text(value), JSON_STRING);
		default:
			return hash_container(value);
	}
}

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

/*
 * order_elements orders two arrays of one length.
 */
static int
order_elements(JsonView a, JsonView b)
{
	JsonCursor left = json_elements(a);
	JsonCursor right = json_elements(b);
	int order = 0;

	for (uint32 count = json_count(a); count > 0 && order == 0; count--)
		order = json_order(json_next(&left), json_next(&right));
	return order;
}

/*
 * order_members orders two objects of one size.
 */
static int
order_members(JsonView a, JsonView b)
{
	JsonMembers left = json_members(a);
	JsonMembers right = json_members(b);
	int order = 0;

	for (uint32 i = 0; i < left.count && order == 0; i++)
	{
		order = json_key_compare(json_next_key(&left.keys), json_next_key(&right.keys));
		if (order == 0)
			order = json_order(json_next(&left.values), json_next(&right.values));
	}
	return order;
}

/*
 * json_order brings values into some order, in which those that are equal have the same place.
 */
int
json_order(JsonView a, JsonView b)
{
	if (a.kind != b.kind)
		return a.kind < b.kind ? -1 : 1;
	switch (a.kind)
	{
		case JSON_NULL:
			return 0;
		case JSON_BOOL:
			return (int) a.truth - (int) b.truth;
		case JSON_NUMBER:
			return number_compare(number_view(a), number_view(b));
		case JSON_STRING:
			return json_key_compare(json_text(a), json_text(b));
		default:
			break;
	}
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (json_count(a) != json_count(b))
		return json_count(a) < json_count(b) ? -1 : 1;
	return a.kind == JSON_ARRAY ? order_elements(a, b) : order_members(a, b);
}

/*
 * compare_hashed orders elements by their hashes.  Those that share one are ordered by value, as an
 * array may be made so that many different ones do.
 */
static int
compare_hashed(const void *a, const void *b)
{
	const HashedElement *left = a;
	const HashedElement *right = b;
	int order;

	CHECK_FOR_INTERRUPTS();
	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	order = json_order(left->value, right->value);
	return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

/*
 * sorted_unique compares elements with their neighbours.
 */
static bool
sorted_unique(const HashedElement *elements, uint32 count, uint32 *pair)
{
	for (uint32 i = 1; i < count; i++)
	{
		const HashedElement *before = &elements[i - 1];

		if (before->hash == elements[i].hash && json_equal(before->value, elements[i].value))
			return found_pair(pair, before->index, elements[i].index);
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

		CHECK_FOR_INTERRUPTS();
		elements[i] = (HashedElement){json_hash(value), i, value};
	}
	qsort(elements, count, sizeof(HashedElement), compare_hashed);
	unique = sorted_unique(elements, count, pair);
	pfree(elements);
	return unique;
}
