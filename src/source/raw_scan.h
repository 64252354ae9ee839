/*
 * raw_scan.h
 *		The raw rows in the pipeline's words, straight from the tables that hold them: the view's expressions are
 *		evaluated here, without a query.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RAW_SCAN_H
#define SESSIONIZE_RAW_SCAN_H

#include "access/relscan.h"

#include "source/source_mapping.h"

/* The rows of one table: the source itself or one of its partitions. */
typedef struct RawScan RawScan;

/* Open a table, in a child of CurrentMemoryContext.  The caller holds a lock on it. */
extern RawScan *raw_scan_open(const SourceMapping *mapping, Oid source, Oid table);

/* Begin to read its rows in the active snapshot: all of them, or this process's share of a parallel scan. */
extern void raw_scan_begin(RawScan *scan, ParallelTableScanDesc parallel);

/* The next row, until the next call; NULL after the last.  What the caller allocates meanwhile in
 * raw_scan_row_context goes with it. */
extern const SourceRow *raw_scan_next(RawScan *scan);
extern MemoryContext raw_scan_row_context(const RawScan *scan);

/* The row that lies there, likewise. */
extern const SourceRow *raw_scan_fetch(RawScan *scan, ItemPointer tid);

extern void raw_scan_close(RawScan *scan);

#endif /* SESSIONIZE_RAW_SCAN_H */
