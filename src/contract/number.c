/*
 * number.c
 *		Numbers inside a jsonb: compared, divided.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "contract/number.h"

/* A divisor times a power of ten must be less, so that remainders can be continued by a digit. */
#define MAX_SCALED (PG_UINT64_MAX / NUMBER_BASE / 2)

/*
 * compare_sizes compares two numbers without their signs; none is zero.
 */
static int
compare_sizes(NumberView a, NumberView b)
{
	int32 common = Min(a.ndigits, b.ndigits);

	if (a.weight != b.weight)
		return a.weight < b.weight ? -1 : 1;
	for (int32 i = 0; i < common; i++)
	{
		if (a.digits[i] != b.digits[i])
			return a.digits[i] < b.digits[i] ? -1 : 1;
	}
	return (a.ndigits > b.ndigits) - (a.ndigits < b.ndigits);
}

/*
 * number_compare compares two numbers.
 */
int
number_compare(NumberView a, NumberView b)
{
	int sign_a = a.ndigits == 0 ? 0 : a.negative ? -1 : 1;
	int sign_b = b.ndigits == 0 ? 0 : b.negative ? -1 : 1;

	if (sign_a != sign_b)
		return sign_a < sign_b ? -1 : 1;
	if (sign_a == 0)
		return 0;
	return sign_a * compare_sizes(a, b);
}

/*
 * number_hash returns a hash of a number.
 */
uint64
number_hash(NumberView number)
{
	if (number.ndigits == 0)
		return JSON_NUMBER;
	return hash_bytes_extended((const unsigned char *) number.digits,
							   (int) (number.ndigits * sizeof(int16)),
							   (uint64) (int64) (number.weight * 2 + number.negative));
}

/*
 * number_count returns a number that is no negative integer, or UINT32_MAX.
 */
bool
number_count(NumberView number, uint32 *count)
{
	int64 small;

	if (!number_is_integer(number) || (number.negative && number.ndigits > 0))
		return false;
	if (!number_small(number, &small) || small > PG_UINT32_MAX)
		small = PG_UINT32_MAX;
	*count = (uint32) small;
	return true;
}

/*
 * scale_divisor finds the smallest power of ten that makes a divisor an integer, and the product.
 */
static void
scale_divisor(NumberView number, NumberDivisor *divisor)
{
	uint64 scaled = 0;
	int32 places = Max(0, number.ndigits - 1 - number.weight) * NUMBER_DIGIT_PLACES;

	for (int32 i = 0; i < number.ndigits || i <= number.weight; i++)
	{
		scaled = scaled * NUMBER_BASE + (uint64) (i < number.ndigits ? number.digits[i] : 0);
		if (scaled > MAX_SCALED)
			return;
	}
	while (places > 0 && scaled % 10 == 0)
	{
		scaled /= 10;
		places--;
	}
	divisor->scaled = scaled;
	divisor->places = places;
}

/*
 * number_divisor prepares a number to divide by.
 */
NumberDivisor
number_divisor(JsonView value)
{
	NumberDivisor divisor = {.numeric = value.data};
	NumberView number = number_view(value);

	divisor.digits = number.ndigits;
	scale_divisor(number, &divisor);
	if (!number_small(number, &divisor.small))
		divisor.small = 0;
	return divisor;
}

/*
 * is_scaled_multiple tells whether a number times 10^places is a multiple of an integer: it
 * carries the remainder from digit to digit.
 */
static bool
is_scaled_multiple(NumberView number, const NumberDivisor *divisor)
{
	uint64 remainder = 0;
	int32 last = number.weight + (divisor->places + NUMBER_DIGIT_PLACES - 1) / NUMBER_DIGIT_PLACES;
	int32 surplus = -divisor->places & (NUMBER_DIGIT_PLACES - 1);

	/* what remains behind the last place would be a fraction of the product */
	if (number.ndigits > last + 1)
		return false;
	for (int32 i = 0; i <= last; i++)
	{
		uint64 digit = i < number.ndigits ? (uint64) number.digits[i] : 0;

		if (i < last || surplus == 0)
			remainder = (remainder * NUMBER_BASE + digit) % divisor->scaled;
		else
		{
			uint64 power = surplus == 1 ? 10 : surplus == 2 ? 100 : 1000;

			if (digit % power != 0)
				return false;
			remainder = (remainder * (NUMBER_BASE / power) + digit / power) % divisor->scaled;
		}
	}
	return remainder == 0;
}

/*
 * number_is_multiple tells whether a number is an integer multiple of another.
 */
bool
number_is_multiple(JsonView value, const NumberDivisor *divisor)
{
	NumberView number = number_view(value);
	int64 small;
	Datum remainder;

	if (number.ndigits == 0)
		return true;
	if (divisor->small != 0 && number_small(number, &small))
		return small % divisor->small == 0;
	if (divisor->scaled != 0)
		return is_scaled_multiple(number, divisor);
	CHECK_FOR_INTERRUPTS();
	remainder = DirectFunctionCall2(numeric_mod, PointerGetDatum(value.data),
									PointerGetDatum(divisor->numeric));
	return number_of_numeric(DatumGetPointer(remainder)).ndigits == 0;
}
