/*
 * walk.c
 *		The walk over a document: one value against one schema.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "compat.h"
#include "contract/walk.h"
#include "contract/walk_array.h"
#include "contract/walk_in_place.h"
#include "contract/walk_object.h"
#include "contract/walk_value.h"

/*
 * A walk may take so many steps, and so many more for each byte of the document.  A step is one
 * schema and one value; long texts, numbers, lists and sets count as several.
 */
#define STEPS          UINT64CONST(10000000)
#define STEPS_PER_BYTE 20

/* So many parts of a value, which are passed over in a loop, count as a step. */
#define PARTS_PER_STEP 8

/*
 * count_step counts one schema that is applied to one value, and to as many parts as it has.
 */
static inline void
count_step(Walk *walk, JsonView value)
{
	uint64 parts = 0;

	if (value.kind == JSON_ARRAY || value.kind == JSON_OBJECT)
		parts = json_count(value) / PARTS_PER_STEP;
	walk_spend(walk, 1 + parts);
}

/*
 * fail_type reports a value that is of no type that a schema accepts.
 */
static bool
fail_type(Walk *walk, const SchemaNode *node, JsonView value)
{
	if (walk->violations == NULL)
		return false;
	if (node->types == 0)
		return walk_fail(walk, node, KEYWORDS, "no value is allowed here");
	return walk_fail(walk, node, KEYWORD_TYPE, "must be of type %s, is of type %s",
					 type_set_text(node->types), json_kind_name(value.kind));
}

/*
 * walk_kind checks what a schema says about values of the type that the value has.
 */
static bool
walk_kind(Walk *walk, const SchemaNode *node, JsonView value)
{
	switch (value.kind)
	{
		case JSON_NUMBER:
			return walk_number(walk, node, value);
		case JSON_STRING:
			return node->string == NULL || walk_string(walk, node, value);
		case JSON_ARRAY:
			return node->array == NULL || walk_array(walk, node, value);
		case JSON_OBJECT:
			return node->object == NULL || walk_object(walk, node, value);
		default:
			return true;
	}
}

/*
 * walk_rules checks all that a schema says besides the type.
 */
static bool
walk_rules(Walk *walk, const SchemaNode *node, JsonView value)
{
	bool valid = true;

	if (!walk_kind(walk, node, value) && walk_stop(walk, &valid))
		return false;
	if (node->values != NULL && !walk_values(walk, node, node->values, value) &&
		walk_stop(walk, &valid))
		return false;
	if (node->constant != NULL && !walk_values(walk, node, node->constant, value) &&
		walk_stop(walk, &valid))
		return false;
	if (node->in_place != NULL && !walk_applied(walk, node, value) && walk_stop(walk, &valid))
		return false;
	return valid;
}

/*
 * walk_tracked checks a value against a schema that asks which parts were not evaluated.
 */
static bool
walk_tracked(Walk *walk, const SchemaNode *node, JsonView value)
{
	Evaluated *outer = walk->evaluated;
	Evaluated own;
	bool valid;

	evaluated_begin(&own, json_count(value));
	walk->evaluated = &own;
	valid = walk_rules(walk, node, value);
	if (valid || !walk_stop(walk, &valid))
		valid &= walk_unevaluated(walk, node, value);
	walk->evaluated = outer;
	if (outer != NULL)
		evaluated_add(outer, &own);
	evaluated_end(&own);
	return valid;
}

/*
 * asks_unevaluated tells whether a schema asks which parts of a value were not evaluated.
 */
static bool
asks_unevaluated(const SchemaNode *node, JsonView value)
{
	return (value.kind == JSON_OBJECT && node->unevaluated_properties != NULL) ||
		   (value.kind == JSON_ARRAY && node->unevaluated_items != NULL);
}

/*
 * walk_looked_at checks a value whose type is right.
 */
static bool
walk_looked_at(Walk *walk, const SchemaNode *node, JsonView value)
{
	const ScopeFrame *outer = walk->scope;
	ScopeFrame frame = {outer, node->resource};
	bool valid;

	if (walk->program->tracks_scope && (outer == NULL || outer->resource != node->resource))
		walk->scope = &frame;
	if (walk->program->tracks_evaluated && asks_unevaluated(node, value))
		valid = walk_tracked(walk, node, value);
	else
		valid = walk_rules(walk, node, value);
	walk->scope = outer;
	return valid;
}

/*
 * walk_node checks a value against a schema.
 */
static bool
walk_node(Walk *walk, const SchemaNode *node, JsonView value)
{
	if (!(node->accepts & TYPE_BIT(value.kind)))
		return fail_type(walk, node, value);
	if (!(node->look_at & TYPE_BIT(value.kind)))
		return true;
	if (node->plain && value.kind == JSON_STRING)
		return walk_string(walk, node, value);
	if (node->plain && value.kind == JSON_NUMBER)
		return walk_number(walk, node, value);
	check_stack_depth();
	count_step(walk, value);
	if (node->plain && walk->simple)
		return walk_kind(walk, node, value);
	return walk_looked_at(walk, node, value);
}

/*
 * begin_walk begins a walk over a document.
 */
static Walk
begin_walk(const SchemaProgram *program, const Jsonb *document)
{
	Walk walk = {.apply = walk_node, .program = program};

	walk.max_steps = STEPS + STEPS_PER_BYTE * (uint64) VARSIZE(document);
	return walk;
}

/*
 * validate_document tells whether a document is valid.
 */
bool
validate_document(const SchemaProgram *program, const Jsonb *document)
{
	Walk walk = begin_walk(program, document);

	walk.simple = !program->tracks_scope && !program->tracks_evaluated;
	return walk_node(&walk, program->root, json_root(document));
}

/*
 * find_violations returns what is wrong with a document.
 */
ViolationList
find_violations(const SchemaProgram *program, const Jsonb *document, uint32 limit)
{
	ViolationList list = {NULL, 0, 0, limit};
	Walk walk = begin_walk(program, document);

	walk.violations = &list;
	(void) walk_node(&walk, program->root, json_root(document));
	return list;
}
