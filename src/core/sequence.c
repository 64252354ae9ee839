/*
 * sequence.c
 *		Compiles patterns over sequences of events and matches them.
 *
 * Each element of a pattern is a bit.  The search keeps the set of elements that chains have
 * reached with the current event.  Shifted by one bit, it is the set of elements that the next
 * event may match.  So an event costs a few instructions whatever the pattern, plus one search step
 * for each element with a time window that it could match.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/sequence.h"

#define USECS_PER_SEC UINT64_C(1000000)

/* How the next element follows the previous one. */
typedef enum Link
{
	LINK_ADJACENT,
	LINK_DISTANT,
	LINK_TIMED
} Link;

/* In the order of parse_comparison's list, in which no text is a prefix of a later one. */
typedef enum Comparison
{
	AT_MOST,
	BELOW,
	AT_LEAST,
	ABOVE,
	JUST,
	NO_COMPARISON
} Comparison;

typedef struct Parser
{
	const char *pattern;
	size_t len;
	size_t at;
	int nsteps;
	Link link;
	SzTimeWindow window;
	size_t condition; /* where the last time condition began, if no element follows it yet */
	SzSequence *sequence;
} Parser;

/*
 * looking_at tells whether the text comes next, and if so skips it.
 */
static bool
looking_at(Parser *parser, const char *text)
{
	size_t len = strlen(text);

	if (parser->len - parser->at < len || memcmp(parser->pattern + parser->at, text, len) != 0)
		return false;
	parser->at += len;
	return true;
}

/*
 * next_digit returns the next character if it is a digit, and skips it; else -1.
 */
static int
next_digit(Parser *parser)
{
	if (parser->at == parser->len || parser->pattern[parser->at] < '0' ||
		parser->pattern[parser->at] > '9')
		return -1;
	return parser->pattern[parser->at++] - '0';
}

/*
 * skip_blanks skips blanks.
 */
static void
skip_blanks(Parser *parser)
{
	while (parser->at < parser->len && parser->pattern[parser->at] == ' ')
		parser->at++;
}

/*
 * reset_link lets the next element directly follow the previous one.
 */
static void
reset_link(Parser *parser)
{
	parser->link = LINK_ADJACENT;
	parser->window.least = 0;
	parser->window.most = UINT64_MAX;
}

/*
 * add_element appends an element that events with the step match; for step 0, any event matches.
 */
static SzSequenceError
add_element(Parser *parser, int step)
{
	SzSequence *sequence = parser->sequence;
	int number = sequence->nelements;
	uint64_t bit;

	if (number == SZ_SEQUENCE_ELEMENTS)
		return SZ_SEQUENCE_TOO_LONG;
	bit = UINT64_C(1) << number;
	if (step == 0)
		sequence->any |= bit;
	else
		sequence->step[step - 1] |= bit;
	if (number > 0 && parser->link == LINK_ADJACENT)
		sequence->adjacent |= bit;
	if (number > 0 && parser->link == LINK_DISTANT)
		sequence->distant |= bit;
	if (number > 0 && parser->link == LINK_TIMED)
		sequence->timed |= bit;
	sequence->window[number] = parser->window;
	sequence->nelements++;
	reset_link(parser);
	return SZ_SEQUENCE_OK;
}

/*
 * parse_step parses the number of (?N).
 */
static SzSequenceError
parse_step(Parser *parser, int *step)
{
	size_t start = parser->at;
	int digit = next_digit(parser);

	if (digit < 0)
		return SZ_SEQUENCE_NO_CONDITION;
	for (*step = 0; digit >= 0; digit = next_digit(parser))
		*step = *step > SZ_MAX_STEPS ? *step : *step * 10 + digit;
	if (*step >= 1 && *step <= parser->nsteps)
		return SZ_SEQUENCE_OK;
	parser->at = start;
	return SZ_SEQUENCE_NO_STEP;
}

/*
 * parse_seconds parses a number of seconds, with up to six decimals, into microseconds.
 */
