/*
 * walk_array.h
 *		The walk over a document: arrays.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WALK_ARRAY_H
#define SESSIONIZE_WALK_ARRAY_H

#include "postgres.h"

#include "contract/walk_state.h"

/* Check an array, by a schema that has rules for arrays. */
extern bool walk_array(Walk *walk, const SchemaNode *node, JsonView value);

#endif /* SESSIONIZE_WALK_ARRAY_H */
