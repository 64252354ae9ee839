/*
 * char_chain.c
 *		Regular expressions that are chains of repeated characters.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "contract/char_chain.h"
#include "utils/array_reserve.h"

#define FIRST_BEYOND 0x80

/*
 * add_ascii adds ASCII's characters of a range to a link.
 */
static void
add_ascii(ChainLink *link, CharRange range)
{
	for (uint32 c = range.first; c <= range.last && c < FIRST_BEYOND; c++)
		link->ascii[c / 64] |= UINT64CONST(1) << (c % 64);
}

/*
 * char_chain_add appends a link.
 */
void
char_chain_add(CharChain *chain, const CharSet *set, uint32 min, uint32 max)
{
	ChainLink link = {.min = min, .max = max};

	for (uint32 i = 0; i < set->count; i++)
	{
		CharRange range = set->ranges[i];

		add_ascii(&link, range);
		if (range.last < FIRST_BEYOND)
			continue;
		if (range.first > FIRST_BEYOND || range.last < CHAR_SET_LAST ||
			GetDatabaseEncoding() != PG_UTF8)
			chain->broken = true;
		link.beyond = true;
	}
	array_reserve(chain->links, chain->count, chain->capacity, 4);
	chain->links[chain->count++] = link;
}

/*
 * overlap tells whether two links have a character in common.
 */
static bool
overlap(const ChainLink *a, const ChainLink *b)
{
	return (a->ascii[0] & b->ascii[0]) != 0 || (a->ascii[1] & b->ascii[1]) != 0 ||
		   (a->beyond && b->beyond);
}

/*
 * char_chain_is_plain tells whether a chain can be matched by taking as many characters as fit.
 */
bool
char_chain_is_plain(const CharChain *chain)
{
	for (uint32 i = 0; i < chain->count && !chain->broken; i++)
	{
		const ChainLink *link = &chain->links[i];

		/* the links that may come behind this one */
		for (uint32 next = i + 1; link->min != link->max && next < chain->count; next++)
		{
			if (overlap(link, &chain->links[next]))
				return false;
			if (chain->links[next].min > 0)
				break;
		}
	}
	return !chain->broken;
}

/*
 * take_link moves on behind the characters that fit a link; returns whether there are enough.
 */
static inline bool
take_link(const ChainLink *link, TextView text, uint32 *at)
{
	uint32 count = 0;
	uint32 i = *at;

	while (count < link->max && i < text.len)
	{
		uint8 c = (uint8) text.data[i];

		if (c < FIRST_BEYOND ? !((link->ascii[c / 64] >> (c % 64)) & 1) : !link->beyond)
			break;
		i++;
		/* the rest of a character of several bytes, which only UTF-8 has here */
		while (c >= FIRST_BEYOND && i < text.len && ((uint8) text.data[i] & 0xC0) == 0x80)
			i++;
		count++;
	}
	*at = i;
	return count >= link->min;
}

/*
 * char_chain_matches tells whether a text begins with a chain.
 */
bool
char_chain_matches(const CharChain *chain, TextView text)
{
	uint32 at = 0;

	for (uint32 i = 0; i < chain->count; i++)
	{
		if (!take_link(&chain->links[i], text, &at))
			return false;
	}
	return !chain->to_end || at == text.len;
}
