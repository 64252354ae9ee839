/*
 * walk_in_place.c
 *		The walk over a document: schemas that are applied to the same value, and what none of them
 *		has evaluated.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/schema_place.h"
#include "contract/walk_in_place.h"

/* So many resources around a dynamic reference are looked at in a step. */
#define FRAMES_PER_STEP 16

/*
 * dynamic_target returns the schema that a dynamic reference means: that of the outermost resource
 * that has one of the name.
 */
static const SchemaNode *
dynamic_target(Walk *walk, const DynamicRef *ref)
{
	const SchemaNode *target = ref->fallback;
	uint64 frames = 0;

	if (ref->name.data == NULL)
		return target;
	for (const ScopeFrame *frame = walk->scope; frame != NULL; frame = frame->outer)
	{
		if (ref->by_resource[frame->resource] != NULL)
			target = ref->by_resource[frame->resource];
		frames++;
	}
	walk_spend(walk, frames / FRAMES_PER_STEP);
	return target;
}

/*
 * walk_dynamic_ref applies the schema that a dynamic reference means.
 */
static bool
walk_dynamic_ref(Walk *walk, const SchemaNode *node, JsonView value)
{
	const SchemaNode *target = dynamic_target(walk, node->in_place->dynamic_ref);
	bool valid;

	/* more than that, and it has come back to a schema, again and again */
	if (++walk->dynamic_depth > 2 * walk->program->nnodes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the JSON schema at %s applies itself to the same value, without end",
						schema_place_path(node->place)),
				 errhint("Let it apply itself to parts of the value only, by \"properties\" "
						 "or \"items\".")));
	valid = walk_in_place(walk, target, value);
	walk->dynamic_depth--;
	return valid;
}

/*
 * walk_all_of applies all schemas of "allOf".
 */
static bool
walk_all_of(Walk *walk, const NodeList *list, JsonView value)
{
	bool valid = true;

	for (uint32 i = 0; i < list->count; i++)
	{
		if (!walk_in_place(walk, list->nodes[i], value) && walk_stop(walk, &valid))
			return false;
	}
	return valid;
}

/*
 * explain_branch reports what is wrong with a value by the one schema of a list that accepts its
 * type, if there is just one; always returns false.
 */
static bool
explain_branch(Walk *walk, const NodeList *list, JsonView value)
{
	const SchemaNode *branch = NULL;

	for (uint32 i = 0; walk->violations != NULL && i < list->count; i++)
	{
		if (!(list->nodes[i]->accepts & TYPE_BIT(value.kind)))
			continue;
		if (branch != NULL)
			return false;
		branch = list->nodes[i];
	}
	if (branch != NULL)
		(void) walk_in_place(walk, branch, value);
	return false;
}

/*
 * walk_any_of applies the schemas of "anyOf" up to the first one that accepts the value; all of
 * them if somebody asks what they evaluate.
 */
static bool
walk_any_of(Walk *walk, const SchemaNode *node, JsonView value)
{
	const NodeList *list = &node->in_place->any_of;
	bool valid = list->count == 0;

	for (uint32 i = 0; i < list->count && (!valid || walk->evaluated != NULL); i++)
		valid |= walk_quietly(walk, list->nodes[i], value);
	return valid ||
		   walk_fail(walk, node, KEYWORD_ANY_OF,
					 "must be accepted by one of the schemas of \"anyOf\"") ||
		   explain_branch(walk, list, value);
}

/*
 * walk_one_of applies the schemas of "oneOf", of which one must accept the value.
 */
static bool
walk_one_of(Walk *walk, const SchemaNode *node, JsonView value)
{
	const NodeList *list = &node->in_place->one_of;
	uint32 first = 0;
	bool found = list->count == 0;

	for (uint32 i = 0; i < list->count; i++)
	{
		if (!walk_quietly(walk, list->nodes[i], value))
			continue;
		if (found)
			return walk_fail(walk, node, KEYWORD_ONE_OF,
							 "must be accepted by just one of the schemas of \"oneOf\", but %u and "
							 "%u accept it",
							 first, i);
		found = true;
		first = i;
	}
	return found ||
		   walk_fail(walk, node, KEYWORD_ONE_OF,
					 "must be accepted by one of the schemas of \"oneOf\"") ||
		   explain_branch(walk, list, value);
}

