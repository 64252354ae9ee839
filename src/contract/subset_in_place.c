/*
 * subset_in_place.c
 *		The schemas that are applied to the same place of a document.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "contract/subset_budget.h"
#include "contract/subset_in_place.h"
#include "contract/subset_pattern.h"

/*
 * add_schema adds a schema that is not in the list yet.
 */
static void
add_schema(SubsetInPlace *all, SubsetSchema *schema)
{
	ListCell *cell;

	if (schema == NULL || schema->value.type == jbvBool)
		return;
	subset_spend(1 + (uint64) list_length(all->schemas) / SUBSET_COMPARED);
	foreach (cell, all->schemas)
		if (subset_same(lfirst(cell), schema))
			return;
	all->schemas = lappend(all->schemas, schema);
}

/*
 * add_schemas adds the schemas of a list.
 */
static void
add_schemas(SubsetInPlace *all, const List *schemas)
{
	ListCell *cell;

	foreach (cell, schemas)
		add_schema(all, lfirst(cell));
}

/*
 * add_references adds what a schema refers to.
 */
static void
add_references(SubsetInPlace *all, const SubsetSchema *schema)
{
	if (subset_get(schema, SUBSET_REF) != NULL)
	{
		SubsetSchema *target = subset_resolve(schema);

		if (target == NULL)
			all->complete = false;
		add_schema(all, target);
	}
	if (subset_get(schema, SUBSET_DYNAMIC_REF) != NULL ||
		subset_get(schema, SUBSET_RECURSIVE_REF) != NULL)
		all->complete = false;
}

/*
 * add_conditional adds the schemas of which it depends on the document whether they hold.
 */
static void
add_conditional(SubsetInPlace *all, const SubsetSchema *schema)
{
	static const SubsetKeyword lists[] = {SUBSET_ANY_OF, SUBSET_ONE_OF, SUBSET_NOT,
										  SUBSET_IF,     SUBSET_THEN,   SUBSET_ELSE};
	static const SubsetKeyword maps[] = {SUBSET_DEPENDENT_SCHEMAS, SUBSET_DEPENDENCIES};

	for (int i = 0; i < (int) lengthof(lists); i++)
		add_schemas(all, subset_list(schema, lists[i]));
	for (int i = 0; i < (int) lengthof(maps); i++)
	{
		ListCell *cell;

		foreach (cell, subset_names(schema, maps[i]))
			add_schema(all, subset_named(schema, maps[i], lfirst(cell)));
	}
}

SubsetInPlace
subset_in_place(const List *schemas, bool certain)
{
	SubsetInPlace all = {NIL, true};

	add_schemas(&all, schemas);
	for (int i = 0; i < list_length(all.schemas); i++)
	{
		const SubsetSchema *schema = list_nth(all.schemas, i);

		CHECK_FOR_INTERRUPTS();
		add_references(&all, schema);
		add_schemas(&all, subset_list(schema, SUBSET_ALL_OF));
		if (!certain)
			add_conditional(&all, schema);
	}
	return all;
}

/*
 * says_all tells whether a schema says something of properties that it does not name.
 */
static bool
says_all(const SubsetSchema *schema)
{
	static const SubsetKeyword keywords[] = {SUBSET_ADDITIONAL_PROPERTIES,
											 SUBSET_UNEVALUATED_PROPERTIES, SUBSET_PROPERTY_NAMES};

	if (subset_get(schema, SUBSET_CONST) != NULL || subset_get(schema, SUBSET_ENUM) != NULL)
		return true;
	for (int i = 0; i < (int) lengthof(keywords); i++)
	{
		SubsetSchema *member = subset_member(schema, keywords[i]);

		if (member == NULL ? subset_get(schema, keywords[i]) != NULL : !subset_is_open(member))
			return true;
	}
	return false;
}

/*
 * depends_on tells whether a schema's keyword of dependencies names a property.
 */
