/*
 * event_days.c
 *		The local day of an event by the rules of a pipeline that have a time zone.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "derive/event_days.h"

/*
 * event_days_init prepares for the zones of a pipeline.
 */
void
event_days_init(EventDays *days, const Pipeline *pipeline, const RecordFormat *format)
{
	days->format = format;
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		days->one[rule] = pipeline->zones[rule] == NULL || pipeline->zone_by_row[rule]
							  ? NULL
							  : local_days_create(pipeline->zones[rule], LOCAL_DAYS_MANY);
}
