/*
 * subset_parts.c
 *		What is known of the properties and items of documents.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "contract/subset_in_place.h"
#include "contract/subset_parts.h"
#include "contract/subset_pattern.h"
#include "contract/subset_shape.h"

/* So many first items are looked at one by one to find how many there can be. */
#define MAX_FIRST_ITEMS 100

static const SubsetKeyword rest_keywords[] = {SUBSET_ADDITIONAL_PROPERTIES,
											  SUBSET_UNEVALUATED_PROPERTIES};

/*
 * match_any matches a name with patterns.
 */
static SubsetMatch
match_any(const List *patterns, const JsonbValue *name)
{
	SubsetMatch match = SUBSET_NO_MATCH;
	ListCell *cell;

	foreach (cell, patterns)
	{
		SubsetMatch one = subset_match(lfirst(cell), name);

		if (one == SUBSET_MATCH)
			return one;
		if (one == SUBSET_MATCH_UNKNOWN)
			match = one;
	}
	return match;
}

/*
 * unevaluated_rest finds what unevaluatedProperties speaks of: what the schemas beside it don't.
 */
static bool
unevaluated_rest(const SubsetSchema *schema, bool at_most, SubsetRest *rest)
{
	List *alone = list_make1(unconstify(SubsetSchema *, schema));
	SubsetInPlace all = subset_in_place(alone, !at_most);
	ListCell *cell;

	/* what is not found may evaluate anything */
	if (at_most && !all.complete)
		return false;
	foreach (cell, all.schemas)
	{
		const SubsetSchema *beside = lfirst(cell);

		if (subset_get(beside, SUBSET_ADDITIONAL_PROPERTIES) != NULL ||
			(!subset_same(beside, schema) &&
			 subset_get(beside, SUBSET_UNEVALUATED_PROPERTIES) != NULL))
			return false;
		rest->patterns =
			list_concat(rest->patterns, subset_names(beside, SUBSET_PATTERN_PROPERTIES));
	}
	rest->beside = all.schemas;
	return true;
}

bool
subset_rest(const SubsetSchema *schema, SubsetKeyword keyword, bool at_most, SubsetRest *rest)
{
	rest->patterns = NIL;
	rest->schema = subset_member(schema, keyword);
	if (rest->schema == NULL)
		return false;
	if (keyword == SUBSET_UNEVALUATED_PROPERTIES)
		return unevaluated_rest(schema, at_most, rest);
	rest->beside = list_make1(unconstify(SubsetSchema *, schema));
	rest->patterns = subset_names(schema, SUBSET_PATTERN_PROPERTIES);
	return true;
}

/*
 * is_named_beside tells whether a rest leaves a property out by its name.
 */
static bool
is_named_beside(const SubsetRest *rest, const JsonbValue *name)
{
	ListCell *cell;

	foreach (cell, rest->beside)
		if (subset_of_name(lfirst(cell), SUBSET_PROPERTIES, name) != NULL)
			return true;
	return false;
}

bool
subset_rest_excepts(const SubsetRest *rest, const JsonbValue *name)
{
	return is_named_beside(rest, name) || match_any(rest->patterns, name) == SUBSET_MATCH;
}

/*
 * property_schemas adds the schemas that a schema surely applies to a property.
 */
static List *
property_schemas(List *schemas, const SubsetSchema *schema, const JsonbValue *name)
{
	SubsetSchema *named = subset_named(schema, SUBSET_PROPERTIES, name);
	ListCell *cell;

	if (named != NULL)
		schemas = lappend(schemas, named);
	foreach (cell, subset_names(schema, SUBSET_PATTERN_PROPERTIES))
	{
		named = subset_named(schema, SUBSET_PATTERN_PROPERTIES, lfirst(cell));
		if (named != NULL && subset_match(lfirst(cell), name) == SUBSET_MATCH)
			schemas = lappend(schemas, named);
	}
	for (int i = 0; i < (int) lengthof(rest_keywords); i++)
	{
		SubsetRest rest;

		if (subset_rest(schema, rest_keywords[i], true, &rest) && !is_named_beside(&rest, name) &&
			match_any(rest.patterns, name) == SUBSET_NO_MATCH)
			schemas = lappend(schemas, rest.schema);
	}
	return schemas;
}

SubsetPremise *
subset_property(const SubsetPremise *premise, const JsonbValue *name)
{
	List *schemas = NIL;
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);

		if (!fact->negated)
			schemas = property_schemas(schemas, fact->schema, name);
	}
	return subset_premise_below(premise, subset_declared_property(premise->declared, name),
								schemas);
}

/*
 * all_listed tells whether all patterns are in a list.
 */
static bool
all_listed(const List *patterns, const List *listed)
{
	ListCell *cell;

	foreach (cell, patterns)
		if (!subset_value_in(lfirst(cell), listed))
			return false;
	return true;
}

