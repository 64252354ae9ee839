/*
 * calendar.h
 *		Date keys, and the members of dim_date that they refer to.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CALENDAR_H
#define SESSIONIZE_CALENDAR_H

#include "catalog/pipeline.h"

/* The columns of dim_date, in the order in which sessionize.calendar_day() returns them. */
#define CALENDAR_COLUMNS                                                                           \
	"date_key, date, year, quarter, month, month_name, week, iso_year, day, day_of_week, "         \
	"day_name, "                                                                                   \
	"is_weekend"

typedef struct Calendar Calendar;

/* An empty calendar, in a child context of parent. */
extern Calendar *calendar_create(MemoryContext parent, const Pipeline *pipeline);

/*
 * The date key (yyyymmdd) of a Julian day, which is noted as used.  It is 0, the unknown member, for
 * dates before year 1 and after year 9999.
 */
extern int32 calendar_date_key(Calendar *calendar, int32 day);

/*
 * Add members for the days that were used since the last call to dim_date.  Runs as the pipeline's
 * owner.
 */
extern void calendar_save(Calendar *calendar);

/* Replace the members of dim_date whose columns do not follow from their date or key. */
extern void calendar_repair(const Pipeline *pipeline);

#endif /* SESSIONIZE_CALENDAR_H */
