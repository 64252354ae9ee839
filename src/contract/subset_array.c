/*
 * subset_array.c
 *		How keywords of arrays are compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/subset_array.h"
#include "contract/subset_impossible.h"
#include "contract/subset_parts.h"
#include "contract/subset_shape.h"
#include "contract/subset_values.h"

/*
 * all_different tells whether an array has no value twice.
 */
static bool
all_different(const JsonbValue *array)
{
	List *values = subset_values(array);

	return subset_value_set_size(subset_value_set(values)) == list_length(values);
}

/*
 * compare_unique_items shows that arrays have no item twice.
 */
bool
compare_unique_items(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
					 SubsetKeyword keyword)
{
	JsonbValue *wanted = subset_get(schema, keyword);
	ListCell *cell;

	if (wanted->type != jbvBool)
		return subset_malformed(proof, schema, keyword);
	if (!wanted->val.boolean || subset_most_items(premise) <= 1)
		return true;
	if (premise->value != NULL && subset_is_array(premise->value) && all_different(premise->value))
		return true;
	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		JsonbValue *value = fact->negated ? NULL : subset_get(fact->schema, keyword);

		if (value != NULL && value->type == jbvBool && value->val.boolean)
			return true;
	}
	return subset_refuse(proof, schema, keyword,
						 "uniqueItems is true in {to}, and {from} allows equal items");
}

/*
 * compare_first_items shows that the first items of arrays are valid by a list of schemas.
 */
static bool
compare_first_items(SubsetProof *proof, const SubsetPremise *premise, const List *schemas)
{
	int most = subset_most_items(premise);

	for (int i = 0; i < list_length(schemas) && i < most; i++)
		if (!proof->show(proof, subset_item(premise, i), list_nth(schemas, i)))
			return false;
	return true;
}

/*
 * compare_other_items shows that the items of arrays behind the first ones are valid by a schema.
 */
static bool
compare_other_items(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
					SubsetKeyword keyword, int first)
{
	SubsetSchema *value = subset_member(schema, keyword);
	int last = Max(first, subset_prefix_length(premise));
	int most = subset_most_items(premise);

	if (value == NULL)
		return subset_malformed(proof, schema, keyword);
	for (int i = first; i <= last && i < most; i++)
	{
		if (proof->show(proof, subset_item(premise, i), value))
			continue;
		return subset_is_bool(value, false)
				   ? subset_refuse(proof, schema, keyword,
								   "{to} allows no more items than %d, and {from} does", first)
				   : false;
	}
	return true;
}

bool
compare_prefix_items(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
					 SubsetKeyword keyword)
{
	List *schemas = subset_list(schema, keyword);

	if (schemas == NIL && subset_values(subset_get(schema, keyword)) != NIL)
		return subset_malformed(proof, schema, keyword);
	return compare_first_items(proof, premise, schemas);
}

/*
 * compare_items shows that the items of arrays are valid by "items": those behind prefixItems, or,
 * in draft-07, those of a list of schemas.
 */
bool
compare_items(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
			  SubsetKeyword keyword)
{
	JsonbValue *value = subset_get(schema, keyword);

	if (!subset_is_array(value))
		return compare_other_items(proof, premise, schema, keyword,
								   list_length(subset_items(schema).prefix));
	if (!schema->document->is_draft_7 ||
		(subset_list(schema, keyword) == NIL && subset_values(value) != NIL))
		return subset_malformed(proof, schema, keyword);
	return compare_first_items(proof, premise, subset_list(schema, keyword));
}

/*
 * compare_additional_items shows that items are valid by draft-07's additionalItems, which speaks
 * of those behind a list of schemas, and else of none.
 */
bool
compare_additional_items(SubsetProof *proof, const SubsetPremise *premise,
						 const SubsetSchema *schema, SubsetKeyword keyword)
{
	JsonbValue *items = subset_get(schema, SUBSET_ITEMS);

	if (items == NULL || !subset_is_array(items))
		return true;
	return compare_other_items(proof, premise, schema, keyword,
							   list_length(subset_list(schema, SUBSET_ITEMS)));
}

