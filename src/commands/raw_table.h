/*
 * raw_table.h
 *		The raw events table a pipeline is made on: found by name, and checked.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RAW_TABLE_H
#define SESSIONIZE_RAW_TABLE_H

#include "postgres.h"

#include "nodes/primnodes.h"
#include "utils/rel.h"

/*
 * Open the table of this (maybe schema-qualified) name, found as in SQL, with AccessShareLock.  Error
 * unless it is an ordinary or partitioned table all of whose rows the current user may read.
 */
extern Relation raw_table_open(const char *name);

/*
 * Error unless the table has a valid, complete btree index that begins with the key.  event_time and
 * event_id (may be NULL) are for the hint.
 */
extern void raw_table_check_index(Relation raw, Node *key, Node *event_time, Node *event_id);

#endif /* SESSIONIZE_RAW_TABLE_H */