static SzSequenceError
parse_seconds(Parser *parser, uint64_t *usecs)
{
	size_t start = parser->at;
	int64_t seconds = 0;
	uint64_t unit = USECS_PER_SEC;
	int digit = next_digit(parser);

	if (digit < 0)
		return SZ_SEQUENCE_NO_SECONDS;
	for (; digit >= 0; digit = next_digit(parser))
		seconds = seconds > SZ_SEQUENCE_SECONDS ? seconds : seconds * 10 + digit;
	*usecs = (uint64_t) seconds * USECS_PER_SEC;
	if (looking_at(parser, "."))
	{
		digit = next_digit(parser);
		if (digit < 0)
			return SZ_SEQUENCE_NO_SECONDS;
		for (; digit >= 0 && unit > 0; digit = next_digit(parser))
		{
			unit /= 10;
			*usecs += unit * (uint64_t) digit;
		}
	}
	if (seconds <= SZ_SEQUENCE_SECONDS && unit > 0)
		return SZ_SEQUENCE_OK;
	parser->at = start;
	return SZ_SEQUENCE_SECONDS_RANGE;
}

/*
 * narrow restricts the next element's window to least .. most.
 */
static void
narrow(Parser *parser, uint64_t least, uint64_t most)
{
	if (least > parser->window.least)
		parser->window.least = least;
	if (most < parser->window.most)
		parser->window.most = most;
}

/*
 * narrow_by restricts the next element's window to times for which the comparison with usecs is
 * true.
 */
static void
narrow_by(Parser *parser, Comparison comparison, uint64_t usecs)
{
	switch (comparison)
	{
		case AT_MOST:
			narrow(parser, 0, usecs);
			break;
		case BELOW:
			/* less than 0 is impossible: the window is empty */
			narrow(parser, usecs == 0 ? 1 : 0, usecs == 0 ? 0 : usecs - 1);
			break;
		case AT_LEAST:
			narrow(parser, usecs, UINT64_MAX);
			break;
		case ABOVE:
			narrow(parser, usecs + 1, UINT64_MAX);
			break;
		case JUST:
			narrow(parser, usecs, usecs);
			break;
		case NO_COMPARISON:
			break;
	}
}

/*
 * parse_comparison parses a comparison operator.
 */
static Comparison
parse_comparison(Parser *parser)
{
	static const char *const comparisons[] = {"<=", "<", ">=", ">", "=="};
	int i = 0;

	while (i < NO_COMPARISON && !looking_at(parser, comparisons[i]))
		i++;
	return (Comparison) i;
}

/*
 * parse_time parses what follows (?t, which began at start, and restricts the next element's
 * window.
 */
static SzSequenceError
parse_time(Parser *parser, size_t start)
{
	Comparison comparison;
	uint64_t usecs;
	SzSequenceError error;

	skip_blanks(parser);
	comparison = parse_comparison(parser);
	if (comparison == NO_COMPARISON)
		return SZ_SEQUENCE_NO_COMPARISON;
	skip_blanks(parser);
	error = parse_seconds(parser, &usecs);
	if (error != SZ_SEQUENCE_OK)
		return error;
	if (parser->sequence->nelements == 0)
	{
		parser->at = start;
		return SZ_SEQUENCE_TIME_FIRST;
	}
	narrow_by(parser, comparison, usecs);
	parser->link = LINK_TIMED;
	parser->condition = start;
	return SZ_SEQUENCE_OK;
}

/*
 * parse_group parses what follows (?, which began at start.
 */
static SzSequenceError
parse_group(Parser *parser, size_t start)
{
	int step = 0;
	bool is_time = looking_at(parser, "t");
	SzSequenceError error = is_time ? parse_time(parser, start) : parse_step(parser, &step);

	if (error != SZ_SEQUENCE_OK)
		return error;
	if (!looking_at(parser, ")"))
		return SZ_SEQUENCE_NO_PARENTHESIS;
	if (is_time)
		return SZ_SEQUENCE_OK;
	error = add_element(parser, step);
	if (error != SZ_SEQUENCE_OK)
		parser->at = start;
	return error;
}

