/*
 * profile_number.h
 *		The range of the numbers in one place of many documents.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PROFILE_NUMBER_H
#define SESSIONIZE_PROFILE_NUMBER_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "contract/json_view.h"

/* Numbers of more digits to the base of 10000, or with one of a higher weight, are not kept. */
#define KEPT_DIGITS 10
#define KEPT_WEIGHT 8

/* A number as numeric stores it (NumberView), in a room of its own. */
typedef struct KeptNumber
{
	int16 digits[KEPT_DIGITS];
	int8 ndigits;
	int8 weight;
	bool negative;
} KeptNumber;

/*
 * The range of some numbers.  Once a number has been among them that is not kept, there is none,
 * whatever the others are.
 */
typedef struct ProfileNumbers
{
	bool is_unbounded;
	KeptNumber least;
	KeptNumber greatest;
} ProfileNumbers;

/* The range of one number. */
extern ProfileNumbers profile_numbers_of(JsonView number);

/* Add the numbers of another range. */
extern void profile_numbers_merge(ProfileNumbers *numbers, const ProfileNumbers *other);

/* Append a number as JSON. */
extern void kept_number_append(StringInfo json, const KeptNumber *number);

/* Append a range to an aggregate's serialized state, and read it again, or reject the state. */
extern void profile_numbers_put(StringInfo out, const ProfileNumbers *numbers);
extern void profile_numbers_get(StringInfo in, ProfileNumbers *numbers);

#endif /* SESSIONIZE_PROFILE_NUMBER_H */
