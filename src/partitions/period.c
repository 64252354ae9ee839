/*
 * period.c
 *		Days and months in UTC.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/datetime.h"

#include "partitions/period.h"

/*
 * period_by_name returns the period of this name.
 */
Period
period_by_name(const char *name)
{
	if (name == NULL || strcmp(name, "none") == 0)
		return PERIOD_NONE;
	if (strcmp(name, "day") == 0)
		return PERIOD_DAY;
	if (strcmp(name, "month") == 0)
		return PERIOD_MONTH;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("partition_by can't be \"%s\"", name),
			 errhint("It is 'day', 'month' or 'none'.")));
}

/*
 * julian_day returns the Julian day in which a time lies, in UTC.
 */
static int
julian_day(TimestampTz ts)
{
	int64 days = ts / USECS_PER_DAY;

	if (ts % USECS_PER_DAY < 0)
		days--;
	return (int) (days + POSTGRES_EPOCH_JDATE);
}

/*
 * period_start returns a start of a day or month.
 */
TimestampTz
period_start(Period period, TimestampTz ts, int n)
{
	int day = julian_day(ts);
	int year;
	int month;

	if (period == PERIOD_DAY)
		day += n;
	else
	{
		j2date(day, &year, &month, &day);
		month += n - 1;
		day = date2j(year + month / 12, month % 12 + 1, 1);
	}
	return (int64) (day - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
}

/*
 * period_is tells whether from .. to is exactly one period.
 */
bool
period_is(Period period, TimestampTz from, TimestampTz to)
{
	return period_start(period, from, 0) == from && period_start(period, from, 1) == to;
}

/*
 * period_suffix returns the suffix of a partition's name.
 */
char *
period_suffix(Period period, TimestampTz start)
{
	int year;
	int month;
	int day;

	j2date(julian_day(start), &year, &month, &day);
	return period == PERIOD_DAY ? psprintf("_p%04d%02d%02d", year, month, day)
								: psprintf("_p%04d%02d", year, month);
}
