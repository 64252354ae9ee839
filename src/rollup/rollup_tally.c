/*
 * rollup_tally.c
 *		Adds up, in memory, the rows of a fact that come and go, for one rollup.
 *
 * A statement that groups rows would be parsed and planned, and run aggregates over numeric, which
 * takes several times as long as this hash table.  Its groups are by the bytes of the time
 * and the keys.  When they take more than work_mem, their sums move to a tuplestore, which goes to
 * disk; a group may then have several rows, which are added up like those of several pieces.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "rollup/rollup_number.h"
#include "rollup/rollup_sql.h"
#include "rollup/rollup_tally.h"
#include "spi/sql_rows.h"
#include "utils/text_view.h"
#include "utils/value_bytes.h"

/* A date_key that is not greater is that of no day. */
#define LAST_KEY_WITHOUT_DAY 10000

/* The rows with the same time and keys. */
typedef struct TallyGroup
{
	uint32 hash;
	char status;
	TextView key;    /* the time and the keys, packed */
	RollupSum *sums; /* for each number of the rollup */
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

struct RollupTally
{
	const Rollup *rollup;
	MemoryContext context;
	MemoryContext group_context; /* the groups */
	MemoryContext row_context;   /* values that are computed of a row */
	int nused;
	UsedColumn used[ROW_MAX_WIDTH];
	UsedColumn *keys;
	int *columns; /* the fact's columns of the numbers; -1: none */
	int time;     /* the fact's columns of the time and, but for hours, the date_key */
	int date_key;
	Interval hour; /* the width and the origin of hours */
	TimestampTz origin;
	int32 last_key; /* the last date_key, and the time that was made of it */
	Datum last_period;
	StringInfoData packed; /* the time and the keys of a row */
	group_table_hash *groups;
	TallyGroup last; /* that of the last row; without sums if there is none */
	TupleDesc desc;  /* of the table of changes */
	char *insert;
	Tuplestorestate *rows; /* NULL: there are none */
};

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
	tally->time = star_column_number(fact, fact->time);
	if (rollup->period != PERIOD_HOUR)
		tally->date_key = star_column_number(fact, "date_key");
	tally->keys = palloc(Max(rollup->nkeys, 1) * sizeof(UsedColumn));
	for (int i = 0; i < rollup->nkeys; i++)
		tally->keys[i] = used_column(rollup, rollup->keys[i].column);
	tally->columns = palloc(rollup->nnumbers * sizeof(int));
	for (int i = 0; i < rollup->nnumbers; i++)
	{
		const StarColumn *column = rollup->numbers[i].column;

		tally->columns[i] = column == NULL ? -1 : (int) (column - fact->columns);
	}
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
	tally->last = (TallyGroup){0};
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
	tally->origin = (date2j(1, 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
	tally->last_period = day_of(rollup->period, tally->last_key);
	initStringInfo(&tally->packed);
	tally->desc = rollup_changes_desc(rollup);
	tally->insert = rollup_insert_sql(rollup);
	begin_groups(tally);
	MemoryContextSwitchTo(oldcontext);
	return tally;
}

/*
 * hour_of returns the hour of a time, counted from the origin, as date_bin() does.  Times before the
 * origin, or too far from it for a difference, are left to that function itself.
 */
static inline Datum
hour_of(const RollupTally *tally, TimestampTz time)
{
	if (time < tally->origin || time > PG_INT64_MAX + tally->origin)
		return DirectFunctionCall3(timestamptz_bin, IntervalPGetDatum(&tally->hour),
								   TimestampTzGetDatum(time), TimestampTzGetDatum(tally->origin));
	return TimestampTzGetDatum(time - (time - tally->origin) % USECS_PER_HOUR);
}

/*
 * period_of returns the time of a row.
 */
static inline Datum
period_of(RollupTally *tally, const Datum *values, const bool *isnull)
{
	int32 date_key;

	if (tally->rollup->period == PERIOD_HOUR)
		return hour_of(tally, DatumGetTimestampTz(values[tally->time]));
	date_key = isnull[tally->date_key] ? 0 : DatumGetInt32(values[tally->date_key]);
	if (date_key != tally->last_key)
	{
		tally->last_period = day_of(tally->rollup->period, date_key);
		tally->last_key = date_key;
	}
	return tally->last_period;
}

/*
 * pack appends bytes.  Unlike appendBinaryStringInfo, it is compiled in place.
 */
static inline void
pack(StringInfo packed, const void *bytes, int length)
{
	if (packed->maxlen - packed->len <= length)
		enlargeStringInfo(packed, length);
	memcpy(packed->data + packed->len, bytes, length);
	packed->len += length;
}

/*
 * pack_text appends a text with its length.
 */
static void
pack_text(StringInfo packed, Datum value, bool isnull)
{
	struct varlena *text = isnull ? NULL : PG_DETOAST_DATUM_PACKED(value);
	uint32 length = text == NULL ? 0 : VARSIZE_ANY_EXHDR(text);

	pack(packed, &length, sizeof(length));
	if (length > 0)
		pack(packed, VARDATA_ANY(text), (int) length);
}

/*
 * pack_row packs the time and the keys of a row.  A key that a row lacks is 0, false or empty.
 */
static inline void
pack_row(RollupTally *tally, const Datum *values, const bool *isnull)
{
	StringInfo packed = &tally->packed;
	Datum period = period_of(tally, values, isnull);

	packed->len = 0;
	pack(packed, &period, sizeof(Datum));
	for (int i = 0; i < tally->rollup->nkeys; i++)
	{
		const UsedColumn *key = &tally->keys[i];
		Datum value = isnull[key->column] ? 0 : values[key->column];

		if (key->layout.typbyval)
			pack(packed, &value, sizeof(Datum));
		else
			pack_text(packed, value, isnull[key->column]);
	}
}

/*
 * add_group returns the group of a packed key that is not that of the last row.
 */
static TallyGroup *
add_group(RollupTally *tally, TextView packed)
{
	Size numbers = tally->rollup->nnumbers * sizeof(RollupSum);
	bool found;
	TallyGroup *group = group_table_insert(tally->groups, packed, &found);

	if (!found)
	{
		char *room = MemoryContextAllocZero(tally->group_context, numbers + packed.len);

		memcpy(room + numbers, packed.data, packed.len);
		group->key.data = room + numbers;
		group->sums = (RollupSum *) room;
	}
	return group;
}

/*
 * find_group returns the sums of a row's group.  Most rows have that of the row before, which is of
 * the same session.
 */
static inline RollupSum *
find_group(RollupTally *tally, const Datum *values, const bool *isnull)
{
	TextView packed;

	pack_row(tally, values, isnull);
	packed = (TextView){tally->packed.data, (uint32) tally->packed.len};
	if (tally->last.sums == NULL || !text_view_equal(tally->last.key, packed))
		tally->last = *add_group(tally, packed);
	return tally->last.sums;
}

/*
 * add_row adds a row that comes or goes to its group.
 */
static void
add_row(RollupTally *tally, int sign, const Datum *values, const bool *isnull)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(tally->row_context);
	RollupSum *sums = find_group(tally, values, isnull);

	for (int i = 0; i < tally->rollup->nnumbers; i++)
	{
		int column = tally->columns[i];

		rollup_sum_add_row(&sums[i], &tally->rollup->numbers[i], sign,
						   column < 0 ? (NullableDatum){.isnull = true}
									  : (NullableDatum){values[column], isnull[column]},
						   values[tally->time], tally->group_context);
	}
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
	for (int i = 0; i < tally->rollup->nnumbers; i++)
	{
		bool is_zero;

		row[n++] = rollup_sum_total(&group->sums[i], &tally->rollup->numbers[i], &is_zero);
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