/*
 * parse_next parses an element, or what is between two elements.
 */
static SzSequenceError
parse_next(Parser *parser)
{
	size_t start = parser->at;
	SzSequenceError error;

	if (looking_at(parser, "(?"))
		return parse_group(parser, start);
	if (looking_at(parser, ".*"))
	{
		if (parser->link == LINK_ADJACENT)
			parser->link = LINK_DISTANT;
		return SZ_SEQUENCE_OK;
	}
	if (!looking_at(parser, "."))
		return SZ_SEQUENCE_SYNTAX;
	error = add_element(parser, 0);
	if (error != SZ_SEQUENCE_OK)
		parser->at = start;
	return error;
}

/*
 * sz_sequence_compile compiles a pattern.
 */
SzSequenceError
sz_sequence_compile(const char *pattern, size_t len, int nsteps, SzSequence *sequence,
					size_t *position)
{
	Parser parser = {.pattern = pattern, .len = len, .nsteps = nsteps, .sequence = sequence};
	SzSequenceError error = SZ_SEQUENCE_OK;

	memset(sequence, 0, sizeof(*sequence));
	reset_link(&parser);
	for (skip_blanks(&parser); parser.at < len && error == SZ_SEQUENCE_OK;)
	{
		error = parse_next(&parser);
		if (error == SZ_SEQUENCE_OK)
			skip_blanks(&parser);
	}
	if (error == SZ_SEQUENCE_OK && sequence->nelements == 0)
		error = SZ_SEQUENCE_EMPTY;
	if (error == SZ_SEQUENCE_OK && parser.link == LINK_TIMED)
	{
		parser.at = parser.condition;
		error = SZ_SEQUENCE_TIME_LAST;
	}
	*position = parser.at;
	return error;
}

/*
 * start_from lets chains begin at the event from or later.
 */
static void
start_from(SzSequenceSearch *search, size_t from)
{
	search->from = from;
	search->previous = 0;
	search->seen = 0;
	for (int i = 0; i < search->sequence->nelements; i++)
	{
		search->ahead[i] = from;
		search->latest[i] = 0;
	}
}

/*
 * sz_sequence_begin begins a search.
 */
void
sz_sequence_begin(SzSequenceSearch *search, const SzSequence *sequence, const SzStepEvent *steps,
				  uint64_t *room)
{
	search->sequence = sequence;
	search->steps = steps;
	search->at = 0;
	search->anchored = false;
	search->reached = room;
	start_from(search, 0);
}

/*
 * matching returns the elements that an event with the steps of mask matches.
 */
static inline uint64_t
matching(const SzSequence *sequence, uint32_t mask)
{
	uint64_t elements = sequence->any;

	for (; mask != 0; mask &= mask - 1)
		elements |= sequence->step[__builtin_ctz(mask)];
	return elements;
}

/*
 * in_window tells whether the current event is in the window of an element.  Of the events that are
 * far enough back, only the latest has to be tried, since the others are even farther.
 */
static bool
in_window(SzSequenceSearch *search, int element)
{
	const SzTimeWindow *window = &search->sequence->window[element];
	const SzStepEvent *steps = search->steps;
	int64_t now = steps[search->at].ts;
	size_t ahead = search->ahead[element];

	for (; ahead < search->at && sz_elapsed(steps[ahead].ts, now) >= window->least; ahead++)
	{
		if (search->reached[ahead] >> (element - 1) & 1)
			search->latest[element] = ahead + 1;
	}
	search->ahead[element] = ahead;
	return search->latest[element] > 0 &&
		   sz_elapsed(steps[search->latest[element] - 1].ts, now) <= window->most;
}

/*
 * reach returns the elements that chains have reached with the current event.
 */
