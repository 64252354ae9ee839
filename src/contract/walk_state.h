/*
 * walk_state.h
 *		What the functions share that check a document against a program.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WALK_STATE_H
#define SESSIONIZE_WALK_STATE_H

#include "postgres.h"

#include "miscadmin.h"

#include "compat.h"
#include "contract/evaluated.h"
#include "contract/program.h"
#include "contract/violation.h"

/* A resource that the walk has entered, and the one that it came from. */
typedef struct ScopeFrame
{
	const struct ScopeFrame *outer;
	uint16 resource;
} ScopeFrame;

typedef struct Walk
{
	/* Checks a value against a schema; it is above the files for arrays and objects. */
	bool (*apply)(struct Walk *walk, const SchemaNode *node, JsonView value);
	const SchemaProgram *program;
	bool simple;               /* it has no use for what follows, up to dynamic_depth */
	ViolationList *violations; /* NULL: the walk ends at the first one */
	const PathStep *path;      /* of the value; kept only if violations are */
	Evaluated *evaluated;      /* what of the value has been; NULL if nobody asks */
	const ScopeFrame *scope;
	uint32 dynamic_depth; /* dynamic references that have led to this schema, for one value */
	uint64 steps;
	uint64 max_steps;
} Walk;

/*
 * All functions below return whether the value is valid.  If the walk collects violations they go
 * on after the first one, until there are enough.
 */

/* Check a value against a schema that is applied to it beside another one. */
extern bool walk_in_place(Walk *walk, const SchemaNode *node, JsonView value);

/* The same, without collecting violations: the caller decides what it means. */
extern bool walk_quietly(Walk *walk, const SchemaNode *node, JsonView value);

/* Check a part of a value; see walk_part. */
extern bool walk_look_at_part(Walk *walk, const SchemaNode *node, JsonView value, PathStep *step);

/* Raise the error for a walk that takes too many steps. */
pg_noreturn extern void walk_too_long(const Walk *walk);

/* Report a violation of a keyword of a schema; always returns false. */
extern bool walk_fail(Walk *walk, const SchemaNode *node, KeywordId keyword, const char *format,
					  ...) pg_attribute_printf(4, 5);

/*
 * walk_spend counts steps, also those of work inside a step that depends on how large the document
 * or the schema is.
 */
static inline void
walk_spend(Walk *walk, uint64 steps)
{
	CHECK_FOR_INTERRUPTS();
	walk->steps += steps;
	if (unlikely(walk->steps > walk->max_steps))
		walk_too_long(walk);
}

/*
 * walk_part checks a part of a value.  The step says which; walk_part fills in what comes before
 * it.
 */
static inline bool
walk_part(Walk *walk, const SchemaNode *node, JsonView value, PathStep *step)
{
	if ((node->accepts & TYPE_BIT(value.kind)) && !(node->look_at & TYPE_BIT(value.kind)))
		return true;
	if (walk->simple)
		return walk->apply(walk, node, value);
	return walk_look_at_part(walk, node, value, step);
}

/*
 * walk_stop notes that a check has failed; returns whether there is no need to go on.
 */
static inline bool
walk_stop(const Walk *walk, bool *valid)
{
	*valid = false;
	return walk->violations == NULL || walk->violations->count >= walk->violations->limit;
}

#endif /* SESSIONIZE_WALK_STATE_H */
