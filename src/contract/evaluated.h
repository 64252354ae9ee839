/*
 * evaluated.h
 *		Which members of an object, or elements of an array, have been evaluated.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EVALUATED_H
#define SESSIONIZE_EVALUATED_H

#include "postgres.h"

/* So many have room without an allocation. */
#define EVALUATED_FEW 256

/* Sets of so many parts are made, and joined, in a step. */
#define EVALUATED_PER_STEP 1024

typedef struct Evaluated
{
	uint64 *bits;
	uint32 count;
	uint64 few[EVALUATED_FEW / 64];
} Evaluated;

/*
 * evaluated_words returns how many words a set has.
 */
static inline uint32
evaluated_words(const Evaluated *set)
{
	return (set->count + 63) / 64;
}

/*
 * evaluated_begin begins a set of so many parts, none of them evaluated.
 */
static inline void
evaluated_begin(Evaluated *set, uint32 count)
{
	set->count = count;
	set->bits = count <= EVALUATED_FEW ? set->few : palloc(evaluated_words(set) * sizeof(uint64));
	memset(set->bits, 0, evaluated_words(set) * sizeof(uint64));
}

/*
 * evaluated_end frees a set.
 */
static inline void
evaluated_end(Evaluated *set)
{
	if (set->bits != set->few)
		pfree(set->bits);
}

/*
 * evaluated_mark marks a part.
 */
static inline void
evaluated_mark(Evaluated *set, uint32 part)
{
	set->bits[part / 64] |= UINT64CONST(1) << (part % 64);
}

/*
 * evaluated_has tells whether a part is marked.
 */
static inline bool
evaluated_has(const Evaluated *set, uint32 part)
{
	return (set->bits[part / 64] >> (part % 64)) & 1;
}

/*
 * evaluated_add marks in one set what is marked in another one for the same value.
 */
static inline void
evaluated_add(Evaluated *set, const Evaluated *other)
{
	for (uint32 i = 0; i < evaluated_words(set); i++)
		set->bits[i] |= other->bits[i];
}

#endif /* SESSIONIZE_EVALUATED_H */
