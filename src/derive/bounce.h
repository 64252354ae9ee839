/*
 * bounce.h
 *		Whether a session is a bounce, by the user's expression over the session's measures.
 *
 * The expression is parsed with the settings pinned, so that it means the same wherever it is used.
 * It consists of parts that can't raise an error and that came with the server: so no session stops
 * a refresh, and nobody else's code runs.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BOUNCE_H
#define SESSIONIZE_BOUNCE_H

#include "catalog/pipeline.h"
#include "derive/derived.h"

typedef struct Bounce Bounce;

/*
 * Prepare to evaluate the expression, in CurrentMemoryContext, with the settings pinned; NULL if
 * the pipeline has none. An expression that is not valid is an error.
 */
extern Bounce *bounce_create(const Pipeline *pipeline);

/* Whether the expression is true of a session. */
extern bool bounce_is(Bounce *bounce, const DerivedSession *session);

/* Report an expression that is not valid. */
extern void bounce_check(const Pipeline *pipeline);

/* Whether the pipeline has an expression in which a measure occurs. */
extern bool bounce_uses(const Pipeline *pipeline, const char *measure);

#endif /* SESSIONIZE_BOUNCE_H */
