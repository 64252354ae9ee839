/*
 * sequence.h
 *		Patterns over a sequence of events: compiled to a small program, matched in one pass.
 *
 * A pattern is a list of elements: (?N), an event for which step N is true, or a dot, any event.  Each
 * follows the one before it at once, or, where .* or a time condition stands between them, at any
 * distance.  A time condition (?t<=SECONDS) bounds the time between the two elements around it.
 *
 * A chain is a choice of one event for each element.  Where a chain may begin earlier, it never ends
 * later: windows of time and distances only shift with the event they start from.  So the chain that
 * begins first and takes the earliest event at every turn is also the one that ends first, and one pass
 * that keeps for each element when it was last reached finds it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SEQUENCE_H
#define SESSIONIZE_SEQUENCE_H

#include "core/core.h"
#include "core/step_log.h"

/* Elements of a pattern: one bit each. */
#define SZ_SEQUENCE_ELEMENTS 64

/* The largest time of a condition, in seconds: longer than timestamptz spans. */
#define SZ_SEQUENCE_SECONDS INT64_C(9999999999999)

typedef enum SzSequenceError
{
	SZ_SEQUENCE_OK = 0,
	SZ_SEQUENCE_EMPTY,          /* there is no element */
	SZ_SEQUENCE_SYNTAX,         /* neither (?, nor ., nor .* */
	SZ_SEQUENCE_NO_CONDITION,   /* (? is followed by neither a number nor t */
	SZ_SEQUENCE_NO_COMPARISON,  /* (?t is not followed by <=, <, >=, > or == */
	SZ_SEQUENCE_NO_SECONDS,     /* the comparison is not followed by a number of seconds */
	SZ_SEQUENCE_SECONDS_RANGE,  /* more seconds or decimals than there may be */
	SZ_SEQUENCE_NO_PARENTHESIS, /* there is no ) where it should be */
	SZ_SEQUENCE_NO_STEP,        /* there is no step of this number */
	SZ_SEQUENCE_TIME_FIRST,     /* no element comes before a time condition */
	SZ_SEQUENCE_TIME_LAST,      /* no element comes after a time condition */
	SZ_SEQUENCE_TOO_LONG        /* more elements than SZ_SEQUENCE_ELEMENTS */
} SzSequenceError;

/* How far, in microseconds, an element may be from the one before it. */
typedef struct SzTimeWindow
{
	uint64_t least;
	uint64_t most;
} SzTimeWindow;

typedef struct SzSequence
{
	int nelements;
	uint64_t any;                /* elements that any event matches */
	uint64_t step[SZ_MAX_STEPS]; /* elements that an event of the step matches */
	uint64_t adjacent;           /* elements that follow the one before them at once */
	uint64_t distant;            /* elements that follow it at any distance */
	uint64_t timed;              /* elements that follow it within a window */
	SzTimeWindow window[SZ_SEQUENCE_ELEMENTS];
} SzSequence;

/* A search under way.  Its fields are sequence.c's own. */
typedef struct SzSequenceSearch
{
	const SzSequence *sequence;
	const SzStepEvent *steps;
	size_t at;         /* the next event to look at */
	size_t from;       /* chains begin here or later */
	bool anchored;     /* chains begin just there */
	uint64_t previous; /* elements the event before matched, as the end of a beginning of a chain */
	uint64_t seen;     /* elements any event since from did */
	uint64_t *reached; /* for each event since from, the same; only where there are windows */
	size_t ahead[SZ_SEQUENCE_ELEMENTS];  /* for a window: the next event to enter it */
	size_t latest[SZ_SEQUENCE_ELEMENTS]; /* and the latest that did and matched the element before, plus 1 */
} SzSequenceSearch;

/*
 * Compile a pattern in which steps 1 to nsteps may occur.  On an error, *position is the offset of the
 * byte it is about; it may be len.
 */
extern SzSequenceError
sz_sequence_compile(const char *pattern, size_t len, int nsteps, SzSequence *sequence, size_t *position);

/* Whether a search needs room for as many uint64_t as there are events. */
static inline bool
sz_sequence_needs_room(const SzSequence *sequence)
{
	return sequence->timed != 0;
}

/* Begin a search over events that ascend by time; room may be NULL where none is needed. */
extern void sz_sequence_begin(SzSequenceSearch *search, const SzSequence *sequence, const SzStepEvent *steps,
							  uint64_t *room);

/*
 * Look at the events before limit that were not looked at yet, up to the end of the next chain.  Returns
 * whether there was one; then it ends at search->at - 1, and the next one begins later.
 */
extern bool sz_sequence_advance(SzSequenceSearch *search, size_t limit);

/*
 * The same chain in reverse: make *mirror the pattern that matches where the pattern does when the events
 * are read backwards.
 */
extern void sz_sequence_mirror(const SzSequence *sequence, SzSequence *mirror);

/*
 * The earliest event with which a chain begins that ends at the event end: mirror is the mirrored pattern,
 * scratch and room are for end + 1 events.  Such a chain must exist.
 */
extern size_t sz_sequence_start(const SzSequence *mirror, const SzStepEvent *steps, size_t end,
								SzStepEvent *scratch, uint64_t *room);

#endif /* SESSIONIZE_SEQUENCE_H */
