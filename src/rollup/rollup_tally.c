/*
 * rollup_tally.c
 *		Adds up, in memory, the rows of a fact that come and go, for one rollup.
 *
 * A statement that groups rows would parse, plan and run aggregates over numeric for each piece,
 * which takes several times as long as this hash table.  Its groups are by the bytes of the time
 * and the keys.  When they take more than work_mem, their sums move to a tuplestore, which goes to
 * disk; a group may then have several rows, which are added up like those of several pieces.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "rollup/rollup_sql.h"
#include "rollup/rollup_tally.h"
#include "spi/sql_rows.h"
#include "utils/text_view.h"
#include "utils/value_bytes.h"

/* A date_key that is not greater is that of no day. */
#define LAST_KEY_WITHOUT_DAY 10000

/*
 * A number of a group.  The sum of bigints is in both parts: the second takes what would overflow
 * the first.
 */
typedef struct Sum
{
	int64 whole;
	Datum rest; /* numeric or interval, in the context of the groups; 0: nothing was added */
} Sum;

/* The rows with the same time and keys. */
typedef struct TallyGroup
{
	uint32 hash;
	char status;
	TextView key; /* the time and the keys, packed */
	Sum *sums;    /* the number of rows, and the measures */
} TallyGroup;

#define SH_PREFIX            group_table
#define SH_ELEMENT_TYPE      TallyGroup
#define SH_KEY_TYPE          TextView
#define SH_KEY               key
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key).data, (int) (key).len)
#define SH_EQUAL(tb, a, b)   ((a).len == (b).len && memcmp((a).data, (b).data, (a).len) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) ((a)->hash)
#define SH_SCOPE           static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A column of the fact that the rollup is made of: its number, and how its values are stored. */
typedef struct UsedColumn
{
	int column;
	ValueLayout layout;
} UsedColumn;

/* A measure, with the column of its value. */
typedef struct TalliedMeasure
{
	const RollupMeasure *measure;
	int column;
} TalliedMeasure;

struct RollupTally
{
	const Rollup *rollup;
	MemoryContext context;
	MemoryContext group_context; /* the groups */
	MemoryContext row_context;   /* values that are computed of a row */
	int nused;
	UsedColumn used[ROW_MAX_WIDTH];
	UsedColumn *keys;
	TalliedMeasure *measures;
	int time; /* the fact's columns of the time and, but for hours, the date_key */
	int date_key;
	Interval hour; /* the width and the origin of hours */
	Datum origin;
	int32 last_key; /* the last date_key, and the time that was made of it */
	Datum last_period;
	StringInfoData packed; /* the time and the keys of a row */
	group_table_hash *groups;
	TupleDesc desc; /* of the table of changes */
	char *insert;
	Tuplestorestate *rows; /* NULL: there are none */
};

/*
 * column_number returns the number of the fact's column of a name.
 */
static int
column_number(const StarTable *fact, const char *name)
{
	for (int i = 0; i < fact->ncolumns; i++)
		if (strcmp(fact->columns[i].name, name) == 0)
			return i;
	elog(ERROR, "there is no column %s", name);
}

/*
 * used_column describes a column of the fact.
 */
static UsedColumn
used_column(const Rollup *rollup, const StarColumn *column)
{
	return (UsedColumn){(int) (column - rollup->fact->columns),
						value_layout(star_column_type(column, rollup->pipeline))};
}

/*
 * find_columns finds the columns that the rollup is made of.
 */
static void
find_columns(RollupTally *tally)
{
	const Rollup *rollup = tally->rollup;
	const StarTable *fact = rollup->fact;

	for (int i = 0; i < fact->ncolumns; i++)
		if (rollup_uses(rollup, fact->columns[i].name))
			tally->used[tally->nused++] = used_column(rollup, &fact->columns[i]);
	tally->time = column_number(fact, fact->time);
	if (rollup->period != PERIOD_HOUR)
		tally->date_key = column_number(fact, "date_key");
	tally->keys = palloc(Max(rollup->nkeys, 1) * sizeof(UsedColumn));
	for (int i = 0; i < rollup->nkeys; i++)
		tally->keys[i] = used_column(rollup, rollup->keys[i].column);
	tally->measures = palloc(Max(rollup->nmeasures, 1) * sizeof(TalliedMeasure));
	for (int i = 0; i < rollup->nmeasures; i++)
		tally->measures[i] = (TalliedMeasure){&rollup->measures[i],
											  (int) (rollup->measures[i].column - fact->columns)};
}

