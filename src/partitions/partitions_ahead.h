/*
 * partitions_ahead.h
 *		The events tables whose next partitions are made by refreshes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PARTITIONS_AHEAD_H
#define SESSIONIZE_PARTITIONS_AHEAD_H

#include "postgres.h"

/* Have the partitions of a table made ahead of time from now on. */
extern void partitions_ahead_register(Oid table);

/*
 * Make the partitions that are missing, as the table's owner, if the table is registered and the
 * current user may act as its owner.  What stands in the way, such as a lock, is logged and not
 * raised: there are days of time to try again.  In a transaction with an active snapshot.
 */
extern void partitions_ahead_make(Oid table);

#endif /* SESSIONIZE_PARTITIONS_AHEAD_H */
