/*
 * calendar_period.c
 *		Numbers for the days, weeks and months of a time zone.
 *
 * A day's number is its Julian day.  Julian day 0 is a Monday, so a week's number is its days'
 * number divided by 7, rounded down.  For a week from Sunday the days are numbered one higher.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/datetime.h"

#include "functions/calendar_period.h"

/*
 * find_unit returns the unit with a name.
 */
static PeriodUnit
find_unit(const char *name)
{
	if (strcmp(name, "day") == 0)
		return PERIOD_DAY;
	if (strcmp(name, "week") == 0)
		return PERIOD_WEEK;
	if (strcmp(name, "sunday_week") == 0)
		return PERIOD_SUNDAY_WEEK;
	if (strcmp(name, "month") == 0)
		return PERIOD_MONTH;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown unit \"%s\"", name),
					errhint("The unit is day, week, sunday_week or month.")));
	pg_unreachable();
}

/*
 * find_zone returns the time zone with a name.
 */
static pg_tz *
find_zone(const char *name)
{
	pg_tz *zone;

	if (name == NULL)
		return session_timezone;
	zone = strlen(name) > TZ_STRLEN_MAX ? NULL : pg_tzset(name);
	if (zone == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("time zone \"%s\" not recognized", name),
						errhint("The view pg_timezone_names lists the time zones.")));
	return zone;
}

/*
 * calendar_periods_init prepares for a unit and a time zone.
 */
void
calendar_periods_init(CalendarPeriods *periods, const char *unit, const char *zone)
{
	periods->unit = find_unit(unit);
	periods->days = local_days_create(find_zone(zone), LOCAL_DAYS_MANY);
	periods->latest_day = PG_INT32_MIN;
	periods->latest_month = 0;
}

/*
 * month_of returns the number of a day's month.
 */
static int32
month_of(CalendarPeriods *periods, int32 day)
{
	int year;
	int month;
	int mday;

	if (day != periods->latest_day)
	{
		j2date(day, &year, &month, &mday);
		periods->latest_day = day;
		periods->latest_month = year * MONTHS_PER_YEAR + month - 1;
	}
	return periods->latest_month;
}

/*
 * calendar_period returns the number of the period in which an instant lies.
 */
int32
calendar_period(CalendarPeriods *periods, TimestampTz instant)
{
	int32 day = local_day(periods->days, instant);

	if (periods->unit == PERIOD_DAY)
		return day;
	if (periods->unit == PERIOD_MONTH)
		return month_of(periods, day);
	if (periods->unit == PERIOD_SUNDAY_WEEK)
		day++;
	return day >= 0 ? day / 7 : -((6 - day) / 7);
}

/*
 * calendar_period_length returns how many microseconds a period has.
 */
int64
calendar_period_length(const CalendarPeriods *periods)
{
	switch (periods->unit)
	{
		case PERIOD_DAY:
			return USECS_PER_DAY;
		case PERIOD_WEEK:
		case PERIOD_SUNDAY_WEEK:
			return 7 * USECS_PER_DAY;
		case PERIOD_MONTH:
			break;
	}
	return 0;
}

/*
 * calendar_period_start returns the first day of a period.
 */
DateADT
calendar_period_start(const CalendarPeriods *periods, int32 period)
{
	int year = (period >= 0 ? period : period - (MONTHS_PER_YEAR - 1)) / MONTHS_PER_YEAR;
	int32 day = period;

	if (periods->unit == PERIOD_WEEK)
		day = period * 7;
	if (periods->unit == PERIOD_SUNDAY_WEEK)
		day = period * 7 - 1;
	if (periods->unit == PERIOD_MONTH)
		day = date2j(year, period - year * MONTHS_PER_YEAR + 1, 1);
	if (!IS_VALID_DATE(day - POSTGRES_EPOCH_JDATE))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("date out of range"),
				 errhint("Give a view as the source that leaves out events so far in the past.")));
	return day - POSTGRES_EPOCH_JDATE;
}
