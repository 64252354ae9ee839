/*
 * walk_object.c
 *		The walk over a document: objects, whose keys are joined with those of the schema.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/walk_object.h"

/* So many rules for properties that an object does not have are passed over in a step. */
#define RULES_PER_STEP 16

/* A regular expression reads so many bytes of a key in a step. */
#define KEY_BYTES_PER_STEP 64

/* The rules for properties that are yet to be met on the walk over the keys of an object. */
typedef struct RuleCursor
{
	const PropertyRule *rule;
	const PropertyRule *end;
} RuleCursor;

/*
 * walk_size checks the number of members.
 */
static bool
walk_size(Walk *walk, const SchemaNode *node, uint32 count)
{
	const ObjectRules *rules = node->object;

	if (count < rules->min)
		return walk_fail(walk, node, KEYWORD_MIN_PROPERTIES,
						 "must have at least %u properties, has %u", rules->min, count);
	if (count > rules->max)
		return walk_fail(walk, node, KEYWORD_MAX_PROPERTIES,
						 "must have at most %u properties, has %u", rules->max, count);
	return true;
}

/*
 * walk_missing checks a property that an object does not have.
 */
static inline bool
walk_missing(Walk *walk, const SchemaNode *node, const PropertyRule *rule)
{
	if (!rule->required)
		return true;
	if (walk->violations == NULL)
		return false;
	return walk_fail(walk, node, KEYWORD_REQUIRED, "must have the property %s",
					 quoted_name(rule->name));
}

/*
 * find_rule moves on to the rule for a key, past those for keys that the object does not have;
 * found is NULL if there is no rule for it.
 */
static inline bool
find_rule(Walk *walk, const SchemaNode *node, RuleCursor *cursor, TextView key,
		  const PropertyRule **found)
{
	bool valid = true;

	*found = NULL;
	while (cursor->rule < cursor->end)
	{
		int order = json_key_compare(cursor->rule->name, key);

		if (order > 0)
			break;
		if (order == 0)
		{
			*found = cursor->rule++;
			break;
		}
		if (!walk_missing(walk, node, cursor->rule++) && walk_stop(walk, &valid))
			return false;
	}
	return valid;
}

/*
 * walk_patterns checks a member against the patterns that its key matches.
 */
static bool
walk_patterns(Walk *walk, const ObjectRules *rules, JsonView value, PathStep *step, bool *matched)
{
	bool valid = true;

	if (step->key.len >= KEY_BYTES_PER_STEP)
		walk_spend(walk, (uint64) rules->npatterns * (step->key.len / KEY_BYTES_PER_STEP));
	for (uint32 i = 0; i < rules->npatterns; i++)
	{
		if (!pattern_matches(rules->patterns[i].pattern, step->key))
			continue;
		*matched = true;
		if (!walk_part(walk, rules->patterns[i].node, value, step) && walk_stop(walk, &valid))
			return false;
	}
	return valid;
}

/*
 * walk_member checks one member of an object; evaluated tells whether some keyword has looked at
 * it.
 */
static bool
walk_member(Walk *walk, const SchemaNode *node, const PropertyRule *rule, JsonView value,
			PathStep *step, bool *evaluated)
{
	const ObjectRules *rules = node->object;
	bool valid = true;

	*evaluated = false;
	if (rule != NULL && rule->node != NULL)
	{
		*evaluated = true;
		if (!walk_part(walk, rule->node, value, step) && walk_stop(walk, &valid))
			return false;
	}
	if (rules->npatterns > 0 && !walk_patterns(walk, rules, value, step, evaluated) &&
		walk_stop(walk, &valid))
		return false;
	if (rules->additional != NULL && !*evaluated)
	{
		*evaluated = true;
		if (!walk_part(walk, rules->additional, value, step) && walk_stop(walk, &valid))
			return false;
	}
	if (rules->names != NULL &&
		!walk_part(walk, rules->names,
				   (JsonView){step->key.data, step->key.len, JSON_STRING, false}, step))
		valid = false;
	return valid;
}

/*
 * walk_members checks the members of an object, and that none is missing.  The keys of both are in
 * the same order.
 */
static bool
walk_members(Walk *walk, const SchemaNode *node, JsonView object)
{
	const ObjectRules *rules = node->object;
	JsonMembers members = json_members(object);
	uint64 matches = (uint64) members.count * rules->npatterns;
	RuleCursor cursor = {rules->properties, rules->properties + rules->nproperties};
	bool valid = true;

	if (rules->nproperties >= RULES_PER_STEP || matches > 0)
		walk_spend(walk, rules->nproperties / RULES_PER_STEP + matches);
	for (uint32 i = 0; i < members.count; i++)
	{
		PathStep step = {NULL, json_next_key(&members.keys), 0};
		const PropertyRule *rule;
		bool evaluated;

		if (!find_rule(walk, node, &cursor, step.key, &rule) && walk_stop(walk, &valid))
			return false;
		if (!walk_member(walk, node, rule, json_next(&members.values), &step, &evaluated) &&
			walk_stop(walk, &valid))
			return false;
		if (evaluated && walk->evaluated != NULL)
			evaluated_mark(walk->evaluated, i);
	}
	for (; cursor.rule < cursor.end; cursor.rule++)
	{
		if (!walk_missing(walk, node, cursor.rule) && walk_stop(walk, &valid))
			return false;
	}
	return valid;
}

/*
 * walk_needed checks that an object has the properties that one of its properties requires.
 */
static bool
walk_needed(Walk *walk, const SchemaNode *node, const DependencyRule *rule, JsonView object)
{
	JsonCursor found;
	bool valid = true;

	walk_spend(walk, rule->nrequired);
	for (uint32 i = 0; i < rule->nrequired; i++)
	{
		if (json_find(object, rule->required[i], &found))
			continue;
		if (walk->violations != NULL)
			walk_fail(walk, node, rule->keyword, "must have the property %s, as it has %s",
					  quoted_name(rule->required[i]), quoted_name(rule->name));
		if (walk_stop(walk, &valid))
			return false;
	}
	return valid;
}

/*
 * walk_dependencies checks what an object must be because of the properties that it has.
 */
static bool
walk_dependencies(Walk *walk, const SchemaNode *node, JsonView object)
{
	const ObjectRules *rules = node->object;
	bool valid = true;

	walk_spend(walk, rules->ndependencies);
	for (uint32 i = 0; i < rules->ndependencies; i++)
	{
		const DependencyRule *rule = &rules->dependencies[i];
		JsonCursor found;

		if (!json_find(object, rule->name, &found))
			continue;
		if (!(rule->node != NULL ? walk_in_place(walk, rule->node, object)
								 : walk_needed(walk, node, rule, object)) &&
			walk_stop(walk, &valid))
			return false;
	}
	return valid;
}

/*
 * walk_object checks an object.
 */
bool
walk_object(Walk *walk, const SchemaNode *node, JsonView value)
{
	bool valid = true;

	if (!walk_size(walk, node, json_count(value)) && walk_stop(walk, &valid))
		return false;
	if (!walk_members(walk, node, value) && walk_stop(walk, &valid))
		return false;
	if (node->object->ndependencies > 0 && !walk_dependencies(walk, node, value))
		valid = false;
	return valid;
}
