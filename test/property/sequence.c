/*
 * sequence.c
 *		Properties: patterns over sequences match what trying every chain finds; and what is no pattern is
 *		refused.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sequence.h"
#include "property.h"

#define MAX_ELEMENTS 6
#define MAX_EVENTS   40
#define NSTEPS       3
#define MAX_PATTERN  512
#define NOWHERE      SIZE_MAX

enum
{
	P_PATTERN,
	P_LIMIT,
	P_EDIT
};

/* An element as its text has it; what joins it to the one before lies in link and the conditions. */
typedef struct Element
{
	int step;     /* 0: a dot */
	bool distant; /* .* or a time condition */
	int nconditions;
	struct
	{
		int comparison; /* index into comparisons */
		int halves;     /* half seconds */
	} conditions[2];
} Element;

typedef struct Pattern
{
	int n;
	Element elements[MAX_ELEMENTS];
	char text[MAX_PATTERN];
} Pattern;

static const char *const comparisons[] = {"<=", "<", ">=", ">", "=="};

/*
 * append adds text to a pattern's, and sometimes a blank.
 */
static void
append(Pattern *pattern, Random *random, const char *text)
{
	strcat(pattern->text, text);
	if (random_one_in(random, 20))
		strcat(pattern->text, " ");
}

/*
 * make_condition adds a time condition between an element and the one before.
 */
static void
make_condition(Pattern *pattern, Element *element, Random *random)
{
	char text[64];
	int i = element->nconditions++;

	element->conditions[i].comparison = (int) random_below(random, 5);
	element->conditions[i].halves = (int) random_below(random, 9);
	if (element->conditions[i].halves % 2 == 0)
		sprintf(text, "(?t%s%d)", comparisons[element->conditions[i].comparison],
				element->conditions[i].halves / 2);
	else
		sprintf(text, "(?t%s%d.5%s)", comparisons[element->conditions[i].comparison],
				element->conditions[i].halves / 2, random_one_in(random, 2) ? "" : "00000");
	append(pattern, random, text);
}

/*
 * make_pattern makes the pattern that a number stands for.
 */
static void
make_pattern(uint64_t number, Pattern *pattern)
{
	Random random = {number};

	memset(pattern, 0, sizeof(*pattern));
	pattern->n = 1 + (int) random_below(&random, random_one_in(&random, 5) ? MAX_ELEMENTS : 3);
	if (random_one_in(&random, 8))
		append(pattern, &random, ".*");
	for (int i = 0; i < pattern->n; i++)
	{
		Element *element = &pattern->elements[i];
		char text[16];

		element->distant = i > 0 && !random_one_in(&random, 3);
		if (element->distant && !random_one_in(&random, 3))
			make_condition(pattern, element, &random);
		if (element->distant && (element->nconditions == 0 || random_one_in(&random, 6)))
			append(pattern, &random, ".*");
		if (element->nconditions > 0 && random_one_in(&random, 4))
			make_condition(pattern, element, &random);
		element->step = (int) random_below(&random, NSTEPS + 1);
		sprintf(text, "(?%d)", element->step);
		append(pattern, &random, element->step == 0 ? "." : text);
	}
	if (random_one_in(&random, 8))
		append(pattern, &random, ".*");
}

/*
 * make_sequence makes a history of events with up to three steps each, ascending, often at equal times.
 */
static void
make_sequence(Random *random, History *history)
{
	static const int64_t bases[] = {0, INT64_MIN, INT64_MAX - 20000000,
									-INT64_C(211813488000000000)};
	int64_t base = bases[random_below(random, 4)];
	uint64_t width = 1 + random_below(random, 30);

	history->params[P_PATTERN] = random_bits(random);
	history->params[P_LIMIT] = random_below(random, 8);
	history->nsteps = (int) random_below(random, random_one_in(random, 10) ? MAX_EVENTS : 12);
	for (int i = 0; i < history->nsteps; i++)
	{
		Step *step = &history->steps[i];
		int j = i;

		*step =
			(Step){base + (int64_t) random_below(random, width) * 500000, random_below(random, 8)};
		if (random_one_in(random, 10))
			step->ts++;
		for (Step moved = *step; j > 0 && history->steps[j - 1].ts > moved.ts; j--)
		{
			history->steps[j] = history->steps[j - 1];
			history->steps[j - 1] = moved;
		}
	}
}

/*
 * may_stand returns whether an element may stand at event at, when the one before stands at event before.
 */
static bool
may_stand(const Pattern *pattern, const SzStepEvent *steps, int i, size_t before, size_t at)
{
	const Element *element = &pattern->elements[i];

	if (element->step > 0 && !(steps[at].mask >> (element->step - 1) & 1))
		return false;
	if (i == 0)
		return true;
	if (!element->distant)
		return at == before + 1;
	for (int c = 0; c < element->nconditions; c++)
	{
		__int128 apart = (__int128) steps[at].ts - steps[before].ts;
		__int128 usecs = element->conditions[c].halves * 500000;
		bool holds[] = {apart <= usecs, apart<usecs, apart >= usecs, apart> usecs, apart == usecs};

		if (!holds[element->conditions[c].comparison])
			return false;
	}
	return true;
}

