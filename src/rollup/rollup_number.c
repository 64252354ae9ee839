/*
 * rollup_number.c
 *		How the numbers of a rollup are made of rows of its fact.
 *
 * Both forms of each number stand here.  They have to agree to the last digit: verify() compares
 * what refreshes have added up in memory with the SQL.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "rollup/rollup_number.h"
#include "spi/sql.h"

/* A value that is added to a sum (sign 1) or subtracted from it (-1). */
typedef struct Addition
{
	RollupSum *sum;
	int sign;
	MemoryContext context; /* of what the sum keeps */
} Addition;

/*
 * append_count appends the number of the rows "s" that fulfil a condition, those that come less
 * those that go.
 */
static void
append_count(StringInfo sql, const char *condition)
{
	appendStringInfo(sql, "coalesce(sum(s.\"" ROLLUP_SIGN "\")%s, 0)", condition);
}

/*
 * append_sum appends the sum of a number's value over the rows "s", those that come less those that
 * go.  NaN and infinity count as NULL: they could not be subtracted again.
 */
static void
append_sum(StringInfo sql, const RollupNumber *number, const char *value)
{
	const char *finite =
		number->value_type == NUMERICOID ? psprintf(" AND %s - %s = 0", value, value) : "";

	for (int sign = 1; sign >= -1; sign -= 2)
		appendStringInfo(sql,
						 "%scoalesce(sum(%s) FILTER (WHERE s.\"" ROLLUP_SIGN "\" = %d%s), '0'::%s)",
						 sign > 0 ? "" : " - ", value, sign, finite, format_type_be(number->type));
}

/*
 * rollup_number_append_sql appends the SQL of a number.
 */
void
rollup_number_append_sql(StringInfo sql, const Rollup *rollup, const RollupNumber *number)
{
	char *value;

	if (number->kind == ROLLUP_EVERY)
	{
		append_count(sql, "");
		return;
	}
	value = psprintf("s.%s", quote_identifier(number->column->name));
	if (number->is_duration)
		value = psprintf("(%s - s.%s)", value, rollup->fact->time);
	if (number->kind == ROLLUP_SUM)
		append_sum(sql, number, value);
	else
		append_count(sql, psprintf(" FILTER (WHERE %s%s)", value,
								   number->kind == ROLLUP_TRUE ? "" : SQL_IS_NOT_NULL));
}

/*
 * add_rest adds a numeric or an interval to a sum, by functions like numeric_add and numeric_sub.
 */
static void
add_rest(const Addition *addition, Datum value, int16 length, PGFunction add, PGFunction subtract,
		 Datum zero)
{
	RollupSum *sum = addition->sum;
	Datum before = sum->rest;
	MemoryContext oldcontext;

	value = DirectFunctionCall2(addition->sign > 0 ? add : subtract, before == 0 ? zero : before,
								value);
	oldcontext = MemoryContextSwitchTo(addition->context);
	sum->rest = datumCopy(value, false, length);
	MemoryContextSwitchTo(oldcontext);
	if (before != 0)
		pfree(DatumGetPointer(before));
}

/*
 * add_numeric adds a numeric to a sum.  NaN and infinity count as NULL: they could not be
 * subtracted again.
 */
static void
add_numeric(const Addition *addition, Datum value)
{
	Numeric number = DatumGetNumeric(value);

	if (!numeric_is_nan(number) && !numeric_is_inf(number))
		add_rest(addition, NumericGetDatum(number), -1, numeric_add, numeric_sub,
				 NumericGetDatum(int64_to_numeric(0)));
}

/*
 * add_interval adds an interval to a sum.
 */
static void
add_interval(const Addition *addition, Datum value)
{
	Interval zero = {0};

	add_rest(addition, value, sizeof(Interval), interval_pl, interval_mi, IntervalPGetDatum(&zero));
}

/*
 * add_int8 adds a bigint to a sum.
 */
static void
add_int8(const Addition *addition, int64 value)
{
	RollupSum *sum = addition->sum;
	int64 whole;

	/* an overflow leaves something else in its result */
	if (addition->sign > 0 ? pg_add_s64_overflow(sum->whole, value, &whole)
						   : pg_sub_s64_overflow(sum->whole, value, &whole))
		add_numeric(addition, NumericGetDatum(int64_to_numeric(value)));
	else
		sum->whole = whole;
}

/*
 * rollup_sum_add adds or subtracts a value.
 */
void
rollup_sum_add(RollupSum *sum, const RollupNumber *number, int sign, Datum value, Datum time,
			   MemoryContext context)
{
	const Addition addition = {sum, sign, context};

	if (number->is_duration)
		add_interval(&addition, DirectFunctionCall2(timestamp_mi, value, time));
	else if (number->value_type == INTERVALOID)
		add_interval(&addition, value);
	else if (number->value_type == NUMERICOID)
		add_numeric(&addition, value);
	else
		add_int8(&addition, DatumGetInt64(value));
}

/*
 * rollup_sum_total returns the number as a value of its type.
 */
Datum
rollup_sum_total(const RollupSum *sum, const RollupNumber *number, bool *is_zero)
{
	static const Interval nothing = {0};
	Datum zero = PointerGetDatum(&nothing);
	Datum value;

	if (number->type == INT8OID)
	{
		*is_zero = sum->whole == 0;
		return Int64GetDatum(sum->whole);
	}
	if (number->type == INTERVALOID)
	{
		value = sum->rest == 0 ? zero : sum->rest;
		*is_zero = DatumGetBool(DirectFunctionCall2(interval_eq, value, zero));
		return value;
	}
	value = NumericGetDatum(int64_to_numeric(sum->whole));
	if (sum->rest != 0)
		value = DirectFunctionCall2(numeric_add, value, sum->rest);
	*is_zero =
		DatumGetBool(DirectFunctionCall2(numeric_eq, value, NumericGetDatum(int64_to_numeric(0))));
	return value;
}
