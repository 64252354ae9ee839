/*
 * walk_object.h
 *		The walk over a document: objects.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WALK_OBJECT_H
#define SESSIONIZE_WALK_OBJECT_H

#include "postgres.h"

#include "contract/walk_state.h"

/* Check an object, by a schema that has rules for objects. */
extern bool walk_object(Walk *walk, const SchemaNode *node, JsonView value);

#endif /* SESSIONIZE_WALK_OBJECT_H */
