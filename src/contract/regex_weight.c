/*
 * regex_weight.c
 *		How much a compiled regular expression of PostgreSQL's engine takes.
 *
 * The engine's own functions for this follow every way through conditions, of which there may be
 * exponentially many; so its structures are read here.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/regex_weight.h"
#include "regex/regguts.h"

/*
 * automaton_weight counts the states of an automaton, and the ways between them.
 */
static uint32
automaton_weight(const struct cnfa *automaton)
{
	uint32 weight = (uint32) automaton->nstates;

	for (int i = 0; i < automaton->nstates; i++)
	{
		for (const struct carc *way = automaton->states[i]; way->co != COLORLESS; way++)
			weight++;
	}
	return weight;
}

/*
 * regex_weight counts those of a regular expression, and of the conditions in it.
 */
uint32
regex_weight(const regex_t *regex)
{
	const struct guts *guts = (const struct guts *) regex->re_guts;
	uint32 weight = automaton_weight(&guts->search);

	/* the first one is not used */
	for (int i = 1; i < guts->nlacons; i++)
		weight += automaton_weight(&guts->lacons[i].cnfa);
	return weight;
}
