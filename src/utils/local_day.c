/*
 * local_day.c
 *		The local date of an instant in a time zone, fast enough to be computed for every event.
 *
 * The zone's offset is cached for each UTC day. Only on a day during which the offset changes is it
 * looked up for every instant.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "utils/local_day.h"

typedef struct CachedDay
{
	int64 utc_day;
	int64 offset; /* in microseconds east of Greenwich, if constant */
	bool valid;
	bool constant;
} CachedDay;

struct LocalDays
{
	pg_tz *zone;
	int64 mask; /* the lowest bits of a day are its place in the cache */
	CachedDay cache[FLEXIBLE_ARRAY_MEMBER];
};

/*
 * local_days_create creates the cache for a zone.
 */
LocalDays *
local_days_create(pg_tz *zone, int size)
{
	LocalDays *days = palloc0(offsetof(LocalDays, cache) + size * sizeof(CachedDay));

	days->zone = zone;
	days->mask = size - 1;
	return days;
}

/*
 * floor_div divides and rounds down.
 */
static inline int64
floor_div(int64 a, int64 b)
{
	int64 quotient = a / b;

	return quotient - (a % b < 0);
}

/*
 * look_up_day sets a cache entry to the zone's offset on a UTC day.
 */
static void
look_up_day(CachedDay *entry, int64 utc_day, pg_tz *zone)
{
	pg_time_t start =
		(utc_day + POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY; /* seconds since 1970 */
	long before_offset;
	long after_offset;
	int before_dst;
	int after_dst;
	pg_time_t boundary;
	int changes;

	changes = pg_next_dst_boundary(&start, &before_offset, &before_dst, &boundary, &after_offset,
								   &after_dst, zone);
	entry->utc_day = utc_day;
	entry->valid = true;
	entry->constant = changes == 0 || (changes == 1 && boundary >= start + SECS_PER_DAY);
	entry->offset = entry->constant ? (int64) before_offset * USECS_PER_SEC : 0;
}

/*
 * local_day_slowly computes the local date without the cache.
 */
static int32
local_day_slowly(TimestampTz instant, pg_tz *zone)
{
	struct pg_tm tm;
	fsec_t fsec;
	int offset;

	if (timestamp2tm(instant, &offset, &tm, &fsec, NULL, zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	return date2j(tm.tm_year, tm.tm_mon, tm.tm_mday);
}

/*
 * local_day returns the local date of an instant.
 */
int32
local_day(LocalDays *days, TimestampTz instant)
{
	int64 utc_day = floor_div(instant, USECS_PER_DAY);
	CachedDay *entry = &days->cache[utc_day & days->mask];

	if (!entry->valid || entry->utc_day != utc_day)
		look_up_day(entry, utc_day, days->zone);
	if (!entry->constant)
		return local_day_slowly(instant, days->zone);
	return (int32) floor_div(instant + entry->offset, USECS_PER_DAY) + POSTGRES_EPOCH_JDATE;
}