/*
 * day_of returns the first day of the period of the day of a date_key.
 */
static Datum
day_of(RollupPeriod period, int32 date_key)
{
	int day = date_key % 100;
	DateADT date;

	if (date_key <= LAST_KEY_WITHOUT_DAY)
		return DateADTGetDatum(DATEVAL_NOBEGIN);
	date = DatumGetDateADT(DirectFunctionCall3(make_date, Int32GetDatum(date_key / 10000),
											   Int32GetDatum(date_key / 100 % 100),
											   Int32GetDatum(day)));
	if (period == PERIOD_WEEK)
		date -= (j2day(date + POSTGRES_EPOCH_JDATE) + 6) % 7;
	else if (period == PERIOD_MONTH)
		date -= day - 1;
	return DateADTGetDatum(date);
}

/*
 * begin_groups makes the table of groups, without any.
 */
static void
begin_groups(RollupTally *tally)
{
	MemoryContextReset(tally->group_context);
	tally->groups = group_table_create(tally->group_context, 64, NULL);
}

/*
 * rollup_tally_create returns a tally of no rows.
 */
RollupTally *
rollup_tally_create(MemoryContext parent, const Rollup *rollup)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize rollup tally", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	RollupTally *tally = palloc0(sizeof(RollupTally));

	tally->rollup = rollup;
	tally->context = context;
	tally->group_context =
		AllocSetContextCreate(context, "sessionize rollup groups", ALLOCSET_DEFAULT_SIZES);
	tally->row_context =
		AllocSetContextCreate(context, "sessionize rollup row", ALLOCSET_SMALL_SIZES);
	find_columns(tally);
	tally->hour.time = USECS_PER_HOUR;
	tally->origin = TimestampTzGetDatum((date2j(1, 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY);
	tally->last_period = day_of(rollup->period, tally->last_key);
	initStringInfo(&tally->packed);
	tally->desc = rollup_changes_desc(rollup);
	tally->insert = rollup_insert_sql(rollup);
	begin_groups(tally);
	MemoryContextSwitchTo(oldcontext);
	return tally;
}

/*
 * period_of returns the time of a row.
 */
static Datum
period_of(RollupTally *tally, const Datum *values, const bool *isnull)
{
	int32 date_key;

	if (tally->rollup->period == PERIOD_HOUR)
		return DirectFunctionCall3(timestamptz_bin, IntervalPGetDatum(&tally->hour),
								   values[tally->time], tally->origin);
	date_key = isnull[tally->date_key] ? 0 : DatumGetInt32(values[tally->date_key]);
	if (date_key != tally->last_key)
	{
		tally->last_period = day_of(tally->rollup->period, date_key);
		tally->last_key = date_key;
	}
	return tally->last_period;
}

/*
 * pack_key adds a key to the time.  A key that a row lacks is 0, false or empty.
 */
static void
pack_key(StringInfo packed, const UsedColumn *key, Datum value, bool isnull)
{
	struct varlena *text;
	uint32 length = 0;

	if (key->layout.typbyval)
	{
		if (isnull)
			value = 0;
		appendBinaryStringInfo(packed, (const char *) &value, sizeof(Datum));
		return;
	}
	text = isnull ? NULL : PG_DETOAST_DATUM_PACKED(value);
	if (text != NULL)
		length = VARSIZE_ANY_EXHDR(text);
	appendBinaryStringInfo(packed, (const char *) &length, sizeof(length));
	if (length > 0)
		appendBinaryStringInfo(packed, VARDATA_ANY(text), (int) length);
}

/*
 * find_group returns the sums of a row's group.
 */
static Sum *
find_group(RollupTally *tally, const Datum *values, const bool *isnull)
{
	StringInfo packed = &tally->packed;
	Datum period = period_of(tally, values, isnull);
	Size numbers = (1 + tally->rollup->nmeasures) * sizeof(Sum);
	TallyGroup *group;
	bool found;
	char *room;

	resetStringInfo(packed);
	appendBinaryStringInfo(packed, (const char *) &period, sizeof(Datum));
	for (int i = 0; i < tally->rollup->nkeys; i++)
		pack_key(packed, &tally->keys[i], values[tally->keys[i].column],
				 isnull[tally->keys[i].column]);
	group =
		group_table_insert(tally->groups, (TextView){packed->data, (uint32) packed->len}, &found);
	if (!found)
	{
		room = MemoryContextAllocZero(tally->group_context, numbers + packed->len);
		memcpy(room + numbers, packed->data, packed->len);
		group->key.data = room + numbers;
		group->sums = (Sum *) room;
	}
	return group->sums;
}

/*
 * add_rest adds a numeric or an interval to a sum, by functions like numeric_add and numeric_sub.
 */
static void
add_rest(RollupTally *tally, Sum *sum, int sign, Datum value, int16 length, PGFunction add,
		 PGFunction subtract, Datum zero)
{
	MemoryContext oldcontext;
	Datum before = sum->rest;

	value = DirectFunctionCall2(sign > 0 ? add : subtract, before == 0 ? zero : before, value);
	oldcontext = MemoryContextSwitchTo(tally->group_context);
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
add_numeric(RollupTally *tally, Sum *sum, int sign, Datum value)
{
	Numeric number = DatumGetNumeric(value);

	if (!numeric_is_nan(number) && !numeric_is_inf(number))
		add_rest(tally, sum, sign, NumericGetDatum(number), -1, numeric_add, numeric_sub,
				 NumericGetDatum(int64_to_numeric(0)));
}

/*
 * add_interval adds an interval to a sum.
 */
static void
add_interval(RollupTally *tally, Sum *sum, int sign, Datum value)
{
	Interval zero = {0};

	add_rest(tally, sum, sign, value, sizeof(Interval), interval_pl, interval_mi,
			 IntervalPGetDatum(&zero));
}

/*
 * add_int8 adds a bigint to a sum.
 */
static void
add_int8(RollupTally *tally, Sum *sum, int sign, int64 value)
{
	int64 whole;

	/* an overflow leaves something else in its result */
	if (sign > 0 ? pg_add_s64_overflow(sum->whole, value, &whole)
				 : pg_sub_s64_overflow(sum->whole, value, &whole))
		add_numeric(tally, sum, sign, NumericGetDatum(int64_to_numeric(value)));
	else
		sum->whole = whole;
}

/*
 * add_measure adds the value of a row to the sum of a measure.
 */
static void
add_measure(RollupTally *tally, Sum *sum, const TalliedMeasure *tallied, int sign,
			const Datum *values, const bool *isnull)
{
	const RollupMeasure *measure = tallied->measure;
	Datum value = values[tallied->column];

	if (isnull[tallied->column])
		return;
	if (measure->kind == ROLLUP_COUNT)
		sum->whole += sign;
	else if (measure->kind == ROLLUP_TRUE)
		sum->whole += DatumGetBool(value) ? sign : 0;
	else if (measure->is_duration)
		add_interval(tally, sum, sign,
					 DirectFunctionCall2(timestamp_mi, value, values[tally->time]));
	else if (measure->type == INTERVALOID)
		add_interval(tally, sum, sign, value);
	else if (measure->type == NUMERICOID)
		add_numeric(tally, sum, sign, value);
	else
		add_int8(tally, sum, sign, DatumGetInt64(value));
}

/*
 * add_row adds a row that comes or goes to its group.
 */
static void
add_row(RollupTally *tally, int sign, const Datum *values, const bool *isnull)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(tally->row_context);
	Sum *sums = find_group(tally, values, isnull);

	sums[0].whole += sign;
	for (int i = 0; i < tally->rollup->nmeasures; i++)
		add_measure(tally, &sums[i + 1], &tally->measures[i], sign, values, isnull);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(tally->row_context);
}

/*
 * is_same tells whether the columns of the rollup stay as they are.
 */
static bool
is_same(const RollupTally *tally, const Datum *values, const bool *isnull,
		const TupleTableSlot *stored)
{
	for (int i = 0; i < tally->nused; i++)
	{
		const UsedColumn *used = &tally->used[i];
		int column = used->column;

		if (isnull[column] != stored->tts_isnull[column] ||
			(!isnull[column] && !datum_image_eq(values[column], stored->tts_values[column],
												used->layout.typbyval, used->layout.typlen)))
			return false;
	}
	return true;
}

/*
 * total returns a sum as a value of the column of the table of changes, and whether it is zero.
 */
static Datum
total(const Sum *sum, Oid type, bool *is_zero)
{
	static const Interval nothing = {0};
	Datum zero = PointerGetDatum(&nothing);
	Datum value;

	if (type == INT8OID)
	{
		*is_zero = sum->whole == 0;
		return Int64GetDatum(sum->whole);
	}
	if (type == INTERVALOID)
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

/*
 * unpack_key returns a key of a group, and advances to the next.
 */
static Datum
unpack_key(const char **packed, const UsedColumn *key)
{
	Datum value;
	uint32 length;

	if (key->layout.typbyval)
	{
		memcpy(&value, *packed, sizeof(Datum));
		*packed += sizeof(Datum);
		return value;
	}
	memcpy(&length, *packed, sizeof(length));
	value = PointerGetDatum(cstring_to_text_with_len(*packed + sizeof(length), (int) length));
	*packed += sizeof(length) + length;
	return value;
}

/*
 * put_group moves a group to the rows, if any of its numbers is not zero.
 */
static void
put_group(RollupTally *tally, const TallyGroup *group)
{
	bool isnull[ROW_MAX_WIDTH] = {0};
	const char *packed = group->key.data;
	Datum row[ROW_MAX_WIDTH];
	bool all_zero = true;
	int n = 0;

	memcpy(&row[n++], packed, sizeof(Datum));
	packed += sizeof(Datum);
	for (int i = 0; i < tally->rollup->nkeys; i++)
		row[n++] = unpack_key(&packed, &tally->keys[i]);
	for (int i = 0; n < tally->desc->natts; i++, n++)
	{
		bool is_zero;

		row[n] = total(&group->sums[i], TupleDescAttr(tally->desc, n)->atttypid, &is_zero);
		all_zero = all_zero && is_zero;
	}
	if (!all_zero)
		tuplestore_putvalues(tally->rows, tally->desc, row, isnull);
}

/*
 * put_groups moves all groups to the rows.
 */
static void
put_groups(RollupTally *tally)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(tally->context);
	group_table_iterator iterator;
	const TallyGroup *group;

	if (tally->rows == NULL)
		tally->rows = tuplestore_begin_heap(false, false, work_mem);
	MemoryContextSwitchTo(tally->row_context);
	group_table_start_iterate(tally->groups, &iterator);
	while ((group = group_table_iterate(tally->groups, &iterator)) != NULL)
	{
		put_group(tally, group);
		MemoryContextReset(tally->row_context);
	}
	MemoryContextSwitchTo(oldcontext);
	begin_groups(tally);
}

/*
 * rollup_tally_note adds a row that comes, goes or changes.
 */
void
rollup_tally_note(RollupTally *tally, const Datum *values, const bool *isnull,
				  const TupleTableSlot *stored)
{
	if (values != NULL && stored != NULL && is_same(tally, values, isnull, stored))
		return;
	if (stored != NULL)
		add_row(tally, -1, stored->tts_values, stored->tts_isnull);
	if (values != NULL)
		add_row(tally, 1, values, isnull);
	if (MemoryContextMemAllocated(tally->group_context, false) > (Size) work_mem * 1024)
		put_groups(tally);
}

/*
 * rollup_tally_write appends the numbers to the table of changes.
 */
void
rollup_tally_write(RollupTally *tally)
{
	if (tally->groups->members > 0)
		put_groups(tally);
	if (tally->rows == NULL)
		return;
	if (tuplestore_tuple_count(tally->rows) > 0)
		(void) sql_execute_with_rows(tally->insert, ROLLUP_ROWS, tally->desc, tally->rows);
	tuplestore_end(tally->rows);
	tally->rows = NULL;
}
