/*
 * events_partitions.h
 *		The partitions of an events table, one for each day or month of arrival.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EVENTS_PARTITIONS_H
#define SESSIONIZE_EVENTS_PARTITIONS_H

#include "partitions/period.h"

/* How many periods after the current one have partitions by default. */
extern int events_partitions_ahead(Period period);

/* Report a table name that is too long for the names of its partitions. */
extern void events_partitions_check_name(const char *table);

/*
 * Error unless the current user owns the table and it is partitioned as create_events_table does it.
 */
extern void events_partitions_check(Oid table);

/*
 * Whether partitions of the current period and the default number of periods after it are missing.
 */
extern bool events_partitions_missing(Oid table);

/*
 * Create the missing partitions for the current period and the next ahead periods (a negative
 * ahead: the default number), as the current user.  Their rows in the default partition are moved.
 * PERIOD_NONE infers the period from the latest partition.  Returns how many partitions were
 * created.
 */
extern int events_partitions_make(Oid table, Period period, int ahead);

#endif /* SESSIONIZE_EVENTS_PARTITIONS_H */
