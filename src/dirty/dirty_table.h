/*
 * dirty_table.h
 *		The table of a dirty log: its columns and where they lie.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRTY_TABLE_H
#define SESSIONIZE_DIRTY_TABLE_H

#include "postgres.h"

#include "access/tableam.h"
#include "storage/block.h"
#include "storage/lockdefs.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

typedef enum DirtyColumn
{
	DIRTY_LANE,
	DIRTY_SESSION_KEY,
	DIRTY_LO,
	DIRTY_HI,
	DIRTY_LOGGED_AT,
	DIRTY_NCOLUMNS
} DirtyColumn;

typedef struct DirtyTable
{
	Relation relation;
	int attributes[DIRTY_NCOLUMNS]; /* from 0 */
} DirtyTable;

/*
 * dirty_table_open opens the table.  It returns false, with nothing open, where there is none, it lacks a
 * column of the log or has it with another type, has a column of somebody else's that must not be NULL, or
 * is unlogged.  key_type: InvalidOid where any will do.
 */
extern bool dirty_table_open(DirtyTable *table, Oid relid, Oid key_type, LOCKMODE lock);

/*
 * dirty_table_scan begins a scan of the log's rows from a block on, 0 for all; NULL where there are
 * no such blocks.
 */
extern TableScanDesc dirty_table_scan(const DirtyTable *table, Snapshot snapshot, BlockNumber first);

/*
 * Whether a row of the log may be an error: the table has an index that may be unique or have expressions,
 * or a key may be too long for how a column is stored.
 */
extern bool dirty_table_may_refuse(const DirtyTable *table);

#endif /* SESSIONIZE_DIRTY_TABLE_H */
