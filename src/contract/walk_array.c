/*
 * walk_array.c
 *		The walk over a document: arrays.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/json_compare.h"
#include "contract/walk_array.h"

/* So many bytes of elements are hashed and compared in a step. */
#define BYTES_PER_STEP 64

/*
 * walk_size checks the number of elements.
 */
static bool
walk_size(Walk *walk, const SchemaNode *node, uint32 count)
{
	const ArrayRules *rules = node->array;

	if (count < rules->min)
		return walk_fail(walk, node, KEYWORD_MIN_ITEMS, "must have at least %u items, has %u",
						 rules->min, count);
	if (count > rules->max)
		return walk_fail(walk, node, KEYWORD_MAX_ITEMS, "must have at most %u items, has %u",
						 rules->max, count);
	return true;
}

/*
 * walk_elements checks the elements of an array against the schemas for their places.
 */
static bool
walk_elements(Walk *walk, const SchemaNode *node, JsonView array)
{
	const ArrayRules *rules = node->array;
	uint32 count = json_count(array);
	JsonCursor cursor = json_elements(array);
	bool valid = true;

	if (rules->rest == NULL)
		count = Min(count, rules->prefix.count);
	for (uint32 i = 0; i < count; i++)
	{
		const SchemaNode *part = i < rules->prefix.count ? rules->prefix.nodes[i] : rules->rest;
		PathStep step = {NULL, {NULL, 0}, i};

		if (!walk_part(walk, part, json_next(&cursor), &step) && walk_stop(walk, &valid))
			return false;
		if (walk->evaluated != NULL)
			evaluated_mark(walk->evaluated, i);
	}
	return valid;
}

/*
 * count_contained counts the elements that "contains" accepts, as far as it matters.
 */
static uint32
count_contained(Walk *walk, const ArrayRules *rules, JsonView array)
{
	ViolationList *violations = walk->violations;
	JsonCursor cursor = json_elements(array);
	uint32 found = 0;

	walk->violations = NULL;
	for (uint32 i = 0; i < json_count(array); i++)
	{
		PathStep step = {NULL, {NULL, 0}, i};

		if (!walk_part(walk, rules->contains, json_next(&cursor), &step))
			continue;
		found++;
		if (walk->evaluated != NULL)
			evaluated_mark(walk->evaluated, i);
		else if (found > rules->max_contains ||
				 (found >= rules->min_contains && rules->max_contains == PG_UINT32_MAX))
			break;
	}
	walk->violations = violations;
	return found;
}

/*
 * walk_contains checks how many elements "contains" accepts.
 */
static bool
walk_contains(Walk *walk, const SchemaNode *node, JsonView array)
{
	const ArrayRules *rules = node->array;
	uint32 found = count_contained(walk, rules, array);

	if (found < rules->min_contains)
		return walk_fail(walk, node,
						 rules->min_contains == 1 ? KEYWORD_CONTAINS : KEYWORD_MIN_CONTAINS,
						 "must have at least %u items that \"contains\" accepts, has %u",
						 rules->min_contains, found);
	if (found > rules->max_contains)
		return walk_fail(walk, node, KEYWORD_MAX_CONTAINS,
						 "must have at most %u items that \"contains\" accepts",
						 rules->max_contains);
	return true;
}

/*
 * walk_unique checks that no two elements are equal.
 */
static bool
walk_unique(Walk *walk, const SchemaNode *node, JsonView array)
{
	uint32 pair[2];

	walk_spend(walk, json_size(array) / BYTES_PER_STEP);
	if (json_is_unique(array, pair))
		return true;
	return walk_fail(walk, node, KEYWORD_UNIQUE_ITEMS,
					 "must have different items, but items %u and %u are equal", pair[0], pair[1]);
}

/*
 * walk_array checks an array.
 */
bool
walk_array(Walk *walk, const SchemaNode *node, JsonView value)
{
	const ArrayRules *rules = node->array;
	bool valid = true;

	if (!walk_size(walk, node, json_count(value)) && walk_stop(walk, &valid))
		return false;
	if ((rules->prefix.count > 0 || rules->rest != NULL) && !walk_elements(walk, node, value) &&
		walk_stop(walk, &valid))
		return false;
	if (rules->contains != NULL && !walk_contains(walk, node, value) && walk_stop(walk, &valid))
		return false;
	if (rules->unique && !walk_unique(walk, node, value))
		valid = false;
	return valid;
}
