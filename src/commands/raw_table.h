/*
 * raw_table.h
 *		Finds and checks the raw events table of a new pipeline.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RAW_TABLE_H
#define SESSIONIZE_RAW_TABLE_H

#include "postgres.h"

#include "nodes/primnodes.h"
#include "utils/rel.h"

/*
 * Open the table of this name, which may have a schema and is looked up as in SQL, with
 * AccessShareLock.  Reports a relation that is not an ordinary or partitioned table, or whose rows
 * the current user may not all read.
 */
extern Relation raw_table_open(const char *name);

/*
 * Report a table without a valid, complete btree index that begins with the key.  event_time and
 * event_id, which may be NULL, are for the hint.
 */
extern void raw_table_check_index(Relation raw, Node *key, Node *event_time, Node *event_id);

#endif /* SESSIONIZE_RAW_TABLE_H */
