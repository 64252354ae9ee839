/*
 * walk_in_place.h
 *		The walk over a document: schemas that are applied to the same value, and what none
 *		of them has evaluated.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WALK_IN_PLACE_H
#define SESSIONIZE_WALK_IN_PLACE_H

#include "postgres.h"

#include "contract/walk_state.h"

/* Apply the schemas that a schema applies to the same value. */
extern bool walk_applied(Walk *walk, const SchemaNode *node, JsonView value);

/* Check the parts of a value that nothing has evaluated so far. */
extern bool walk_unevaluated(Walk *walk, const SchemaNode *node, JsonView value);

#endif /* SESSIONIZE_WALK_IN_PLACE_H */
