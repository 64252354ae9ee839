/*
 * row_zones.h
 *		Time zones by the names that rows have, fast enough to be looked up for every event.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROW_ZONES_H
#define SESSIONIZE_ROW_ZONES_H

#include "pgtime.h"

#include "utils/local_day.h"
#include "utils/text_view.h"

typedef struct RowZones RowZones;

/* The time zone of a name, which may also be a POSIX specification; NULL if it is not known. */
extern pg_tz *zone_by_name(const char *name);

/*
 * Whether the name of a zone that is known is a POSIX specification, such as ABC3, which the name of
 * a column may look like.
 */
extern bool zone_is_posix(const char *name);

/* Create a cache of zones, in CurrentMemoryContext. */
extern RowZones *row_zones_create(void);

/*
 * Whether a row can have a zone of this name: NULL, or one of pg_timezone_names in any case.  POSIX
 * specifications are not known here, since the server keeps each zone that it has ever looked up,
 * and there are any number of these.
 */
extern bool row_zones_know(RowZones *zones, TextView name);

/* The days of a zone that is known; of UTC for NULL. They are valid until the next call. */
extern LocalDays *row_zones_days(RowZones *zones, TextView name);

#endif /* SESSIONIZE_ROW_ZONES_H */
