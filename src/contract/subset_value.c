/*
 * subset_value.c
 *		How keywords of numbers, texts and whole values are compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/subset_parts.h"
#include "contract/subset_pattern.h"
#include "contract/subset_shape.h"
#include "contract/subset_value.h"
#include "contract/subset_values.h"

/*
 * find_fact returns the value that a keyword has in some fact that has it, or NULL.
 */
static JsonbValue *
find_fact(const SubsetPremise *premise, SubsetKeyword keyword)
{
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		JsonbValue *value = fact->negated ? NULL : subset_get(fact->schema, keyword);

		if (value != NULL)
			return value;
	}
	return NULL;
}

/*
 * has_fact tells whether a keyword has a value in some fact.
 */
static bool
has_fact(const SubsetPremise *premise, SubsetKeyword keyword, const JsonbValue *wanted)
{
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		JsonbValue *value = fact->negated ? NULL : subset_get(fact->schema, keyword);

		if (value != NULL && subset_value_equal(value, wanted))
			return true;
	}
	return false;
}

/*
 * refuse_value notes that a keyword has another value than that of a fact.
 */
static bool
refuse_value(SubsetProof *proof, const SubsetSchema *schema, SubsetKeyword keyword,
			 const JsonbValue *fact)
{
	const char *name = subset_keyword_name(keyword);
	const char *wanted = subset_value_text(subset_get(schema, keyword));

	if (fact == NULL)
		return subset_refuse(proof, schema, keyword, "%s is %s in {to}, and {from} has none", name,
							 wanted);
	return subset_refuse(proof, schema, keyword, "%s is %s in {to} and %s in {from}", name, wanted,
						 subset_value_text(fact));
}

/*
 * compare_type shows that documents have one of the types of a schema.
 */
bool
compare_type(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
			 SubsetKeyword keyword)
{
	SubsetTypes wanted = subset_named_types(subset_get(schema, keyword));
	SubsetTypes types = subset_types(premise);

	if (wanted == 0)
		return subset_malformed(proof, schema, keyword);
	if ((types & ~wanted) == 0)
		return true;
	return subset_refuse(proof, schema, keyword, "type is %s in {to} and %s in {from}",
						 subset_types_text(wanted), subset_types_text(types));
}

/*
 * compare_const shows that the only value of a schema is the only one that documents can be.
 */
bool
compare_const(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
			  SubsetKeyword keyword)
{
	const JsonbValue *fact = premise->value;

	if (fact != NULL && subset_value_equal(fact, subset_get(schema, keyword)))
		return true;
	return refuse_value(proof, schema, keyword,
						fact != NULL ? fact : find_fact(premise, SUBSET_ENUM));
}

/*
 * first_missing returns the first value of an enumeration that another one does not have, or NULL.
 */
static const JsonbValue *
first_missing(const List *values, const List *wanted)
{
	const SubsetValueSet *set = subset_value_set(wanted);
	ListCell *cell;

	foreach (cell, values)
	{
		if (!subset_value_set_has(set, lfirst(cell)))
			return lfirst(cell);
	}
	return NULL;
}

/*
 * compare_enum shows that all documents are among the values of a schema.
 */
bool
compare_enum(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
			 SubsetKeyword keyword)
{
	const JsonbValue *list = subset_get(schema, keyword);
	List *wanted = subset_values(list);
	const JsonbValue *missing = premise->value;
	ListCell *cell;

	if (!subset_is_array(list))
		return subset_malformed(proof, schema, keyword);
	if (has_fact(premise, keyword, list))
		return true;
	if (missing != NULL && subset_value_in(missing, wanted))
		return true;
	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		JsonbValue *value = fact->negated ? NULL : subset_get(fact->schema, SUBSET_ENUM);
		const JsonbValue *one;

		if (value == NULL || premise->value != NULL)
			continue;
		one = first_missing(subset_values(value), wanted);
		if (one == NULL)
			return true;
		missing = one;
	}
	if (missing == NULL)
		return refuse_value(proof, schema, keyword, NULL);
	return subset_refuse(proof, schema, keyword,
						 "enum of {to} does not have the value %s, which {from} allows",
						 subset_value_text(missing));
}

/*
 * compare_bound shows that numbers are within a bound of a schema.
 */
bool
compare_bound(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
			  SubsetKeyword keyword)
{
	JsonbValue *value = subset_get(schema, keyword);
	bool upper = keyword == SUBSET_MAXIMUM || keyword == SUBSET_EXCLUSIVE_MAXIMUM;
	bool exclusive = keyword == SUBSET_EXCLUSIVE_MINIMUM || keyword == SUBSET_EXCLUSIVE_MAXIMUM;
	SubsetBound bound = subset_bound(premise, upper);
	JsonbValue fact = {.type = jbvNumeric};
	const char *name = subset_keyword_name(keyword);
	int order;

	if (value->type != jbvNumeric)
		return subset_malformed(proof, schema, keyword);
	if (bound.value == NULL)
		return subset_refuse(proof, schema, keyword, "%s is %s in {to}, and {from} has no %s bound",
							 name, subset_value_text(value), upper ? "upper" : "lower");
	order = subset_compare_numbers(bound.value, value->val.numeric);
	if (upper)
		order = -order;
	if (order > 0 || (order == 0 && (bound.exclusive || !exclusive)))
		return true;
	fact.val.numeric = bound.value;
	if (bound.exclusive == exclusive)
		return refuse_value(proof, schema, keyword, &fact);
	return subset_refuse(proof, schema, keyword, "%s is %s in {to}, and the %s%s of {from} is %s",
						 name, subset_value_text(value), bound.exclusive ? "exclusive " : "",
						 upper ? "maximum" : "minimum", subset_value_text(&fact));
}

