/*
 * subset_shape.h
 *		What the facts about documents say together of types, numbers and sizes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_SHAPE_H
#define SESSIONIZE_SUBSET_SHAPE_H

#include "postgres.h"

#include "utils/numeric.h"

#include "contract/subset_premise.h"

/* Sizes are compared up to here; larger ones count as this. */
#define SUBSET_MAX_SIZE 1000000000

/* A bound of numbers; value is NULL if there is none. */
typedef struct SubsetBound
{
	Numeric value;
	bool exclusive;
} SubsetBound;

/* The types that a value of the keyword "type" names; 0 if it is no such value. */
extern SubsetTypes subset_named_types(const JsonbValue *value);

/* The types that documents may have, by "type", "enum" and "const". */
extern SubsetTypes subset_types(const SubsetPremise *premise);

/* A set of types in words. */
extern char *subset_types_text(SubsetTypes types);

extern Numeric subset_integer(int number);
extern int subset_compare_numbers(Numeric a, Numeric b);

/* The highest of the lower bounds, or the lowest of the upper ones. */
extern SubsetBound subset_bound(const SubsetPremise *premise, bool upper);

/* The largest value of a keyword that is a least size; 0 if there is none. */
extern int subset_least(const SubsetPremise *premise, SubsetKeyword keyword);

/* The smallest value of a keyword that is a greatest size; SUBSET_MAX_SIZE if there is none. */
extern int subset_greatest(const SubsetPremise *premise, SubsetKeyword keyword);

/* A number as a size: the next integer, not more than SUBSET_MAX_SIZE. */
extern int subset_size(const JsonbValue *number);

/* Whether a number is a multiple of another one. */
extern bool subset_is_multiple(Numeric number, Numeric of);

#endif /* SESSIONIZE_SUBSET_SHAPE_H */
