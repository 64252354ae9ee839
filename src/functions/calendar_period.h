/*
 * calendar_period.h
 *		Numbers for the days, weeks and months of a time zone.
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
	PERIOD_WEEK,        /* Monday to Sunday */
	PERIOD_SUNDAY_WEEK, /* Sunday to Saturday */
	PERIOD_MONTH
} PeriodUnit;

typedef struct CalendarPeriods
{
	PeriodUnit unit;
	LocalDays *days;
	int32 latest_day; /* the latest day asked for, as a Julian day, and its month: a cache */
	int32 latest_month;
} CalendarPeriods;

/* Prepare for a unit (day, week, sunday_week, month) and a time zone; zone NULL: the session's. */
extern void calendar_periods_init(CalendarPeriods *periods, const char *unit, const char *zone);

/* The number of the period in which an instant lies. */
extern int32 calendar_period(CalendarPeriods *periods, TimestampTz instant);

/* How many microseconds a period has where no clock is moved; 0: a month has no fixed length. */
extern int64 calendar_period_length(const CalendarPeriods *periods);

/* The first day of a period; an error if it is out of the range of dates. */
extern DateADT calendar_period_start(const CalendarPeriods *periods, int32 period);

#endif /* SESSIONIZE_CALENDAR_PERIOD_H */
