/*
 * event_days.h
 *		The local day of an event by the rules of a pipeline that have a time zone.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EVENT_DAYS_H
#define SESSIONIZE_EVENT_DAYS_H

#include "catalog/pipeline.h"
#include "source/record.h"
#include "utils/local_day.h"
#include "utils/row_zones.h"

typedef struct EventDays
{
	const RecordFormat *format;
	LocalDays *one[ZONE_RULES]; /* of the one zone of all rows; NULL: there is none */
} EventDays;

/* Prepare, in CurrentMemoryContext.  The records have the format. */
extern void event_days_init(EventDays *days, const Pipeline *pipeline, const RecordFormat *format);

/*
 * event_days_of returns the days of an event's zone, which are valid until the next call.  The
 * pipeline must have the rule.
 */
static inline LocalDays *
event_days_of(const EventDays *days, ZoneRule rule, const Record *record)
{
	const RecordFormat *format = days->format;

	return format->zone[rule] < 0
			   ? days->one[rule]
			   : row_zones_days(format->zones, record_attribute(record, format->zone[rule]));
}

#endif /* SESSIONIZE_EVENT_DAYS_H */