/*
 * compare_unevaluated_items shows that items are valid by unevaluatedItems, where it is plain which
 * these are.
 */
bool
compare_unevaluated_items(SubsetProof *proof, const SubsetPremise *premise,
						  const SubsetSchema *schema, SubsetKeyword keyword)
{
	SubsetItems items = subset_items(schema);
	SubsetSchema *value = subset_member(schema, keyword);

	if (subset_get(schema, SUBSET_ITEMS) != NULL || (value != NULL && subset_is_open(value)) ||
		subset_knows_unevaluated(premise, schema, keyword))
		return true;
	if (items.rest == NULL || items.rest_keyword != keyword)
		return subset_unproven(proof, schema, keyword,
							   "which items are unevaluated depends on other schemas of {to}");
	return compare_other_items(proof, premise, schema, keyword, list_length(items.prefix));
}

/*
 * get_count returns the value of minContains or maxContains, or what stands for it.
 */
static int
get_count(const SubsetSchema *schema, SubsetKeyword keyword, int without)
{
	JsonbValue *value = subset_get(schema, keyword);

	return value != NULL && value->type == jbvNumeric ? subset_size(value) : without;
}

/*
 * count_matching returns how many items at certain places of arrays are valid by a schema.
 */
static int
count_matching(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *value)
{
	int least = subset_least(premise, SUBSET_MIN_ITEMS);
	int length = Min(least, subset_prefix_length(premise));
	int count = 0;

	for (int i = 0; i < length; i++)
		if (proof->show(proof, subset_item(premise, i), value))
			count++;
	if (least > length && proof->show(proof, subset_item(premise, length), value))
		count += least - length;
	return count;
}

/*
 * contains_enough shows that enough items match: by a fact of the same kind, or by all items that
 * there are.
 */
static bool
contains_enough(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *value,
				int wanted)
{
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		SubsetSchema *member = fact->negated ? NULL : subset_member(fact->schema, SUBSET_CONTAINS);

		if (member != NULL && get_count(fact->schema, SUBSET_MIN_CONTAINS, 1) >= wanted &&
			proof->show(proof, subset_any_item(premise, member), value))
			return true;
	}
	return count_matching(proof, premise, value) >= wanted;
}

/*
 * contains_few shows that not too many items match.
 */
static bool
contains_few(SubsetProof *proof, const SubsetPremise *premise, SubsetSchema *value, int wanted)
{
	SubsetPremise *matching = subset_any_item(premise, value);
	ListCell *cell;

	if (subset_most_items(premise) <= wanted || subset_impossible(proof, matching))
		return true;
	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		SubsetSchema *member = fact->negated ? NULL : subset_member(fact->schema, SUBSET_CONTAINS);

		if (member != NULL &&
			get_count(fact->schema, SUBSET_MAX_CONTAINS, SUBSET_MAX_SIZE) <= wanted &&
			proof->show(proof, matching, member))
			return true;
	}
	return false;
}

/*
 * compare_contains shows that not too few and not too many items are valid by a schema.
 */
bool
compare_contains(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
				 SubsetKeyword keyword)
{
	SubsetSchema *value = subset_member(schema, keyword);
	int least = get_count(schema, SUBSET_MIN_CONTAINS, 1);
	int most = get_count(schema, SUBSET_MAX_CONTAINS, SUBSET_MAX_SIZE);

	if (value == NULL)
		return subset_malformed(proof, schema, keyword);
	if (least > 0 && !contains_enough(proof, premise, value, least))
		return subset_refuse(proof, schema, keyword,
							 "{to} wants %d or more items that match contains, and {from} does not",
							 least);
	if (most < SUBSET_MAX_SIZE && !contains_few(proof, premise, value, most))
		return subset_refuse(proof, schema, SUBSET_MAX_CONTAINS,
							 "{to} wants at most %d items that match contains, and {from} does not",
							 most);
	return true;
}
