/*
 * profile_number.c
 *		The range of the numbers in one place of many documents.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "libpq/pqformat.h"

#include "contract/number.h"
#include "contract/profile_number.h"
#include "utils/memory.h"

/*
 * kept_view returns a kept number to be compared.
 */
static inline NumberView
kept_view(const KeptNumber *number)
{
	return (NumberView){number->digits, number->ndigits, number->weight, number->negative};
}

/*
 * profile_numbers_of returns the range of one number.
 */
ProfileNumbers
profile_numbers_of(JsonView number)
{
	NumberView view = number_view(number);
	ProfileNumbers numbers = {0};

	if (view.ndigits == 0)
		return numbers;
	numbers.is_unbounded =
		view.ndigits > KEPT_DIGITS || view.weight > KEPT_WEIGHT || view.weight < -KEPT_WEIGHT;
	if (numbers.is_unbounded)
		return numbers;
	memcpy(numbers.least.digits, view.digits, view.ndigits * sizeof(int16));
	numbers.least.ndigits = (int8) view.ndigits;
	numbers.least.weight = (int8) view.weight;
	numbers.least.negative = view.negative;
	numbers.greatest = numbers.least;
	return numbers;
}

/*
 * profile_numbers_merge adds the numbers of another range.
 */
void
profile_numbers_merge(ProfileNumbers *numbers, const ProfileNumbers *other)
{
	if (numbers->is_unbounded)
		return;
	if (other->is_unbounded)
	{
		*numbers = (ProfileNumbers){.is_unbounded = true};
		return;
	}
	if (number_compare(kept_view(&other->least), kept_view(&numbers->least)) < 0)
		numbers->least = other->least;
	if (number_compare(kept_view(&other->greatest), kept_view(&numbers->greatest)) > 0)
		numbers->greatest = other->greatest;
}

/*
 * digit_at returns the digit of a weight.
 */
static int
digit_at(const KeptNumber *number, int weight)
{
	int i = number->weight - weight;

	return i >= 0 && i < number->ndigits ? number->digits[i] : 0;
}

/*
 * kept_number_append appends a number as JSON.
 */
void
kept_number_append(StringInfo json, const KeptNumber *number)
{
	int lowest = number->weight - number->ndigits + 1;

	if (number->ndigits > 0 && number->negative)
		appendStringInfoChar(json, '-');
	appendStringInfo(json, "%d", digit_at(number, Max(number->weight, 0)));
	for (int weight = number->weight - 1; weight >= 0; weight--)
		appendStringInfo(json, "%04d", digit_at(number, weight));
	if (number->ndigits == 0 || lowest >= 0)
		return;
	appendStringInfoChar(json, '.');
	for (int weight = -1; weight >= lowest; weight--)
		appendStringInfo(json, "%04d", digit_at(number, weight));
	while (json->data[json->len - 1] == '0')
		json->data[--json->len] = '\0';
}

/*
 * put_number appends a number to a state.
 */
static void
put_number(StringInfo out, const KeptNumber *number)
{
	pq_sendbyte(out, (uint8) number->negative);
	pq_sendbyte(out, (uint8) number->weight);
	pq_sendbyte(out, (uint8) number->ndigits);
	for (int i = 0; i < number->ndigits; i++)
		pq_sendint16(out, (uint16) number->digits[i]);
}

/*
 * is_in_order tells whether a number is as numeric would store it.
 */
static bool
is_in_order(const KeptNumber *number)
{
	for (int i = 0; i < number->ndigits; i++)
	{
		if (number->digits[i] < 0 || number->digits[i] >= NUMBER_BASE)
			return false;
	}
	if (number->ndigits == 0)
		return number->weight == 0 && !number->negative;
	return number->weight <= KEPT_WEIGHT && number->weight >= -KEPT_WEIGHT &&
		   number->digits[0] != 0 && number->digits[number->ndigits - 1] != 0;
}

/*
 * get_number reads a number from a state.
 */
static void
get_number(StringInfo in, KeptNumber *number)
{
	int negative = pq_getmsgbyte(in);
	int ndigits;

	*number = (KeptNumber){.weight = (int8) pq_getmsgbyte(in)};
	ndigits = pq_getmsgbyte(in);
	if (negative > 1 || ndigits > KEPT_DIGITS)
		sz_check_status(SZ_BAD_STATE);
	number->negative = negative == 1;
	number->ndigits = (int8) ndigits;
	for (int i = 0; i < ndigits; i++)
		number->digits[i] = (int16) pq_getmsgint(in, 2);
	if (!is_in_order(number))
		sz_check_status(SZ_BAD_STATE);
}

/*
 * profile_numbers_put appends a range to a state.
 */
void
profile_numbers_put(StringInfo out, const ProfileNumbers *numbers)
{
	pq_sendbyte(out, (uint8) numbers->is_unbounded);
	if (numbers->is_unbounded)
		return;
	put_number(out, &numbers->least);
	put_number(out, &numbers->greatest);
}

/*
 * profile_numbers_get reads a range from a state.
 */
void
profile_numbers_get(StringInfo in, ProfileNumbers *numbers)
{
	int is_unbounded = pq_getmsgbyte(in);

	if (is_unbounded > 1)
		sz_check_status(SZ_BAD_STATE);
	*numbers = (ProfileNumbers){.is_unbounded = is_unbounded == 1};
	if (numbers->is_unbounded)
		return;
	get_number(in, &numbers->least);
	get_number(in, &numbers->greatest);
	if (number_compare(kept_view(&numbers->least), kept_view(&numbers->greatest)) > 0)
		sz_check_status(SZ_BAD_STATE);
}
