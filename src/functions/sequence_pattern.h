/*
 * sequence_pattern.h
 *		Patterns of sequence_match and its kin, compiled once for each text.
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
	int nsteps; /* how many steps there were to refer to */
	Size length;
	char text[FLEXIBLE_ARRAY_MEMBER];
} SequencePattern;

/*
 * The compiled pattern of argument argno, or error.  It is known's, if that is a group's pattern and the
 * text is the same; an error if it is not.  known is NULL for a group's first row: then the pattern is
 * taken from the last call that had the same one, or compiled.  It lives as long as flinfo, whose fn_extra
 * this needs to itself.
 */
extern const SequencePattern *
sequence_pattern_argument(FunctionCallInfo fcinfo, int argno, int nsteps, const SequencePattern *known);

/* Report an error unless two states have the same pattern. */
extern void sequence_pattern_require_same(const SequencePattern *a, const SequencePattern *b);

/* Append a pattern to a message; read it again, as lasting as above. */
extern void sequence_pattern_put(const SequencePattern *pattern, StringInfo out);
extern const SequencePattern *sequence_pattern_get(FunctionCallInfo fcinfo, StringInfo in);

/* Room for a search among so many events, or NULL where it needs none. */
extern uint64 *sequence_pattern_room(const SequencePattern *pattern, Size nevents);

/* Search on, with a look for interrupts now and then; see sz_sequence_advance. */
extern bool sequence_pattern_advance(SzSequenceSearch *search, Size nevents);

#endif /* SESSIONIZE_SEQUENCE_PATTERN_H */