static inline uint64_t
reach(SzSequenceSearch *search)
{
	const SzSequence *sequence = search->sequence;
	uint64_t elements = matching(sequence, search->steps[search->at].mask);
	uint64_t reached =
		(search->previous << 1 & sequence->adjacent) | (search->seen << 1 & sequence->distant);

	if (!search->anchored || search->at == search->from)
		reached |= 1;
	for (uint64_t timed = elements & sequence->timed & search->seen << 1; timed != 0;
		 timed &= timed - 1)
	{
		if (in_window(search, __builtin_ctzll(timed)))
			reached |= timed & -timed;
	}
	reached &= elements;
	search->previous = reached;
	search->seen |= reached;
	if (search->reached != NULL)
		search->reached[search->at] = reached;
	return reached;
}

/*
 * sz_sequence_advance looks at events up to the end of the next chain, or to the limit.
 */
bool
sz_sequence_advance(SzSequenceSearch *search, size_t limit)
{
	uint64_t last = UINT64_C(1) << (search->sequence->nelements - 1);

	while (search->at < limit)
	{
		uint64_t reached = reach(search);

		search->at++;
		if (reached & last)
		{
			if (!search->anchored)
				start_from(search, search->at);
			return true;
		}
	}
	return false;
}

/*
 * sz_sequence_mirror makes the pattern that matches the same chains backwards.
 */
void
sz_sequence_mirror(const SzSequence *sequence, SzSequence *mirror)
{
	int n = sequence->nelements;

	memset(mirror, 0, sizeof(*mirror));
	mirror->nelements = n;
	for (int i = 0; i < n; i++)
	{
		uint64_t bit = UINT64_C(1) << i;
		int j = n - 1 - i;

		mirror->any |= (sequence->any >> j & 1) << i;
		for (int step = 0; step < SZ_MAX_STEPS; step++)
			mirror->step[step] |= (sequence->step[step] >> j & 1) << i;
		if (i == 0)
			continue;
		/* The link between elements j and j + 1 is the one between i - 1 and i in the mirror. */
		if (sequence->adjacent >> (j + 1) & 1)
			mirror->adjacent |= bit;
		else if (sequence->distant >> (j + 1) & 1)
			mirror->distant |= bit;
		else
			mirror->timed |= bit;
		mirror->window[i] = sequence->window[j + 1];
	}
}

/*
 * sz_sequence_start finds the earliest event with which a chain begins that ends at the event end.
 */
size_t
sz_sequence_start(const SzSequence *mirror, const SzStepEvent *steps, size_t end,
				  SzStepEvent *scratch, uint64_t *room)
{
	SzSequenceSearch search;
	size_t start = end;

	for (size_t i = 0; i <= end; i++)
	{
		/* times run backwards, with the same distances */
		scratch[i].ts = ~steps[end - i].ts;
		scratch[i].mask = steps[end - i].mask;
	}
	sz_sequence_begin(&search, mirror, scratch, room);
	search.anchored = true;
	while (sz_sequence_advance(&search, end + 1))
		start = end - (search.at - 1);
	return start;
}

/*
 * sz_sequence_chain finds the events of the first chain that ends at the event end.
 *
 * The pass back from the end tells which elements each event can be of a chain that goes on to the
 * end.  Of these events the earliest that is far enough after the one before is the right one: if
 * two chains are given, there is also one that takes the earlier event of the two for each element.
 * It is not too far away, since one that is not comes no earlier.
 */
void
sz_sequence_chain(const SzSequence *sequence, const SzSequence *mirror, const SzStepEvent *steps,
				  size_t end, SzStepEvent *scratch, uint64_t *room, size_t *chain)
{
	chain[0] = sz_sequence_start(mirror, steps, end, scratch, room);
	for (int i = 1; i < sequence->nelements; i++)
	{
		int mirrored = sequence->nelements - 1 - i;
		int64_t before = steps[chain[i - 1]].ts;
		size_t at = chain[i - 1] + 1;

		while (at < end && ((room[end - at] >> mirrored & 1) == 0 ||
							sz_elapsed(before, steps[at].ts) < sequence->window[i].least))
			at++;
		chain[i] = at;
	}
}