static bool
depends_on(const SubsetSchema *schema, SubsetKeyword keyword, const JsonbValue *name)
{
	List *names = subset_names(schema, keyword);
	ListCell *cell;

	if (subset_value_in(name, names))
		return true;
	foreach (cell, names)
	{
		JsonbValue *listed = subset_of_name(schema, keyword, lfirst(cell));

		if (subset_value_in(name, subset_values(listed)))
			return true;
	}
	return false;
}

/*
 * schema_declares tells whether one schema may speak of a property.
 */
static bool
schema_declares(const SubsetSchema *schema, const JsonbValue *name)
{
	ListCell *cell;

	if (says_all(schema))
		return true;
	if (subset_of_name(schema, SUBSET_PROPERTIES, name) != NULL ||
		subset_lists(schema, SUBSET_REQUIRED, name))
		return true;
	foreach (cell, subset_names(schema, SUBSET_PATTERN_PROPERTIES))
		if (subset_match(lfirst(cell), name) != SUBSET_NO_MATCH)
			return true;
	return depends_on(schema, SUBSET_DEPENDENT_REQUIRED, name) ||
		   depends_on(schema, SUBSET_DEPENDENT_SCHEMAS, name) ||
		   depends_on(schema, SUBSET_DEPENDENCIES, name);
}

bool
subset_declares(const List *schemas, const JsonbValue *name)
{
	SubsetInPlace all = subset_in_place(schemas, false);
	ListCell *cell;

	if (!all.complete)
		return true;
	foreach (cell, all.schemas)
		if (schema_declares(lfirst(cell), name))
			return true;
	return false;
}

/*
 * is_opaque tells whether a schema may say anything of what is below its place.
 */
static bool
is_opaque(const SubsetSchema *schema)
{
	return subset_get(schema, SUBSET_CONST) != NULL || subset_get(schema, SUBSET_ENUM) != NULL ||
		   subset_get(schema, SUBSET_DYNAMIC_REF) != NULL ||
		   subset_get(schema, SUBSET_RECURSIVE_REF) != NULL ||
		   (subset_get(schema, SUBSET_REF) != NULL && subset_resolve(schema) == NULL);
}

List *
subset_declared_property(const List *schemas, const JsonbValue *name)
{
	SubsetInPlace all = subset_in_place(schemas, false);
	SubsetInPlace below = {NIL, true};
	ListCell *cell;
	ListCell *pattern;

	foreach (cell, all.schemas)
	{
		SubsetSchema *schema = lfirst(cell);

		/* it stands for all that it may say */
		if (is_opaque(schema))
			add_schema(&below, schema);
		if (name != NULL)
			add_schema(&below, subset_named(schema, SUBSET_PROPERTIES, name));
		foreach (pattern, subset_names(schema, SUBSET_PATTERN_PROPERTIES))
			if (name == NULL || subset_match(lfirst(pattern), name) != SUBSET_NO_MATCH)
				add_schema(&below,
						   subset_named(schema, SUBSET_PATTERN_PROPERTIES, lfirst(pattern)));
		add_schema(&below, subset_member(schema, SUBSET_ADDITIONAL_PROPERTIES));
		add_schema(&below, subset_member(schema, SUBSET_UNEVALUATED_PROPERTIES));
	}
	return below.schemas;
}

List *
subset_declared_items(const List *schemas)
{
	static const SubsetKeyword keywords[] = {SUBSET_PREFIX_ITEMS, SUBSET_ITEMS,
											 SUBSET_ADDITIONAL_ITEMS, SUBSET_CONTAINS,
											 SUBSET_UNEVALUATED_ITEMS};
	SubsetInPlace all = subset_in_place(schemas, false);
	SubsetInPlace below = {NIL, true};
	ListCell *cell;

	foreach (cell, all.schemas)
	{
		SubsetSchema *schema = lfirst(cell);

		if (is_opaque(schema))
			add_schema(&below, schema);
		for (int i = 0; i < (int) lengthof(keywords); i++)
			add_schemas(&below, subset_list(schema, keywords[i]));
	}
	return below.schemas;
}
