/*
 * number.h
 *		Numbers inside a jsonb, compared without converting them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_NUMBER_H
#define SESSIONIZE_NUMBER_H

#include "postgres.h"

#include "compat.h"
#include "contract/json_view.h"

/*
 * A number as numeric stores it: the sum of digits[i] * 10000^(weight - i), with neither leading
 * nor trailing digits that are zero.
 */
typedef struct NumberView
{
	const int16 *digits;
	int32 ndigits; /* 0: the number is zero */
	int32 weight;
	bool negative;
} NumberView;

/* Decimal places in one digit, and the base. */
#define NUMBER_DIGIT_PLACES 4
#define NUMBER_BASE         10000

/* How numeric.c lays a number out, behind the length word. */
#define NUMBER_SHORT             0x8000
#define NUMBER_SPECIAL           0xC000
#define NUMBER_LONG_NEGATIVE     0x4000
#define NUMBER_SHORT_NEGATIVE    0x2000
#define NUMBER_SHORT_WEIGHT_SIGN 0x0040
#define NUMBER_SHORT_WEIGHT      0x003F

/*
 * number_of_numeric returns the digits of a number.  A special one (JSON has none) is zero.
 */
static inline NumberView
number_of_numeric(const void *numeric)
{
	const uint16 *words = (const uint16 *) ((const char *) numeric + VARHDRSZ);
	int32 size = (int32) ((VARSIZE(numeric) - VARHDRSZ) / sizeof(uint16));
	uint16 header = words[0];

	if (header & NUMBER_SHORT)
	{
		int32 weight = header & NUMBER_SHORT_WEIGHT;

		if ((header & NUMBER_SPECIAL) == NUMBER_SPECIAL)
			return (NumberView){NULL, 0, 0, false};
		if (header & NUMBER_SHORT_WEIGHT_SIGN)
			weight -= NUMBER_SHORT_WEIGHT + 1;
		return (NumberView){(const int16 *) words + 1, size - 1, weight,
							(header & NUMBER_SHORT_NEGATIVE) != 0};
	}
	return (NumberView){(const int16 *) words + 2, size - 2, (int16) words[1],
						(header & NUMBER_LONG_NEGATIVE) != 0};
}

/*
 * number_view returns the digits of a value that is a number.
 */
static inline NumberView
number_view(JsonView value)
{
	return number_of_numeric(value.data);
}

/*
 * number_is_integer tells whether a number has no fraction.
 */
static inline bool
number_is_integer(NumberView number)
{
	return number.ndigits <= number.weight + 1 || number.ndigits == 0;
}

/*
 * number_small returns an integer of at most 16 decimal places; false if a number is none.
 */
static inline bool
number_small(NumberView number, int64 *result)
{
	int64 sum = 0;

	if (number.weight > 3 || !number_is_integer(number))
		return false;
	for (int32 i = 0; i < number.ndigits; i++)
		sum = sum * NUMBER_BASE + number.digits[i];
	for (int32 i = number.ndigits; number.ndigits > 0 && i <= number.weight; i++)
		sum *= NUMBER_BASE;
	*result = number.negative ? -sum : sum;
	return true;
}

/* Less than, equal to or greater than zero as a is less than, equal to or greater than b. */
extern int number_compare(NumberView a, NumberView b);

/* A hash that equal numbers share. */
extern uint64 number_hash(NumberView number);

/*
 * A number that is no negative integer, or UINT32_MAX if it is greater than that; false if it is
 * not one.
 */
extern bool number_count(NumberView number, uint32 *count);

/* A number by which others are divided. */
typedef struct NumberDivisor
{
	const char *numeric; /* a Numeric */
	uint64 scaled;       /* times 10^places; 0: too large for it */
	int32 places;
	int32 digits; /* to the base 10000 */
	int64 small;  /* 0: not an integer, or too large for it */
} NumberDivisor;

/* Prepare a number, greater than zero, to divide by. */
extern NumberDivisor number_divisor(JsonView value);

/* Whether a number is an integer multiple of another, exactly. */
extern bool number_is_multiple(JsonView value, const NumberDivisor *divisor);

#endif /* SESSIONIZE_NUMBER_H */