SubsetPremise *
subset_other_property(const SubsetPremise *premise, const List *unmatched,
					  const JsonbValue *pattern, SubsetSchema *more)
{
	List *schemas = more != NULL ? list_make1(more) : NIL;
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		SubsetSchema *matched;

		if (fact->negated)
			continue;
		matched =
			pattern != NULL ? subset_named(fact->schema, SUBSET_PATTERN_PROPERTIES, pattern) : NULL;
		if (matched != NULL)
			schemas = lappend(schemas, matched);
		for (int i = 0; i < (int) lengthof(rest_keywords); i++)
		{
			SubsetRest rest;

			if (subset_rest(fact->schema, rest_keywords[i], true, &rest) &&
				all_listed(rest.patterns, unmatched))
				schemas = lappend(schemas, rest.schema);
		}
	}
	return subset_premise_below(premise, subset_declared_property(premise->declared, NULL),
								schemas);
}

List *
subset_property_names(const SubsetPremise *premise)
{
	List *names = NIL;
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		SubsetRest rest;
		ListCell *beside;

		if (fact->negated)
			continue;
		names = list_concat(names, subset_names(fact->schema, SUBSET_PROPERTIES));
		if (!subset_rest(fact->schema, SUBSET_UNEVALUATED_PROPERTIES, true, &rest))
			continue;
		foreach (beside, rest.beside)
			names = list_concat(names, subset_names(lfirst(beside), SUBSET_PROPERTIES));
	}
	return names;
}

/*
 * has_in_place tells whether a schema has keywords that may evaluate items by other schemas.
 */
static bool
has_in_place(const SubsetSchema *schema)
{
	static const SubsetKeyword keywords[] = {
		SUBSET_REF,    SUBSET_DYNAMIC_REF, SUBSET_RECURSIVE_REF,     SUBSET_ALL_OF,  SUBSET_ANY_OF,
		SUBSET_ONE_OF, SUBSET_IF,          SUBSET_DEPENDENT_SCHEMAS, SUBSET_CONTAINS};

	for (int i = 0; i < (int) lengthof(keywords); i++)
		if (subset_get(schema, keywords[i]) != NULL)
			return true;
	return false;
}

SubsetItems
subset_items(const SubsetSchema *schema)
{
	SubsetItems items = {NIL, subset_member(schema, SUBSET_ITEMS), SUBSET_ITEMS};
	const JsonbValue *list = subset_get(schema, SUBSET_ITEMS);

	if (!schema->document->is_draft_7)
	{
		items.prefix = subset_list(schema, SUBSET_PREFIX_ITEMS);
		if (list == NULL && !has_in_place(schema))
		{
			items.rest = subset_member(schema, SUBSET_UNEVALUATED_ITEMS);
			items.rest_keyword = SUBSET_UNEVALUATED_ITEMS;
		}
	}
	else if (list != NULL && subset_is_array(list))
	{
		items.prefix = subset_list(schema, SUBSET_ITEMS);
		items.rest = subset_member(schema, SUBSET_ADDITIONAL_ITEMS);
		items.rest_keyword = SUBSET_ADDITIONAL_ITEMS;
	}
	return items;
}

int
subset_prefix_length(const SubsetPremise *premise)
{
	int length = 0;
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);

		if (!fact->negated)
			length = Max(length, list_length(subset_items(fact->schema).prefix));
	}
	return length;
}

SubsetPremise *
subset_item(const SubsetPremise *premise, int index)
{
	List *schemas = NIL;
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		SubsetItems items;

		if (fact->negated)
			continue;
		items = subset_items(fact->schema);
		if (index < list_length(items.prefix))
			schemas = lappend(schemas, list_nth(items.prefix, index));
		else if (items.rest != NULL)
			schemas = lappend(schemas, items.rest);
	}
	return subset_premise_below(premise, subset_declared_items(premise->declared), schemas);
}

SubsetPremise *
subset_any_item(const SubsetPremise *premise, SubsetSchema *more)
{
	List *schemas = more != NULL ? list_make1(more) : NIL;
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		SubsetItems items;

		if (fact->negated)
			continue;
		items = subset_items(fact->schema);
		if (items.prefix == NIL && items.rest != NULL)
			schemas = lappend(schemas, items.rest);
	}
	return subset_premise_below(premise, subset_declared_items(premise->declared), schemas);
}

int
subset_most_items(const SubsetPremise *premise)
{
	int most = subset_greatest(premise, SUBSET_MAX_ITEMS);
	int length = subset_prefix_length(premise);

	for (int i = length > MAX_FIRST_ITEMS ? length : 0; i <= length && i < most; i++)
		if (subset_item(premise, i)->impossible)
			return i;
	return most;
}
