/*
 * subset_cases.c
 *		The cases that documents fall into.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/subset_cases.h"
#include "contract/subset_shape.h"

/* So many times cases are told apart within cases. */
#define MAX_SPLITS 12

/* A longer enumeration, and more alternatives, are not taken apart. */
#define MAX_VALUES       1000
#define MAX_ALTERNATIVES 100

/*
 * find_split returns a schema that is a fact, has a keyword that can be taken apart, and has not
 * been; the one with the fewest parts.
 */
static const SubsetSchema *
find_split(const SubsetPremise *premise, SubsetKeyword keyword, int least, int most)
{
	const SubsetSchema *found = NULL;
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		JsonbValue *value = fact->negated ? NULL : subset_get(fact->schema, keyword);
		int parts;

		if (value == NULL || subset_is_split(premise, fact->schema, keyword))
			continue;
		parts = keyword == SUBSET_IF ? 2 : subset_length(value);
		if (parts < least || parts > most)
			continue;
		found = fact->schema;
		most = parts - 1;
	}
	return found;
}

/*
 * value_cases returns a case for each value of a list.
 */
static List *
value_cases(const SubsetPremise *premise, const SubsetSchema *schema, const List *values)
{
	List *cases = NIL;
	ListCell *cell;

	foreach (cell, values)
		cases = lappend(
			cases, subset_premise_with(premise, subset_value_schema(schema, lfirst(cell)), false));
	return cases;
}

/*
 * mark_all notes in all cases what was taken apart.
 */
static List *
mark_all(List *cases, const SubsetSchema *schema, SubsetKeyword keyword)
{
	ListCell *cell;

	foreach (cell, cases)
		subset_mark_split(lfirst(cell), schema, keyword);
	return cases;
}

/*
 * alternative_cases returns a case for each schema of anyOf or oneOf.
 */
static List *
alternative_cases(const SubsetPremise *premise, const SubsetSchema *schema, SubsetKeyword keyword)
{
	List *alternatives = subset_list(schema, keyword);
	List *cases = NIL;

	for (int i = 0; i < list_length(alternatives); i++)
	{
		SubsetPremise *one = subset_premise_with(premise, list_nth(alternatives, i), false);

		for (int j = 0; keyword == SUBSET_ONE_OF && j < list_length(alternatives); j++)
			if (j != i)
				one = subset_premise_with(one, list_nth(alternatives, j), true);
		cases = lappend(cases, one);
	}
	return mark_all(cases, schema, keyword);
}

/*
 * type_cases returns a case for each type, and one for each value of a type that has few.
 */
static List *
type_cases(const SubsetPremise *premise)
{
	static const SubsetTypes types[] = {TYPE_NULL,   TYPE_BOOLEAN, TYPE_NUMBER,
										TYPE_STRING, TYPE_ARRAY,   TYPE_OBJECT};
	SubsetTypes allowed = subset_types(premise);
	const SubsetSchema *origin = linitial(premise->declared);
	JsonbValue values[] = {{.type = jbvNull},
						   {.type = jbvBool, .val.boolean = false},
						   {.type = jbvBool, .val.boolean = true}};
	List *cases = NIL;

	if (premise->value == NULL && allowed == TYPE_NULL)
		return value_cases(premise, origin, list_make1(&values[0]));
	if (premise->value == NULL && allowed == TYPE_BOOLEAN)
		return value_cases(premise, origin, list_make2(&values[1], &values[2]));
	for (int i = 0; i < (int) lengthof(types); i++)
	{
		SubsetPremise *one;

		if ((allowed & types[i]) == 0)
			continue;
		if ((allowed & ~types[i]) == 0)
			return NIL;
		one = palloc(sizeof(SubsetPremise));
		*one = *premise;
		one->splits = list_copy(premise->splits);
		one->split_types = allowed & types[i];
		one->types = one->split_types;
		cases = lappend(cases, one);
	}
	return cases;
}

List *
subset_cases(const SubsetPremise *premise, bool by_type, bool *by_value)
{
	static const SubsetKeyword alternatives[] = {SUBSET_ONE_OF, SUBSET_ANY_OF};
	const SubsetSchema *schema = NULL;

	*by_value = false;
	if (list_length(premise->splits) >= MAX_SPLITS)
		return NIL;
	if (premise->value == NULL)
		schema = find_split(premise, SUBSET_ENUM, 2, MAX_VALUES);
	*by_value = schema != NULL;
	if (schema != NULL)
		return mark_all(
			value_cases(premise, schema, subset_values(subset_get(schema, SUBSET_ENUM))), schema,
			SUBSET_ENUM);
	for (int i = 0; i < (int) lengthof(alternatives); i++)
	{
		schema = find_split(premise, alternatives[i], 2, MAX_ALTERNATIVES);
		if (schema != NULL && subset_list(schema, alternatives[i]) != NIL)
			return alternative_cases(premise, schema, alternatives[i]);
	}
	schema = find_split(premise, SUBSET_IF, 2, 2);
	if (schema != NULL && subset_member(schema, SUBSET_IF) != NULL)
		return mark_all(
			list_make2(subset_premise_with(premise, subset_member(schema, SUBSET_IF), false),
					   subset_premise_with(premise, subset_member(schema, SUBSET_IF), true)),
			schema, SUBSET_IF);
	return by_type && premise->declared != NIL ? type_cases(premise) : NIL;
}
