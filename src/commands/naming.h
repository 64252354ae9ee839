/*
 * naming.h
 *		How the events and properties of a pipeline are to be called.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_NAMING_H
#define SESSIONIZE_NAMING_H

#include "catalog/pipeline.h"

/* What has names. */
#define NAMING_EVENT    "event"
#define NAMING_PROPERTY "property"

/*
 * Set the rule for what has names; NULL: there is none.  Error if the rule is neither the name of a
 * style nor a regular expression.  Returns whether anything changed.
 */
extern bool naming_set(const Pipeline *pipeline, const char *what, const char *rule);

#endif /* SESSIONIZE_NAMING_H */
