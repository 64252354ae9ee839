/*
 * dirty_table.h
 *		The table of a dirty log, and the positions of its columns.
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
	int attributes[DIRTY_NCOLUMNS]; /* positions from 0 */
} DirtyTable;

/*
 * dirty_table_open opens the table. It returns false, with nothing open, if there is no such table,
 * if a column of the log is missing or has another type, if somebody has added a column that is NOT
 * NULL, or if the table is not permanent. key_type: InvalidOid if any type will do.
 */
extern bool dirty_table_open(DirtyTable *table, Oid relid, Oid key_type, LOCKMODE lock);

/*
 * dirty_table_scan begins a scan of the log's rows from a block on (0: all); NULL if the table has
 * no such block.
 */
extern TableScanDesc
dirty_table_scan(const DirtyTable *table, Snapshot snapshot, BlockNumber first);

/*
 * Whether inserting a row may be an error: the table has an index, which may be unique or have
 * expressions, or a changed storage mode, for which a key may be too long.
 */
extern bool dirty_table_may_refuse(const DirtyTable *table);

#endif /* SESSIONIZE_DIRTY_TABLE_H */