/*
 * earliest_end tries every way to go on with element i and returns the earliest end of all.
 */
static size_t
earliest_end(const Pattern *pattern, const SzStepEvent *steps, size_t n, int i, size_t before)
{
	size_t best = NOWHERE;

	if (i == pattern->n)
		return before;
	for (size_t at = before + 1; at < n; at++)
	{
		size_t end;

		if (!may_stand(pattern, steps, i, before, at))
			continue;
		end = earliest_end(pattern, steps, n, i + 1, at);
		best = end < best ? end : best;
	}
	return best;
}

/*
 * earliest_end_from returns the earliest end of the chains that begin just at an event.
 */
static size_t
earliest_end_from(const Pattern *pattern, const SzStepEvent *steps, size_t n, size_t start)
{
	return may_stand(pattern, steps, 0, 0, start) ? earliest_end(pattern, steps, n, 1, start)
												  : NOWHERE;
}

/*
 * check_search compares the chains found with those of brute force: as many as can be had without an
 * overlap, and each ends as early as any that begins after the one before it.
 */
static const char *
check_search(const Pattern *pattern, const SzSequence *sequence, const SzStepEvent *steps, size_t n,
			 uint64_t limit, uint64_t *room)
{
	SzSequenceSearch search;
	size_t ends[MAX_EVENTS + 1];
	size_t most[MAX_EVENTS + 2] = {0};
	size_t count = 0;
	size_t from = 0;

	for (size_t i = n; i-- > 0;)
	{
		ends[i] = earliest_end_from(pattern, steps, n, i);
		most[i] = most[i + 1];
		if (ends[i] != NOWHERE && 1 + most[ends[i] + 1] > most[i])
			most[i] = 1 + most[ends[i] + 1];
	}
	sz_sequence_begin(&search, sequence, steps, sz_sequence_needs_room(sequence) ? room : NULL);
	for (size_t upto = limit; search.at < n; upto += limit + 1)
	{
		while (sz_sequence_advance(&search, upto < n ? upto : n))
		{
			size_t end = NOWHERE;

			for (size_t i = from; i < n; i++)
				end = ends[i] < end ? ends[i] : end;
			if (end != search.at - 1)
				return "a chain does not end where the earliest does";
			from = search.at;
			count++;
		}
	}
	return count == most[0] ? NULL : "there are not as many chains as there could be";
}

/*
 * check_start compares the start of the first chain.
 */
static const char *
check_start(const Pattern *pattern, const SzSequence *sequence, const SzStepEvent *steps, size_t n,
			uint64_t *room)
{
	SzSequenceSearch search;
	SzSequence mirror;
	SzStepEvent scratch[MAX_EVENTS];
	size_t expected = 0;

	sz_sequence_begin(&search, sequence, steps, room);
	if (!sz_sequence_advance(&search, n))
		return NULL;
	while (earliest_end_from(pattern, steps, n, expected) == NOWHERE)
		expected++;
	sz_sequence_mirror(sequence, &mirror);
	if (sz_sequence_start(&mirror, steps, search.at - 1, scratch, room) != expected)
		return "the first chain does not begin where the earliest does";
	return NULL;
}

/*
 * first_chain tries every way to go on with element i, the earliest events first, and keeps the first chain
 * that is complete.
 */
static bool
first_chain(const Pattern *pattern, const SzStepEvent *steps, size_t n, int i, size_t *chain)
{
	if (i == pattern->n)
		return true;
	for (size_t at = i == 0 ? 0 : chain[i - 1] + 1; at < n; at++)
	{
		chain[i] = at;
		if (may_stand(pattern, steps, i, i == 0 ? 0 : chain[i - 1], at) &&
			first_chain(pattern, steps, n, i + 1, chain))
			return true;
	}
	return false;
}

/*
 * check_chains compares the events of all chains, of which each begins after the one before has ended.
 */
static const char *
check_chains(const Pattern *pattern, const SzSequence *sequence, const SzStepEvent *steps, size_t n,
			 uint64_t *room)
{
	SzSequenceSearch search;
	SzSequence mirror;
	SzStepEvent scratch[MAX_EVENTS];
	size_t expected[MAX_ELEMENTS];
	size_t chain[MAX_ELEMENTS];
	size_t from = 0;

	sz_sequence_mirror(sequence, &mirror);
	sz_sequence_begin(&search, sequence, steps, sz_sequence_needs_room(sequence) ? room : NULL);
	while (sz_sequence_advance(&search, n))
	{
		if (!first_chain(pattern, steps + from, n - from, 0, expected))
			return "a chain was found where there is none";
		sz_sequence_chain(sequence, &mirror, steps + from, search.at - 1 - from, scratch,
						  room + from, chain);
		if (memcmp(chain, expected, (size_t) pattern->n * sizeof(size_t)) != 0)
			return "the events of a chain are not the earliest";
		from = search.at;
	}
	return first_chain(pattern, steps + from, n - from, 0, expected) ? "a chain was not found"
																	 : NULL;
}

