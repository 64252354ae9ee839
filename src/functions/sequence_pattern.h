/*
 * sequence_pattern.h
 *		Patterns of the sequence aggregates, compiled once for each text.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SEQUENCE_PATTERN_H
#define SESSIONIZE_SEQUENCE_PATTERN_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"

#include "core/sequence.h"

typedef struct SequencePattern
{
	SzSequence sequence;
	int nsteps; /* how many steps the pattern may refer to */
	Size length;
	char text[FLEXIBLE_ARRAY_MEMBER];
} SequencePattern;

/*
 * The compiled pattern of argument argno; an error if it is invalid.  known is the pattern of the
 * group so far; it is an error if the text is another one.  For a group's first row known is NULL,
 * and the pattern is taken from the latest call with the same text, or compiled.  It lives as long
 * as flinfo, whose fn_extra must not be used for anything else.
 */
extern const SequencePattern *sequence_pattern_argument(FunctionCallInfo fcinfo, int argno,
														int nsteps, const SequencePattern *known);

/* Report an error unless two states have the same pattern. */
extern void sequence_pattern_require_same(const SequencePattern *a, const SequencePattern *b);

/* Append a pattern to a message; read a pattern, which lives as long as flinfo. */
extern void sequence_pattern_put(const SequencePattern *pattern, StringInfo out);
extern const SequencePattern *sequence_pattern_get(FunctionCallInfo fcinfo, StringInfo in);

#endif /* SESSIONIZE_SEQUENCE_PATTERN_H */
