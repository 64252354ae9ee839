/*
 * subset_object.c
 *		How keywords of objects are compared.
 *
 * A property that the version whose documents are looked at does not speak of, and that they need
 * not have, counts as absent from them.  That is the convention which makes it possible to add
 * optional properties to an object that may have any others.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/subset_impossible.h"
#include "contract/subset_in_place.h"
#include "contract/subset_object.h"
#include "contract/subset_parts.h"
#include "contract/subset_pattern.h"

/*
 * is_absent tells whether documents count as being without a property.
 */
static bool
is_absent(const SubsetPremise *premise, const JsonbValue *name)
{
	return !subset_requires(premise, name) && !subset_declares(premise->declared, name);
}

/*
 * compare_required shows that documents have the properties that a schema requires.
 */
bool
compare_required(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
				 SubsetKeyword keyword)
{
	JsonbValue *value = subset_get(schema, keyword);
	ListCell *cell;

	if (!subset_is_array(value))
		return subset_malformed(proof, schema, keyword);
	foreach (cell, subset_values(value))
	{
		const JsonbValue *name = lfirst(cell);

		if (name->type != jbvString)
			return subset_malformed(proof, schema, keyword);
		if (!subset_requires(premise, name))
			return subset_refuse(proof, schema, keyword,
								 "{to} requires the property %s, and {from} does not",
								 subset_value_text(name));
	}
	return true;
}

/*
 * compare_property shows that the value of a property is valid by a schema.
 */
static bool
compare_property(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
				 SubsetKeyword keyword, const JsonbValue *name, const SubsetSchema *value)
{
	if (proof->show(proof, subset_property(premise, name), value))
		return true;
	if (!subset_is_bool(value, false))
		return false;
	return subset_refuse(proof, schema, keyword,
						 "{to} does not allow the property %s, and {from} does",
						 subset_value_text(name));
}

/*
 * compare_properties shows that properties are valid by the schemas of their names.
 */
bool
compare_properties(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
				   SubsetKeyword keyword)
{
	ListCell *cell;

	if (subset_get(schema, keyword)->type != jbvBinary ||
		subset_is_array(subset_get(schema, keyword)))
		return subset_malformed(proof, schema, keyword);
	foreach (cell, subset_names(schema, keyword))
	{
		const JsonbValue *name = lfirst(cell);
		SubsetSchema *value = subset_named(schema, keyword, name);

		if (value == NULL)
			return subset_malformed(proof, schema, keyword);
		if (subset_is_open(value) || is_absent(premise, name))
			continue;
		if (!compare_property(proof, premise, schema, keyword, name, value))
			return false;
	}
	return true;
}

/*
 * compare_by_patterns shows that properties that no fact names are valid by a schema, whichever
 * pattern of one fact they match, or none.
 */
static bool
compare_by_patterns(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *fact,
					const List *unmatched, const JsonbValue *pattern, const SubsetSchema *value)
{
	SubsetSchema *more = subset_member(fact, SUBSET_ADDITIONAL_PROPERTIES);
	ListCell *cell;

	if (more == NULL ||
		!proof->show(proof, subset_other_property(premise, unmatched, pattern, more), value))
		return false;
	foreach (cell, subset_names(fact, SUBSET_PATTERN_PROPERTIES))
	{
		if (subset_value_in(lfirst(cell), unmatched))
			continue;
		more = subset_named(fact, SUBSET_PATTERN_PROPERTIES, lfirst(cell));
		if (more == NULL ||
			!proof->show(proof, subset_other_property(premise, unmatched, pattern, more), value))
			return false;
	}
	return true;
}

/*
 * compare_others shows that properties that no fact names are valid by a schema: those that match a
 * pattern if there is one, and none of the others.
 */
static bool
compare_others(SubsetProof *proof, const SubsetPremise *premise, const List *unmatched,
			   const JsonbValue *pattern, const SubsetSchema *value)
{
	char *path;
	char *reason;
	ListCell *cell;

	if (proof->show(proof, subset_other_property(premise, unmatched, pattern, NULL), value))
		return true;
	path = proof->path;
	reason = proof->reason;
	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);

		if (!fact->negated && subset_get(fact->schema, SUBSET_PATTERN_PROPERTIES) != NULL &&
			compare_by_patterns(proof, premise, fact->schema, unmatched, pattern, value))
			return true;
	}
	proof->path = path;
	proof->reason = reason;
	return false;
}

/*
 * compare_pattern_properties shows that properties are valid by the schemas of the patterns that
 * they match.
 */