/*
 * check_sequence compiles the pattern and compares its matches with brute force.
 */
static const char *
check_sequence(const History *history)
{
	Pattern pattern;
	SzSequence sequence;
	SzStepEvent steps[MAX_EVENTS];
	uint64_t *room = must_malloc((size_t) history->nsteps * sizeof(uint64_t));
	size_t position;
	const char *wrong = NULL;

	make_pattern(history->params[P_PATTERN], &pattern);
	for (int i = 0; i < history->nsteps; i++)
		steps[i] =
			(SzStepEvent){.ts = history->steps[i].ts, .mask = (uint32_t) history->steps[i].extra};
	if (sz_sequence_compile(pattern.text, strlen(pattern.text), NSTEPS, &sequence, &position) !=
		SZ_SEQUENCE_OK)
		wrong = "a pattern was refused";
	if (wrong == NULL)
		wrong = check_search(&pattern, &sequence, steps, (size_t) history->nsteps,
							 history->params[P_LIMIT], room);
	if (wrong == NULL)
		wrong = check_start(&pattern, &sequence, steps, (size_t) history->nsteps, room);
	if (wrong == NULL)
		wrong = check_chains(&pattern, &sequence, steps, (size_t) history->nsteps, room);
	if (wrong != NULL)
		printf("pattern: %s\n", pattern.text);
	free(room);
	return wrong;
}

const Property sequence_property = {
	"sequence", {"pattern", "events at a time", NULL}, 45000, make_sequence, check_sequence,
};

/*
 * make_text chooses a pattern and how to spoil it.
 */
static void
make_text(Random *random, History *history)
{
	history->params[P_PATTERN] = random_bits(random);
	history->params[P_EDIT] = random_one_in(random, 8) ? 0 : random_bits(random);
}

/*
 * spoil changes a pattern's text in a few places.
 */
static void
spoil(Pattern *pattern, uint64_t edit)
{
	static const char alphabet[] = "(?)t<>=.*0123456789 x\xff";
	Random random = {edit};
	size_t len = strlen(pattern->text);

	for (int i = 1 + (int) random_below(&random, 3); edit != 0 && i > 0 && len > 0; i--)
	{
		size_t at = random_below(&random, len);
		char *place = pattern->text + at;

		if (random_one_in(&random, 3))
			memmove(place, place + 1, len-- - at);
		else if (random_one_in(&random, 2))
			*place = alphabet[random_below(&random, sizeof(alphabet) - 1)];
		else
		{
			memmove(place + 1, place, ++len - at);
			*place = alphabet[random_below(&random, sizeof(alphabet) - 1)];
		}
	}
}

/*
 * check_text compiles a spoilt pattern, from memory of just its size: what a regular expression does not
 * take is refused, what it takes is refused for its meaning only.
 */
static const char *
check_text(const History *history)
{
	static regex_t grammar;
	static bool compiled = false;
	Pattern pattern;
	SzSequence sequence;
	size_t position = SIZE_MAX;
	size_t len;
	char *exact;
	bool is_pattern;
	SzSequenceError error;

	if (!compiled &&
		regcomp(&grammar,
				"^ *((\\(\\?[0-9]+\\)|\\(\\?t *(<=|<|>=|>|==) *[0-9]+(\\.[0-9]+)?\\)|\\.\\*?) *)*$",
				REG_EXTENDED | REG_NOSUB) != 0)
		return "the grammar does not compile";
	compiled = true;
	make_pattern(history->params[P_PATTERN], &pattern);
	spoil(&pattern, history->params[P_EDIT]);
	len = strlen(pattern.text);
	exact = must_malloc(len);
	memcpy(exact, pattern.text, len);
	is_pattern = regexec(&grammar, pattern.text, 0, NULL, 0) == 0;
	error = sz_sequence_compile(exact, len, NSTEPS, &sequence, &position);
	free(exact);

	if (position > len)
		return "the position of an error is outside the pattern";
	switch (error)
	{
		case SZ_SEQUENCE_SYNTAX:
		case SZ_SEQUENCE_NO_CONDITION:
		case SZ_SEQUENCE_NO_COMPARISON:
		case SZ_SEQUENCE_NO_SECONDS:
		case SZ_SEQUENCE_NO_PARENTHESIS:
			return is_pattern ? "a pattern was refused for its form" : NULL;
		case SZ_SEQUENCE_OK:
			return is_pattern ? NULL : "what is no pattern was taken for one";
		default:
			return NULL;
	}
}

const Property sequence_text_property = {
	"sequence text", {"pattern", "", "edit", NULL}, 45000, make_text, check_text,
};
