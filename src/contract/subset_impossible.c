/*
 * subset_impossible.c
 *		Whether there are any documents of which all is true that is known.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/subset_cases.h"
#include "contract/subset_impossible.h"
#include "contract/subset_parts.h"
#include "contract/subset_pattern.h"
#include "contract/subset_shape.h"

/* The question is asked of parts of documents, and of cases, so many levels deep. */
#define MAX_SEARCH 4

/*
 * schema_refuses tells whether a schema surely refuses a value, by keywords that look at values.
 */
static bool
schema_refuses(const SubsetSchema *schema, const JsonbValue *value)
{
	JsonbValue *list = subset_get(schema, SUBSET_ENUM);
	JsonbValue *number = subset_get(schema, SUBSET_MULTIPLE_OF);
	JsonbValue *pattern = subset_get(schema, SUBSET_PATTERN);

	if (list != NULL && subset_is_array(list) && !subset_value_in(value, subset_values(list)))
		return true;
	if (number != NULL && number->type == jbvNumeric && value->type == jbvNumeric &&
		!subset_is_multiple(value->val.numeric, number->val.numeric))
		return true;
	return pattern != NULL && value->type == jbvString &&
		   subset_match(pattern, value) == SUBSET_NO_MATCH;
}

/*
 * value_refused tells whether the only value that there can be is refused by some fact.
 */
static bool
value_refused(const SubsetPremise *premise)
{
	ListCell *cell;

	if (premise->value == NULL)
		return false;
	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);

		if (!fact->negated && schema_refuses(fact->schema, premise->value))
			return true;
	}
	return false;
}

/*
 * no_numbers tells whether the bounds leave no number.
 */
static bool
no_numbers(const SubsetPremise *premise)
{
	SubsetBound lower = subset_bound(premise, false);
	SubsetBound upper = subset_bound(premise, true);
	int order;

	if (lower.value == NULL || upper.value == NULL)
		return false;
	order = subset_compare_numbers(lower.value, upper.value);
	return order > 0 || (order == 0 && (lower.exclusive || upper.exclusive));
}

/*
 * no_arrays tells whether there can be no arrays.
 */
static bool
no_arrays(SubsetProof *proof, const SubsetPremise *premise)
{
	int least = subset_least(premise, SUBSET_MIN_ITEMS);
	int length = subset_prefix_length(premise);

	if (least > subset_most_items(premise))
		return true;
	for (int i = 0; i < least && i <= length; i++)
		if (subset_impossible(proof, subset_item(premise, i)))
			return true;
	return false;
}

/*
 * no_objects tells whether there can be no objects: because of their number of properties, or of
 * one that they must have.
 */
static bool
no_objects(SubsetProof *proof, const SubsetPremise *premise)
{
	ListCell *cell;
	ListCell *name;

	if (subset_least(premise, SUBSET_MIN_PROPERTIES) >
		subset_greatest(premise, SUBSET_MAX_PROPERTIES))
		return true;
	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		JsonbValue *required = fact->negated ? NULL : subset_get(fact->schema, SUBSET_REQUIRED);

		if (required == NULL)
			continue;
		foreach (name, subset_values(required))
		{
			const JsonbValue *key = lfirst(name);

			if (key->type == jbvString && subset_impossible(proof, subset_property(premise, key)))
				return true;
		}
	}
	return false;
}

/*
 * no_type_left tells whether documents of each type that is allowed are impossible.
 */
static bool
no_type_left(SubsetProof *proof, const SubsetPremise *premise)
{
	SubsetTypes types = subset_types(premise);

	if ((types & TYPE_NUMBER) != 0 && no_numbers(premise))
		types &= ~TYPE_NUMBER;
	if ((types & TYPE_STRING) != 0 &&
		subset_least(premise, SUBSET_MIN_LENGTH) > subset_greatest(premise, SUBSET_MAX_LENGTH))
		types &= ~TYPE_STRING;
	if ((types & ~(TYPE_ARRAY | TYPE_OBJECT)) != 0)
		return false;
	if ((types & TYPE_ARRAY) != 0 && !no_arrays(proof, premise))
		return false;
	return (types & TYPE_OBJECT) == 0 || no_objects(proof, premise);
}

/*
 * contradicts tells whether what is known makes documents valid by a schema that they are known not
 * to be valid by.
 */
static bool
contradicts(SubsetProof *proof, const SubsetPremise *premise)
{
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);

		if (fact->negated &&
			proof->show(proof, subset_premise_without(premise, fact), fact->schema))
			return true;
	}
	return false;
}

/*
 * no_case_left tells whether all cases are impossible.
 */
static bool
no_case_left(SubsetProof *proof, const SubsetPremise *premise)
{
	bool by_value;
	List *cases = subset_cases(premise, false, &by_value);
	ListCell *cell;

	foreach (cell, cases)
		if (!subset_impossible(proof, lfirst(cell)))
			return false;
	return cases != NIL;
}

bool
subset_impossible(SubsetProof *proof, const SubsetPremise *premise)
{
	char *path = proof->path;
	char *reason = proof->reason;
	bool impossible;

	subset_step(proof);
	if (premise->impossible || subset_types(premise) == 0 || value_refused(premise))
		return true;
	if (proof->search_depth >= MAX_SEARCH)
		return false;
	proof->search_depth++;
	impossible =
		no_type_left(proof, premise) || contradicts(proof, premise) || no_case_left(proof, premise);
	proof->search_depth--;
	proof->path = path;
	proof->reason = reason;
	return impossible;
}
