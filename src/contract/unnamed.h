/*
 * unnamed.h
 *		The properties of a document that schemas do not name.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_UNNAMED_H
#define SESSIONIZE_UNNAMED_H

#include "contract/json_view.h"
#include "contract/program.h"

/* Takes a property: the path has * for each element of an array. */
typedef void (*UnnamedTaker)(void *arg, const char *path, JsonView value);

/*
 * Pass the properties to take() that none of the programs names, in the order of the document; not
 * those inside of such a property.  A schema names a property in "properties" and "required", by a
 * pattern of "patternProperties", and all others by an "additionalProperties" or
 * "unevaluatedProperties" that accepts any value; then the path has * for the property as well.
 * What a schema refers to, and what it applies under a condition, counts whether or not the
 * condition holds.
 */
extern void find_unnamed(const SchemaProgram *const *programs, int count, const Jsonb *document,
						 UnnamedTaker take, void *arg);

#endif /* SESSIONIZE_UNNAMED_H */
