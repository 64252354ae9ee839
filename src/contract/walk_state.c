/*
 * walk_state.c
 *		What the functions share that check a document against a program.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/schema_place.h"
#include "contract/walk_state.h"
#include "utils/array_reserve.h"

/* So many bytes of a violation are written in a step. */
#define REPORT_BYTES_PER_STEP 4

/*
 * walk_too_long raises the error for a walk that takes too many steps.
 */
void
walk_too_long(const Walk *walk)
{
	ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					errmsg("validating a document by a JSON schema takes too many steps"),
					errdetail("It was given up after " UINT64_FORMAT " steps.", walk->max_steps),
					errhint("Nest \"anyOf\", \"oneOf\" and \"allOf\" less deeply, and have fewer "
							"schemas look at the same value.")));
}

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
	/* keys may be long, and are in each path */
	walk_spend(walk, (strlen(violation->instance_path) + strlen(violation->schema_path) +
					  (Size) message.len) /
						 REPORT_BYTES_PER_STEP);
	return false;
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
		return walk->apply(walk, node, value);
	walk_spend(walk, outer->count / EVALUATED_PER_STEP);
	evaluated_begin(&own, outer->count);
	walk->evaluated = &own;
	valid = walk->apply(walk, node, value);
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
 * walk_look_at_part checks a part of a value.
 */
bool
walk_look_at_part(Walk *walk, const SchemaNode *node, JsonView value, PathStep *step)
{
	Evaluated *evaluated = walk->evaluated;
	uint32 depth = walk->dynamic_depth;
	const PathStep *path = walk->path;
	bool valid;

	step->before = path;
	walk->path = step;
	walk->evaluated = NULL;
	walk->dynamic_depth = 0;
	valid = walk->apply(walk, node, value);
	walk->path = path;
	walk->evaluated = evaluated;
	walk->dynamic_depth = depth;
	return valid;
}
