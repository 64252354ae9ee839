/*
 * pattern.h
 *		The regular expressions of "pattern" and "patternProperties": those of ECMA-262, matched by
 *		PostgreSQL's engine.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PATTERN_H
#define SESSIONIZE_PATTERN_H

#include "postgres.h"

#include "utils/text_view.h"

typedef struct Pattern Pattern;

/* What users can do about a regular expression that is refused. */
#define PATTERN_HINT                                                                               \
	"Write a regular expression of ECMA-262 without back references, as the reference of JSON "    \
	"Schema in pg_sessionize describes it."

/*
 * Compile a regular expression, in the current memory context, with which it goes.  Returns NULL if
 * that is not possible; fault says why.
 */
extern Pattern *pattern_compile(TextView regex, char **fault);

/* Whether some part of a text matches. */
extern bool pattern_matches(Pattern *pattern, TextView text);

/* How complex it is for the engine: its states, and ways between them; 0: it needs no engine. */
extern uint32 pattern_weight(const Pattern *pattern);

/* The regular expression as it was written. */
extern TextView pattern_source(const Pattern *pattern);

#endif /* SESSIONIZE_PATTERN_H */
