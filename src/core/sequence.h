/*
 * sequence.h
 *		Patterns over a sequence of events: compiled to a small program, matched in one pass.
 *
 * A pattern is a list of elements: (?N), an event for which step N is true, or a dot, any event.
 * An element's event directly follows the event of the element before it or, with .* or a time
 * condition between the two, comes at any distance after it.  A time condition (?t<=SECONDS) limits
 * the time between the elements around it.
 *
 * A chain is a choice of one event for each element.  A chain that begins earlier never has to end
 * later, because windows of time and distances shift with the event from which they start.  So the
 * chain that begins first and always takes the earliest possible event is also the one that ends
 * first.  One pass finds it by keeping for each element when it was last reached.  A pass back from
 * its end finds its events.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SEQUENCE_H
#define SESSIONIZE_SEQUENCE_H

#include "core/core.h"
#include "core/step_log.h"

/* The most elements of a pattern: one bit each. */
#define SZ_SEQUENCE_ELEMENTS 64

/* The largest number of seconds in a condition: more than the range of timestamptz. */
#define SZ_SEQUENCE_SECONDS INT64_C(9999999999999)

typedef enum SzSequenceError
{
	SZ_SEQUENCE_OK = 0,
	SZ_SEQUENCE_EMPTY,          /* the pattern has no element */
	SZ_SEQUENCE_SYNTAX,         /* neither (?, nor ., nor .* */
	SZ_SEQUENCE_NO_CONDITION,   /* (? is followed neither by a number nor by t */
	SZ_SEQUENCE_NO_COMPARISON,  /* (?t is not followed by <=, <, >=, > or == */
	SZ_SEQUENCE_NO_SECONDS,     /* the comparison is not followed by a number of seconds */
	SZ_SEQUENCE_SECONDS_RANGE,  /* too many seconds, or too many decimals */
	SZ_SEQUENCE_NO_PARENTHESIS, /* a ) is missing */
	SZ_SEQUENCE_NO_STEP,        /* there is no step of this number */
	SZ_SEQUENCE_TIME_FIRST,     /* no element comes before a time condition */
	SZ_SEQUENCE_TIME_LAST,      /* no element comes after a time condition */
	SZ_SEQUENCE_TOO_LONG        /* more elements than SZ_SEQUENCE_ELEMENTS */
} SzSequenceError;

/* How far, in microseconds, an element's event may be from the event of the element before. */
typedef struct SzTimeWindow
{
	uint64_t least;
	uint64_t most;
} SzTimeWindow;

typedef struct SzSequence
{
	int nelements;
	uint64_t any;                /* elements that any event matches */
	uint64_t step[SZ_MAX_STEPS]; /* elements that an event with step i + 1 matches */
	uint64_t adjacent;           /* elements that directly follow the one before them */
	uint64_t distant;            /* elements that follow the one before them at any distance */
	uint64_t timed;              /* elements that follow the one before them within a window */
	SzTimeWindow window[SZ_SEQUENCE_ELEMENTS];
} SzSequence;

/*
 * A search in progress, private to sequence.c.  A chain that is complete up to an element is said
 * to have reached it.
 */
typedef struct SzSequenceSearch
{
	const SzSequence *sequence;
	const SzStepEvent *steps;
	size_t at;         /* the next event to look at */
	size_t from;       /* chains begin at this event or later */
	bool anchored;     /* chains begin at exactly this event */
	uint64_t previous; /* elements that chains have reached with the previous event */
	uint64_t seen;     /* elements that chains have reached with any event since from */
	/*
	 * for each event, the elements that chains have reached with it; only if the pattern has
	 * windows
	 */
	uint64_t *reached;
	/* for an element with a window: the next event that may enter the window */
	size_t ahead[SZ_SEQUENCE_ELEMENTS];
	/* and the latest event in the window that has reached the element before, plus 1; 0: none */
	size_t latest[SZ_SEQUENCE_ELEMENTS];
} SzSequenceSearch;

/*
 * Compile a pattern in which steps 1 to nsteps may occur.  On an error, *position is the offset of
 * the byte that the error is about; it may be len.
 */
extern SzSequenceError sz_sequence_compile(const char *pattern, size_t len, int nsteps,
										   SzSequence *sequence, size_t *position);

/* Whether a search needs room for one uint64_t per event. */
static inline bool
sz_sequence_needs_room(const SzSequence *sequence)
{
	return sequence->timed != 0;
}

/* Begin a search over events that ascend by time; room may be NULL if none is needed. */
extern void sz_sequence_begin(SzSequenceSearch *search, const SzSequence *sequence,
							  const SzStepEvent *steps, uint64_t *room);

/*
 * Look at further events before limit, up to the end of the next chain.  Returns whether there was
 * one; if so, it ends at search->at - 1, and the next chain must begin after it.
 */
extern bool sz_sequence_advance(SzSequenceSearch *search, size_t limit);

/*
 * Make *mirror the pattern that matches the same chains if the events are read backwards.
 */
extern void sz_sequence_mirror(const SzSequence *sequence, SzSequence *mirror);

/*
 * Find the earliest event with which a chain begins that ends at the event end.  mirror is the
 * mirrored pattern; scratch and room must have room for end + 1 events.  Such a chain must exist.
 */
extern size_t sz_sequence_start(const SzSequence *mirror, const SzStepEvent *steps, size_t end,
								SzStepEvent *scratch, uint64_t *room);

/*
 * Find the first chain that ends at the event end: each of its events is as early as in any chain.
 * chain gets the number of the event of each element.  mirror is the mirrored pattern; scratch and
 * room must have room for end + 1 events.  Such a chain must exist.
 */
extern void
sz_sequence_chain(const SzSequence *sequence, const SzSequence *mirror, const SzStepEvent *steps,
				  size_t end, SzStepEvent *scratch, uint64_t *room, size_t *chain);

#endif /* SESSIONIZE_SEQUENCE_H */
