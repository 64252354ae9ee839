/*
 * calendar_period.h
 *		Days, weeks and months of a time zone, numbered.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CALENDAR_PERIOD_H
#define SESSIONIZE_CALENDAR_PERIOD_H

#include "postgres.h"

#include "utils/date.h"

#include "utils/local_day.h"

typedef enum PeriodUnit
{
	PERIOD_DAY,
	PERIOD_WEEK, /* Monday to Sunday */
	PERIOD_MONTH
} PeriodUnit;

typedef struct CalendarPeriods
{
	PeriodUnit unit;
	LocalDays *days;
	int32 latest_day; /* a Julian day and its month, for the next instant */
	int32 latest_month;
} CalendarPeriods;

/* Prepare for a unit (day, week or month) of a time zone, or of the session's where zone is NULL. */
extern void calendar_periods_init(CalendarPeriods *periods, const char *unit, const char *zone);

/* The number of the period an instant lies in. */
extern int32 calendar_period(CalendarPeriods *periods, TimestampTz instant);

/* The first day of a period; error where a date can't be as early. */
extern DateADT calendar_period_start(const CalendarPeriods *periods, int32 period);

#endif /* SESSIONIZE_CALENDAR_PERIOD_H */
