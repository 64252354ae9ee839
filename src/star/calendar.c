/*
 * calendar.c
 *		Date keys, and the members of dim_date that they refer to.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "star/calendar.h"

/* About ten years of days: a power of two. */
#define KEY_CACHE_SIZE 4096

typedef struct UsedDay
{
	int32 day; /* Julian day: the hash key */
	int32 key;
	bool saved;
} UsedDay;

struct Calendar
{
	const Pipeline *pipeline;
	HTAB *used;
	bool unsaved;                         /* at least one day is not saved */
	const UsedDay *cache[KEY_CACHE_SIZE]; /* indexed by the lowest bits of the day */
};

/*
 * calendar_create prepares a calendar.
 */
Calendar *
calendar_create(MemoryContext parent, const Pipeline *pipeline)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize calendar", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	Calendar *calendar = palloc0(sizeof(Calendar));
	HASHCTL control = {.keysize = sizeof(int32), .entrysize = sizeof(UsedDay), .hcxt = context};

	calendar->pipeline = pipeline;
	calendar->used =
		hash_create("sessionize days", 1024, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	MemoryContextSwitchTo(oldcontext);
	return calendar;
}

/*
 * day_key returns the date key of a day.
 */
static int32
day_key(int32 day)
{
	int year;
	int month;
	int mday;

	j2date(day, &year, &month, &mday);
	return year >= 1 && year <= 9999 ? (year * 100 + month) * 100 + mday : 0;
}

/*
 * use_day notes a day and returns its entry.
 */
static const UsedDay *
use_day(Calendar *calendar, int32 day)
{
	bool found;
	UsedDay *used = hash_search(calendar->used, &day, HASH_ENTER, &found);

	if (!found)
	{
		used->key = day_key(day);
		used->saved = used->key == 0;
		calendar->unsaved |= !used->saved;
	}
	return used;
}

/*
 * calendar_date_key returns the date key of a day.
 */
int32
calendar_date_key(Calendar *calendar, int32 day)
{
	const UsedDay **entry = &calendar->cache[day & (KEY_CACHE_SIZE - 1)];

	if (*entry == NULL || (*entry)->day != day)
		*entry = use_day(calendar, day);
	return (*entry)->key;
}

/*
 * unsaved_days returns the days that are not saved as date[], and marks them as saved.
 */
static Datum
unsaved_days(Calendar *calendar)
{
	Datum *days = palloc(hash_get_num_entries(calendar->used) * sizeof(Datum));
	HASH_SEQ_STATUS scan;
	UsedDay *used;
	ArrayType *array;
	int n = 0;

	hash_seq_init(&scan, calendar->used);
	while ((used = hash_seq_search(&scan)) != NULL)
	{
		if (!used->saved)
			days[n++] = DateADTGetDatum(used->day - POSTGRES_EPOCH_JDATE);
		used->saved = true;
	}
	calendar->unsaved = false;
	array = construct_array(days, n, DATEOID, sizeof(DateADT), true, TYPALIGN_INT);
	pfree(days);
	return PointerGetDatum(array);
}

/*
 * run_query runs a statement with the days as $1, and returns the number of rows processed.
 */
static uint64
run_query(const char *sql, Datum days)
{
	return sql_run(sql, SQL_REPLACEABLE, SQL_VALUES(SQL_DATUM(DATEARRAYOID, days, false)));
}

/*
 * calendar_save adds the members for the days that were used.
 */
void
calendar_save(Calendar *calendar)
{
	Datum days;

	if (!calendar->unsaved)
		return;
	days = unsaved_days(calendar);
	/* usually all members exist already */
	if (run_query(
			star_sql(calendar->pipeline, "SELECT FROM @dim_date AS d WHERE d.date = ANY ($1)"),
			days) < (uint64) ArrayGetNItems(ARR_NDIM(DatumGetArrayTypeP(days)),
											ARR_DIMS(DatumGetArrayTypeP(days))))
		(void) run_query(star_sql(calendar->pipeline,
								  "INSERT INTO @dim_date (" CALENDAR_COLUMNS ") "
								  "SELECT c.* FROM unnest($1) AS d, sessionize.calendar_day(d) AS "
								  "c ORDER BY c.date_key "
								  "ON CONFLICT DO NOTHING"),
						 days);
	pfree(DatumGetPointer(days));
}

/*
 * calendar_repair replaces the members whose columns do not follow from their date or key.
 */
void
calendar_repair(const Pipeline *pipeline)
{
	const char *dates = star_relation(pipeline, STAR_DIM_DATE);

	sql_executef("INSERT INTO %s (date_key) VALUES (0) ON CONFLICT DO NOTHING", dates);
	sql_executef(
		"UPDATE %s AS d SET (date, year, quarter, month, month_name, week, iso_year, day, "
		"day_of_week, day_name, is_weekend) = "
		"(SELECT u.date, u.year, u.quarter, u.month, u.month_name, u.week, u.iso_year, u.day, "
		"u.day_of_week, u.day_name, u.is_weekend FROM sessionize.calendar_day(NULL) AS u) "
		"WHERE d.date_key = 0 AND num_nonnulls(d.date, d.year, d.quarter, d.month, d.month_name, "
		"d.week, d.iso_year, d.day, d.day_of_week, d.day_name, d.is_weekend) > 0",
		dates);
	sql_executef(
		"WITH wrong AS (DELETE FROM %s AS d WHERE d.date_key <> 0 "
		"AND NOT EXISTS (SELECT FROM sessionize.calendar_day(d.date) AS c "
		"WHERE (d.date_key, d.date, d.year, d.quarter, d.month, d.month_name, d.week, d.iso_year, "
		"d.day, d.day_of_week, d.day_name, d.is_weekend) IS NOT DISTINCT FROM "
		"(c.date_key, c.date, c.year, c.quarter, c.month, c.month_name, c.week, c.iso_year, c.day, "
		"c.day_of_week, c.day_name, c.is_weekend)) "
		"RETURNING d.date_key, d.date) "
		"INSERT INTO %s (" CALENDAR_COLUMNS ") SELECT c.* "
		"FROM (SELECT w.date FROM wrong AS w UNION SELECT sessionize.calendar_date(w.date_key) "
		"FROM wrong AS w) AS r, sessionize.calendar_day(r.date) AS c "
		"WHERE c.date_key IS NOT NULL ORDER BY c.date_key ON CONFLICT DO NOTHING",
		dates, dates);
}