/*
 * walk_not applies the schema of "not", which must not accept the value.
 */
static bool
walk_not(Walk *walk, const SchemaNode *node, JsonView value)
{
	Evaluated *evaluated = walk->evaluated;
	bool accepted;

	walk->evaluated = NULL;
	accepted = walk_quietly(walk, node->in_place->not, value);
	walk->evaluated = evaluated;
	return !accepted ||
		   walk_fail(walk, node, KEYWORD_NOT, "must not be accepted by the schema of \"not\"");
}

/*
 * walk_if applies "then" or "else".
 */
static bool
walk_if(Walk *walk, const InPlaceRules *rules, JsonView value)
{
	const SchemaNode *next =
		walk_quietly(walk, rules->if_node, value) ? rules->then_node : rules->else_node;

	return next == NULL || walk_in_place(walk, next, value);
}

/*
 * walk_applied applies the schemas that a schema applies to the same value.
 */
bool
walk_applied(Walk *walk, const SchemaNode *node, JsonView value)
{
	const InPlaceRules *rules = node->in_place;
	bool valid = true;

	if (rules->ref != NULL && !walk_in_place(walk, rules->ref, value) && walk_stop(walk, &valid))
		return false;
	if (rules->dynamic_ref != NULL && !walk_dynamic_ref(walk, node, value) &&
		walk_stop(walk, &valid))
		return false;
	if (!walk_all_of(walk, &rules->all_of, value) && walk_stop(walk, &valid))
		return false;
	if (!walk_any_of(walk, node, value) && walk_stop(walk, &valid))
		return false;
	if (rules->one_of.count > 0 && !walk_one_of(walk, node, value) && walk_stop(walk, &valid))
		return false;
	if (rules->not != NULL && !walk_not(walk, node, value) && walk_stop(walk, &valid))
		return false;
	if (rules->if_node != NULL && !walk_if(walk, rules, value))
		valid = false;
	return valid;
}

/*
 * unevaluated_properties checks the members of an object that no keyword has evaluated.
 */
static bool
unevaluated_properties(Walk *walk, const SchemaNode *node, JsonView object)
{
	JsonMembers members = json_members(object);
	bool valid = true;

	for (uint32 i = 0; i < members.count; i++)
	{
		PathStep step = {NULL, json_next_key(&members.keys), 0};
		JsonView value = json_next(&members.values);

		if (evaluated_has(walk->evaluated, i))
			continue;
		if (!walk_part(walk, node->unevaluated_properties, value, &step) && walk_stop(walk, &valid))
			return false;
		evaluated_mark(walk->evaluated, i);
	}
	return valid;
}

/*
 * unevaluated_items checks the elements of an array that no keyword has evaluated.
 */
static bool
unevaluated_items(Walk *walk, const SchemaNode *node, JsonView array)
{
	JsonCursor cursor = json_elements(array);
	bool valid = true;

	for (uint32 i = 0; i < json_count(array); i++)
	{
		PathStep step = {NULL, {NULL, 0}, i};
		JsonView value = json_next(&cursor);

		if (evaluated_has(walk->evaluated, i))
			continue;
		if (!walk_part(walk, node->unevaluated_items, value, &step) && walk_stop(walk, &valid))
			return false;
		evaluated_mark(walk->evaluated, i);
	}
	return valid;
}

/*
 * walk_unevaluated checks the parts of a value that no keyword has evaluated.
 */
bool
walk_unevaluated(Walk *walk, const SchemaNode *node, JsonView value)
{
	if (value.kind == JSON_OBJECT)
		return unevaluated_properties(walk, node, value);
	return unevaluated_items(walk, node, value);
}
