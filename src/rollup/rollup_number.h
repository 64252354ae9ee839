/*
 * rollup_number.h
 *		How the numbers of a rollup are made of rows of its fact: in SQL, for all rows at once, and in
 *		memory, for rows that come and go.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROLLUP_NUMBER_H
#define SESSIONIZE_ROLLUP_NUMBER_H

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"

#include "rollup/rollup.h"

/* The column of rows that come (1) or go (-1). */
#define ROLLUP_SIGN "rollup sign"

/*
 * Append the SQL of a number over the rows "s" of the fact, with the column ROLLUP_SIGN: that of
 * rows that come less that of rows that go.
 */
extern void
rollup_number_append_sql(StringInfo sql, const Rollup *rollup, const RollupNumber *number);

/*
 * A number in memory; all zero at first.  The sum of bigints is in both parts: the second takes what
 * would overflow the first.
 */
typedef struct RollupSum
{
	int64 whole;
	Datum rest; /* numeric or interval; 0: nothing was added */
} RollupSum;

/*
 * Add (1) or subtract (-1) the value that a row has in the number's column, which is not NULL, in a
 * row of this time.  For a number of the kind ROLLUP_SUM.  What the sum keeps is allocated in
 * context, anything else in CurrentMemoryContext.
 */
extern void rollup_sum_add(RollupSum *sum, const RollupNumber *number, int sign, Datum value,
						   Datum time, MemoryContext context);

/* The number as a value of its type, and whether it is zero. */
extern Datum rollup_sum_total(const RollupSum *sum, const RollupNumber *number, bool *is_zero);

/*
 * rollup_sum_add_row adds or subtracts a row, whose column of the number has this value.
 */
static inline void
rollup_sum_add_row(RollupSum *sum, const RollupNumber *number, int sign, NullableDatum value,
				   Datum time, MemoryContext context)
{
	switch (number->kind)
	{
		case ROLLUP_EVERY:
			sum->whole += sign;
			break;
		case ROLLUP_COUNT:
			sum->whole += value.isnull ? 0 : sign;
			break;
		case ROLLUP_TRUE:
			sum->whole += !value.isnull && DatumGetBool(value.value) ? sign : 0;
			break;
		case ROLLUP_SUM:
			/* most numbers of duplicates and the like are 0 */
			if (!value.isnull && !(number->value_type == INT8OID && value.value == 0))
				rollup_sum_add(sum, number, sign, value.value, time, context);
			break;
	}
}

#endif /* SESSIONIZE_ROLLUP_NUMBER_H */
