/*
 * walk.c
 *		The walk over a document: one value against one schema.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "contract/validate.h"
#include "contract/walk.h"
#include "utils/array_reserve.h"

/*
 * A walk may take so many steps, and so many more for each byte of the document; a step is one
 * schema and one value.
 */
#define STEPS		   UINT64CONST(10000000)
#define STEPS_PER_BYTE 20

/*
 * walk_fail reports a violation.
 */
bool
walk_fail(Walk *walk, const SchemaNode *node, KeywordId keyword, const char *format, ...)
{
	ViolationList *list = walk->violations;
	const char *name = keyword == KEYWORDS ? "" : keyword_name(keyword);
	StringInfoData message;
	Violation *violation;

	if (list == NULL || list->count >= list->limit)
		return false;
	initStringInfo(&message);
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, format);
		needed = appendStringInfoVA(&message, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&message, needed);
	}
	array_reserve(list->violations, list->count, list->capacity, 8);
	violation = &list->violations[list->count++];
	violation->instance_path = path_text(walk->path);
	violation->schema_path = schema_place_path(node->place);
	if (name[0] != '\0')
		violation->schema_path = psprintf("%s/%s", violation->schema_path, name);
	violation->keyword = name[0] != '\0' ? name : schema_place_keyword(node->place);
	violation->message = message.data;
	return false;
}

/*
 * count_step counts one schema that is applied to one value.
 */
static void
count_step(Walk *walk)
{
	CHECK_FOR_INTERRUPTS();
	if (++walk->steps > walk->max_steps)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("validating a document by a JSON schema takes too many steps"),
						errdetail("It was given up after " UINT64_FORMAT " steps.", walk->max_steps),
						errhint("Nest \"anyOf\", \"oneOf\" and \"allOf\" less deeply.")));
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
bool
walk_node(Walk *walk, const SchemaNode *node, JsonView value)
{
	if (!(node->accepts & TYPE_BIT(value.kind)))
		return fail_type(walk, node, value);
	if (!(node->look_at & TYPE_BIT(value.kind)))
		return true;
	check_stack_depth();
	count_step(walk);
	return walk_looked_at(walk, node, value);
}

/*
 * walk_in_place checks a value against a schema that is applied to it beside another one.  What it
 * evaluates counts for the other one if the value is valid; where violations are collected it
 * counts in any case, since the value is not valid then.
 */
bool
walk_in_place(Walk *walk, const SchemaNode *node, JsonView value)
{
	Evaluated *outer = walk->evaluated;
	Evaluated own;
	bool valid;

	if (outer == NULL)
		return walk_node(walk, node, value);
	evaluated_begin(&own, outer->count);
	walk->evaluated = &own;
	valid = walk_node(walk, node, value);
	walk->evaluated = outer;
	if (valid || walk->violations != NULL)
		evaluated_add(outer, &own);
	evaluated_end(&own);
	return valid;
}

/*
 * walk_quietly checks a value against a schema without collecting violations.
 */
bool
walk_quietly(Walk *walk, const SchemaNode *node, JsonView value)
{
	ViolationList *violations = walk->violations;
	bool valid;

	walk->violations = NULL;
	valid = walk_in_place(walk, node, value);
	walk->violations = violations;
	return valid;
}

/*
 * walk_part checks a part of a value.
 */
bool
walk_part(Walk *walk, const SchemaNode *node, JsonView value, PathStep *step)
{
	Evaluated *evaluated = walk->evaluated;
	uint32 depth = walk->dynamic_depth;
	const PathStep *path = walk->path;
	bool valid;

	if (!(node->look_at & TYPE_BIT(value.kind)) && (node->accepts & TYPE_BIT(value.kind)))
		return true;
	step->before = path;
	walk->path = step;
	walk->evaluated = NULL;
	walk->dynamic_depth = 0;
	valid = walk_node(walk, node, value);
	walk->path = path;
	walk->evaluated = evaluated;
	walk->dynamic_depth = depth;
	return valid;
}

/*
 * begin_walk begins a walk over a document.
 */
static Walk
begin_walk(const SchemaProgram *program, const Jsonb *document)
{
	Walk walk = {.program = program};

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
