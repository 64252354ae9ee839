/*
 * attribution.c
 *		How a conversion is shared out among the touches before it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "core/attribution.h"

/* The weight of the last touch under time decay. */
#define WEIGHT_ONE (UINT64_C(1) << 63)

/* 2^(-1/2), 2^(-1/4), 2^(-1/8) and so on, in units of 2^-64. */
static const uint64_t roots[64] = {
	UINT64_C(0xB504F333F9DE6484), UINT64_C(0xD744FCCAD69D6AF4), UINT64_C(0xEAC0C6E7DD24392F),
	UINT64_C(0xF5257D152486CC2C), UINT64_C(0xFA83B2DB722A033A), UINT64_C(0xFD3E0C0CF486C175),
	UINT64_C(0xFE9E115C7B8F884C), UINT64_C(0xFF4ECB59511EC8A5), UINT64_C(0xFFA756521C8DAED2),
	UINT64_C(0xFFD3A751C0F7E10C), UINT64_C(0xFFE9D2B2F7DB2756), UINT64_C(0xFFF4E91BFF1B8C3E),
	UINT64_C(0xFFFA747EA0040664), UINT64_C(0xFFFD3A3B7814EB54), UINT64_C(0xFFFE9D1CC60DDAB1),
	UINT64_C(0xFFFF4E8E25879BFA), UINT64_C(0xFFFFA7470363F451), UINT64_C(0xFFFFD3A37DDA0313),
	UINT64_C(0xFFFFE9D1BDF703AF), UINT64_C(0xFFFFF4E8DEBE025E), UINT64_C(0xFFFFFA746F4FA150),
	UINT64_C(0xFFFFFD3A37A3F8B0), UINT64_C(0xFFFFFE9D1BD1065A), UINT64_C(0xFFFFFF4E8DE845AE),
	UINT64_C(0xFFFFFFA746F41377), UINT64_C(0xFFFFFFD3A37A05E4), UINT64_C(0xFFFFFFE9D1BD01FC),
	UINT64_C(0xFFFFFFF4E8DE80C0), UINT64_C(0xFFFFFFFA746F4051), UINT64_C(0xFFFFFFFD3A37A025),
	UINT64_C(0xFFFFFFFE9D1BD011), UINT64_C(0xFFFFFFFF4E8DE808), UINT64_C(0xFFFFFFFFA746F404),
	UINT64_C(0xFFFFFFFFD3A37A02), UINT64_C(0xFFFFFFFFE9D1BD01), UINT64_C(0xFFFFFFFFF4E8DE81),
	UINT64_C(0xFFFFFFFFFA746F40), UINT64_C(0xFFFFFFFFFD3A37A0), UINT64_C(0xFFFFFFFFFE9D1BD0),
	UINT64_C(0xFFFFFFFFFF4E8DE8), UINT64_C(0xFFFFFFFFFFA746F4), UINT64_C(0xFFFFFFFFFFD3A37A),
	UINT64_C(0xFFFFFFFFFFE9D1BD), UINT64_C(0xFFFFFFFFFFF4E8DF), UINT64_C(0xFFFFFFFFFFFA746F),
	UINT64_C(0xFFFFFFFFFFFD3A38), UINT64_C(0xFFFFFFFFFFFE9D1C), UINT64_C(0xFFFFFFFFFFFF4E8E),
	UINT64_C(0xFFFFFFFFFFFFA747), UINT64_C(0xFFFFFFFFFFFFD3A3), UINT64_C(0xFFFFFFFFFFFFE9D2),
	UINT64_C(0xFFFFFFFFFFFFF4E9), UINT64_C(0xFFFFFFFFFFFFFA74), UINT64_C(0xFFFFFFFFFFFFFD3A),
	UINT64_C(0xFFFFFFFFFFFFFE9D), UINT64_C(0xFFFFFFFFFFFFFF4F), UINT64_C(0xFFFFFFFFFFFFFFA7),
	UINT64_C(0xFFFFFFFFFFFFFFD4), UINT64_C(0xFFFFFFFFFFFFFFEA), UINT64_C(0xFFFFFFFFFFFFFFF5),
	UINT64_C(0xFFFFFFFFFFFFFFFA), UINT64_C(0xFFFFFFFFFFFFFFFD), UINT64_C(0xFFFFFFFFFFFFFFFF),
	UINT64_C(0xFFFFFFFFFFFFFFFF)};

/*
 * fraction returns part / whole in units of 2^-64, for part < whole, by binary long division.
 */
static uint64_t
fraction(uint64_t part, uint64_t whole)
{
	uint64_t result = 0;

	for (int i = 0; i < 64; i++)
	{
		/* if the shift drops a bit, 2 * part is larger than any whole */
		bool goes = part >> 63 != 0 || part << 1 >= whole;

		part <<= 1;
		if (goes)
			part -= whole;
		result = result << 1 | (goes ? 1 : 0);
	}
	return result;
}

