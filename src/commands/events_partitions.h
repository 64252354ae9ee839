/*
 * events_partitions.h
 *		The partitions of an events table, one for each day or month of arrival.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EVENTS_PARTITIONS_H
#define SESSIONIZE_EVENTS_PARTITIONS_H

#include "commands/period.h"

/* How many periods after the current one have partitions by default. */
extern int events_partitions_ahead(Period period);

/* Error where a table of this name could not name its partitions. */
extern void events_partitions_check_name(const char *table);

/*
 * Make the partitions that are missing for the current period and so many after it, as the current
 * user; rows of theirs in the default partition move.  Returns how many were made.
 */
extern int events_partitions_make(Oid table, Period period, int ahead);

#endif /* SESSIONIZE_EVENTS_PARTITIONS_H */
