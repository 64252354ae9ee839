/*
 * walk_value.h
 *		The walk over a document: numbers, strings, enumerations.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WALK_VALUE_H
#define SESSIONIZE_WALK_VALUE_H

#include "postgres.h"

#include "contract/walk_state.h"

/* Check a number, which may have to be an integer. */
extern bool walk_number(Walk *walk, const SchemaNode *node, JsonView value);

/* Check a string, by a schema that has rules for strings. */
extern bool walk_string(Walk *walk, const SchemaNode *node, JsonView value);

/* Check a value against the enumeration or the constant of a schema. */
extern bool
walk_values(Walk *walk, const SchemaNode *node, const ValueRules *rules, JsonView value);

#endif /* SESSIONIZE_WALK_VALUE_H */