bool
compare_pattern_properties(SubsetProof *proof, const SubsetPremise *premise,
						   const SubsetSchema *schema, SubsetKeyword keyword)
{
	List *names = subset_property_names(premise);
	ListCell *cell;
	ListCell *name;

	foreach (cell, subset_names(schema, keyword))
	{
		const JsonbValue *pattern = lfirst(cell);
		SubsetSchema *value = subset_named(schema, keyword, pattern);

		if (value == NULL)
			return subset_malformed(proof, schema, keyword);
		if (subset_is_open(value))
			continue;
		foreach (name, names)
			if (subset_match(pattern, lfirst(name)) != SUBSET_NO_MATCH &&
				!compare_property(proof, premise, schema, keyword, lfirst(name), value))
				return false;
		if (compare_others(proof, premise, NIL, pattern, value))
			continue;
		return subset_is_bool(value, false)
				   ? subset_refuse(proof, schema, keyword,
								   "{to} allows no properties that match %s, and {from} does",
								   subset_value_text(pattern))
				   : false;
	}
	return true;
}

/*
 * compare_other_properties shows that the properties that are not named are valid by
 * additionalProperties or unevaluatedProperties.
 */
bool
compare_other_properties(SubsetProof *proof, const SubsetPremise *premise,
						 const SubsetSchema *schema, SubsetKeyword keyword)
{
	SubsetRest rest;
	ListCell *cell;

	if (subset_member(schema, keyword) == NULL)
		return subset_malformed(proof, schema, keyword);
	if (!subset_rest(schema, keyword, false, &rest) || subset_is_open(rest.schema))
		return true;
	if (keyword == SUBSET_UNEVALUATED_PROPERTIES &&
		subset_knows_unevaluated(premise, schema, keyword))
		return true;
	foreach (cell, subset_property_names(premise))
		if (!subset_rest_excepts(&rest, lfirst(cell)) &&
			!compare_property(proof, premise, schema, keyword, lfirst(cell), rest.schema))
			return false;
	if (compare_others(proof, premise, rest.patterns, NULL, rest.schema))
		return true;
	if (!subset_is_bool(rest.schema, false))
		return false;
	return subset_refuse(proof, schema, keyword,
						 "{to} allows no properties but those that it names, and {from} does");
}

/*
 * names_valid shows that a schema accepts the names of all properties that facts name.
 */
static bool
names_valid(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *names)
{
	ListCell *cell;

	foreach (cell, subset_property_names(premise))
	{
		List *name = list_make1(subset_value_schema(names, lfirst(cell)));

		if (!subset_impossible(proof, subset_property(premise, lfirst(cell))) &&
			!proof->show(proof, subset_premise_below(premise, NIL, name), names))
			return false;
	}
	return true;
}

/*
 * compare_property_names shows that a schema accepts the names of all properties.
 */
bool
compare_property_names(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
					   SubsetKeyword keyword)
{
	SubsetSchema *names = subset_member(schema, keyword);
	List *known = NIL;
	ListCell *cell;

	if (names == NULL)
		return subset_malformed(proof, schema, keyword);
	if (subset_is_open(names))
		return true;
	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		SubsetSchema *member =
			fact->negated ? NULL : subset_member(fact->schema, SUBSET_PROPERTY_NAMES);

		if (member != NULL)
			known = lappend(known, member);
	}
	known = lappend(known, subset_made_schema(schema, "{\"type\": \"string\"}"));
	if (proof->show(proof, subset_premise_below(premise, NIL, known), names))
		return true;
	if (!subset_impossible(proof, subset_other_property(premise, NIL, NULL, NULL)))
		return subset_is_bool(names, false)
				   ? subset_refuse(proof, schema, keyword,
								   "{to} allows no properties, and {from} does")
				   : false;
	return names_valid(proof, premise, names);
}

/*
 * compare_dependency shows what a schema wants of documents with a property.
 */
static bool
compare_dependency(SubsetProof *proof, const SubsetPremise *having, const SubsetSchema *schema,
				   SubsetKeyword keyword, const JsonbValue *name)
{
	SubsetSchema *value = subset_named(schema, keyword, name);
	JsonbValue *list = subset_of_name(schema, keyword, name);
	ListCell *cell;

	if (value != NULL)
		return proof->show(proof, having, value);
	if (!subset_is_array(list))
		return subset_malformed(proof, schema, keyword);
	foreach (cell, subset_values(list))
	{
		const JsonbValue *other = lfirst(cell);

		if (other->type != jbvString)
			return subset_malformed(proof, schema, keyword);
		if (!subset_requires(having, other))
			return subset_refuse(proof, schema, keyword,
								 "{to} requires the property %s where %s is, and {from} does not",
								 subset_value_text(other), subset_value_text(name));
	}
	return true;
}

/*
 * compare_dependencies shows what a schema wants of documents with some property, by
 * dependentRequired, dependentSchemas or dependencies.
 */
bool
compare_dependencies(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
					 SubsetKeyword keyword)
{
	SubsetPremise objects = *premise;
	ListCell *cell;

	objects.split_types &= TYPE_OBJECT;
	foreach (cell, subset_names(schema, keyword))
	{
		SubsetPremise *having;

		if (is_absent(premise, lfirst(cell)))
			continue;
		having = subset_premise_with(&objects, subset_having(schema, lfirst(cell)), false);
		if (!subset_impossible(proof, having) &&
			!compare_dependency(proof, having, schema, keyword, lfirst(cell)))
			return false;
	}
	return true;
}
