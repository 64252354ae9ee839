/*
 * raw_scan.h
 *		Raw rows as the view "source" gives them, read directly from the tables: the view's
 *		expressions are evaluated here, without a query.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RAW_SCAN_H
#define SESSIONIZE_RAW_SCAN_H

#include "access/relscan.h"

#include "source/source_mapping.h"

/* A scan of one table: the raw table or one of its partitions. */
typedef struct RawScan RawScan;

/* Open a table, in a child of CurrentMemoryContext. The caller holds a lock on the table. */
extern RawScan *raw_scan_open(const SourceMapping *mapping, Oid source, Oid table);

/*
 * Begin to read the rows in the active snapshot: all rows, or this process's share of a parallel
 * scan.
 */
extern void raw_scan_begin(RawScan *scan, ParallelTableScanDesc parallel);

/*
 * The next row, valid until the next call; NULL after the last row. What the caller allocates in
 * raw_scan_row_context is freed together with the row.
 */
extern const SourceRow *raw_scan_next(RawScan *scan);
extern MemoryContext raw_scan_row_context(const RawScan *scan);

/*
 * The whole raw row that the scan is at, as jsonb, in CurrentMemoryContext; an error if jsonb can't
 * hold it.  Of a partition's row these are the columns of the raw table.
 */
extern Datum raw_scan_jsonb(RawScan *scan);

extern void raw_scan_close(RawScan *scan);

#endif /* SESSIONIZE_RAW_SCAN_H */
