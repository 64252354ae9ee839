/*
 * char_set.h
 *		Sets of characters, as regular expressions have them in brackets.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHAR_SET_H
#define SESSIONIZE_CHAR_SET_H

#include "postgres.h"

#include "lib/stringinfo.h"

/* The first and the last character that a set may have; a text never has the character 0. */
#define CHAR_SET_FIRST 1
#define CHAR_SET_LAST  0x7ffffffe

typedef struct CharRange
{
	uint32 first;
	uint32 last;
} CharRange;

/* A set of characters; all zero: none. */
typedef struct CharSet
{
	CharRange *ranges;
	uint32 count;
	uint32 capacity;
} CharSet;

/* Add the characters of a range, or of another set. */
extern void char_set_add(CharSet *set, uint32 first, uint32 last);
extern void char_set_add_set(CharSet *set, const CharSet *other);

/* Turn a set into that of all other characters. */
extern void char_set_invert(CharSet *set);

/* Append a set as a bracket expression of PostgreSQL. */
extern void char_set_append(StringInfo out, CharSet *set);

#endif /* SESSIONIZE_CHAR_SET_H */
