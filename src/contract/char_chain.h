/*
 * char_chain.h
 *		Regular expressions that are chains of repeated characters, such as ^[A-Z]{2}-[0-9]+$, which
 *		are matched without an engine.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHAR_CHAIN_H
#define SESSIONIZE_CHAR_CHAIN_H

#include "postgres.h"

#include "contract/char_set.h"
#include "utils/text_view.h"

/* A character of a set, repeated. */
typedef struct ChainLink
{
	uint64 ascii[2]; /* ASCII's characters in the set, as bits */
	bool beyond;     /* all others are in it; else none is */
	uint32 min;
	uint32 max;
} ChainLink;

/* A chain that begins where a text begins; all zero: one without links. */
typedef struct CharChain
{
	ChainLink *links;
	uint32 count;
	uint32 capacity;
	bool to_end; /* it must end where the text ends */
	bool broken; /* it can't be matched this way */
} CharChain;

/* Append a link; the chain is broken if the set can't be had as a link. */
extern void char_chain_add(CharChain *chain, const CharSet *set, uint32 min, uint32 max);

/*
 * Whether a complete chain can be matched by taking as many characters as fit for each link: a link
 * that may end earlier must not have characters that the next one has.
 */
extern bool char_chain_is_plain(const CharChain *chain);

/* Whether a text begins with the chain, and ends with it if it must. */
extern bool char_chain_matches(const CharChain *chain, TextView text);

#endif /* SESSIONIZE_CHAR_CHAIN_H */