/*
 * compare_multiple_of shows that numbers are multiples of that of a schema.
 */
bool
compare_multiple_of(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
					SubsetKeyword keyword)
{
	JsonbValue *wanted = subset_get(schema, keyword);
	JsonbValue one = {.type = jbvNumeric};
	ListCell *cell;

	if (wanted->type != jbvNumeric)
		return subset_malformed(proof, schema, keyword);
	if (premise->value != NULL && premise->value->type == jbvNumeric &&
		subset_is_multiple(premise->value->val.numeric, wanted->val.numeric))
		return true;
	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		JsonbValue *value = fact->negated ? NULL : subset_get(fact->schema, keyword);

		if (value != NULL && value->type == jbvNumeric &&
			subset_is_multiple(value->val.numeric, wanted->val.numeric))
			return true;
	}
	one.val.numeric = subset_integer(1);
	if ((subset_types(premise) & TYPE_FRACTION) == 0 &&
		subset_is_multiple(one.val.numeric, wanted->val.numeric))
		return true;
	return refuse_value(proof, schema, keyword, find_fact(premise, keyword));
}

/*
 * compare_pattern shows that texts match the regular expression of a schema.
 */
bool
compare_pattern(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
				SubsetKeyword keyword)
{
	JsonbValue *wanted = subset_get(schema, keyword);
	JsonbValue *fact = find_fact(premise, keyword);

	if (wanted->type != jbvString)
		return subset_malformed(proof, schema, keyword);
	if (has_fact(premise, keyword, wanted))
		return true;
	if (premise->value != NULL && subset_match(wanted, premise->value) == SUBSET_MATCH)
		return true;
	if (fact == NULL && premise->value == NULL)
		return refuse_value(proof, schema, keyword, NULL);
	return subset_unproven(proof, schema, keyword, "pattern is %s in {to} and %s in {from}",
						   subset_value_text(wanted),
						   fact != NULL ? subset_value_text(fact) : "none");
}

/*
 * compare_format shows that texts have the format of a schema.
 */
bool
compare_format(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
			   SubsetKeyword keyword)
{
	return has_fact(premise, keyword, subset_get(schema, keyword)) ||
		   refuse_value(proof, schema, keyword, find_fact(premise, keyword));
}

/*
 * least_size returns how many items or properties documents have at least, if more is known than
 * the keyword itself says.
 */
static int
least_size(const SubsetPremise *premise, SubsetKeyword keyword)
{
	List *names = NIL;
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		JsonbValue *required;

		if (fact->negated || keyword != SUBSET_MIN_PROPERTIES)
			continue;
		required = subset_get(fact->schema, SUBSET_REQUIRED);
		if (required != NULL)
			names = list_concat(names, subset_values(required));
	}
	return Max(subset_least(premise, keyword), subset_value_set_size(subset_value_set(names)));
}

/*
 * compare_least_size shows that texts, arrays or objects are not smaller than a schema wants.
 */
bool
compare_least_size(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
				   SubsetKeyword keyword)
{
	JsonbValue *wanted = subset_get(schema, keyword);

	if (wanted->type != jbvNumeric)
		return subset_malformed(proof, schema, keyword);
	return subset_size(wanted) <= least_size(premise, keyword) ||
		   refuse_value(proof, schema, keyword, find_fact(premise, keyword));
}

/*
 * greatest_size returns how many items or properties documents have at most, if more is known than
 * the keyword itself says.
 */
static int
greatest_size(const SubsetPremise *premise, SubsetKeyword keyword)
{
	int greatest = subset_greatest(premise, keyword);
	ListCell *cell;

	if (keyword == SUBSET_MAX_ITEMS)
		return subset_most_items(premise);
	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		SubsetRest rest;

		if (keyword == SUBSET_MAX_PROPERTIES && !fact->negated &&
			subset_rest(fact->schema, SUBSET_ADDITIONAL_PROPERTIES, true, &rest) &&
			subset_is_bool(rest.schema, false) && rest.patterns == NIL)
			greatest = Min(greatest, list_length(subset_names(fact->schema, SUBSET_PROPERTIES)));
	}
	return greatest;
}

/*
 * compare_greatest_size shows that texts, arrays or objects are not larger than a schema wants.
 */
bool
compare_greatest_size(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
					  SubsetKeyword keyword)
{
	JsonbValue *wanted = subset_get(schema, keyword);

	if (wanted->type != jbvNumeric)
		return subset_malformed(proof, schema, keyword);
	return subset_size(wanted) >= greatest_size(premise, keyword) ||
		   refuse_value(proof, schema, keyword, find_fact(premise, keyword));
}