/*
 * multiply returns the upper half of a product.
 */
static uint64_t
multiply(uint64_t a, uint64_t b)
{
	uint64_t a_low = (uint32_t) a;
	uint64_t b_low = (uint32_t) b;
	uint64_t middle = (a >> 32) * b_low + (a_low * b_low >> 32);

	return (a >> 32) * (b >> 32) + (middle >> 32) + ((a_low * (b >> 32) + (uint32_t) middle) >> 32);
}

/*
 * decay returns the weight of a touch this long (in microseconds) before the last one: WEIGHT_ONE *
 * 2^(-elapsed / half_life).  The last few of the 63 bits may be off.
 */
static uint64_t
decay(uint64_t elapsed, uint64_t half_life)
{
	uint64_t halvings = elapsed / half_life;
	uint64_t bits = fraction(elapsed % half_life, half_life);
	uint64_t weight = WEIGHT_ONE;

	if (halvings > 63)
		return 0;
	/* Each bit that is set in the fraction selects a root to multiply by. */
	for (int i = 0; bits != 0; i++, bits <<= 1)
	{
		if (bits >> 63)
			weight = multiply(weight, roots[i]);
	}
	return weight >> halvings;
}

/*
 * weight_of returns the weight of a touch.
 */
static uint64_t
weight_of(SzAttributionModel model, const SzNode *touches, uint32_t count, uint32_t i,
		  uint64_t half_life)
{
	bool is_end = i == 0 || i == count - 1;

	switch (model)
	{
		case SZ_ATTRIBUTION_FIRST:
			return i == 0;
		case SZ_ATTRIBUTION_LAST:
			return i == count - 1;
		case SZ_ATTRIBUTION_LINEAR:
			return 1;
		case SZ_ATTRIBUTION_POSITION:
			/* 2/5 each for first and last, 1/5 for all in between; if there is none, 1/2 each. */
			return !is_end || count <= 2 ? 1 : (uint64_t) (count - 2) * 2;
		case SZ_ATTRIBUTION_TIME_DECAY:
			return decay(sz_elapsed(touches[i].ts, touches[count - 1].ts), half_life);
	}
	return 0;
}

/* A number of up to 128 bits, for sums of weights; not every compiler has such a type. */
typedef struct Sum
{
	uint64_t high;
	uint64_t low;
} Sum;

/*
 * add returns sum + value.
 */
static Sum
add(Sum sum, uint64_t value)
{
	Sum result = {sum.high, sum.low + value};

	result.high += result.low < value;
	return result;
}

/*
 * is_less tells whether a < b.
 */
static bool
is_less(Sum a, Sum b)
{
	return a.high != b.high ? a.high < b.high : a.low < b.low;
}

/*
 * subtract returns a - b, for a >= b.
 */
static Sum
subtract(Sum a, Sum b)
{
	return (Sum){a.high - b.high - (a.low < b.low), a.low - b.low};
}

/*
 * times_ten returns 10 * sum.
 */
static Sum
times_ten(Sum sum)
{
	Sum twice = {sum.high << 1 | sum.low >> 63, sum.low << 1};
	Sum eight_times = {sum.high << 3 | sum.low >> 61, sum.low << 3};
	Sum result = add(eight_times, twice.low);

	result.high += twice.high;
	return result;
}

/*
 * units returns SZ_SHARE_UNITS * part / whole, rounded down, by decimal long division.  The sum of
 * 2^32 weights has less than 97 bits, so ten times the sum has less than 128.
 */
static uint64_t
units(Sum part, Sum whole)
{
	uint64_t result = 0;

	if (!is_less(part, whole))
		return SZ_SHARE_UNITS;
	for (int i = 0; i < SZ_SHARE_DIGITS; i++)
	{
		result *= 10;
		for (part = times_ten(part); !is_less(part, whole); part = subtract(part, whole))
			result++;
	}
	return result;
}

/*
 * sz_attribution_shares shares out a conversion.
 */
void
sz_attribution_shares(SzAttributionModel model, const SzNode *touches, uint32_t count,
					  uint64_t half_life, uint64_t *shares)
{
	Sum whole = {0, 0};
	Sum part = {0, 0};
	uint64_t given = 0;

	for (uint32_t i = 0; i < count; i++)
		whole = add(whole, weight_of(model, touches, count, i, half_life));
	for (uint32_t i = 0; i < count; i++)
	{
		uint64_t total;

		part = add(part, weight_of(model, touches, count, i, half_life));
		total = units(part, whole);
		shares[i] = total - given;
		given = total;
	}
}
