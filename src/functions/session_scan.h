/*
 * session_scan.h
 *		The sessions of a relation's keys, one by one, from a single unordered pass over it.
 *
 * Used by the set-returning function and by the plan node.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_SCAN_H
#define SESSIONIZE_SESSION_SCAN_H

#include "postgres.h"

#include "utils/snapshot.h"
#include "utils/timestamp.h"

#include "functions/key_table.h"

/* The columns of the result, as bits of SessionScanArgs.columns. */
typedef enum SessionColumn
{
	SESSION_KEY,
	SESSION_NUMBER,
	SESSION_STARTED_AT,
	SESSION_ENDED_AT,
	SESSION_EVENTS,
	SESSION_NCOLUMNS
} SessionColumn;

#define SESSION_ALL_COLUMNS ((1 << SESSION_NCOLUMNS) - 1)

typedef struct SessionScanArgs
{
	Oid relid;
	const char *key; /* names of columns */
	const char *ts;
	uint64 gap;
	Oid key_type; /* that the result's key has: the column's, or text */
	int columns;  /* those that are wanted; the others of SessionRow are not set */
} SessionScanArgs;

typedef struct SessionRow
{
	Datum key; /* until the next call */
	bool key_isnull;
	int64 number; /* counts the key's sessions in order of time */
	TimestampTz started_at;
	TimestampTz ended_at;
	int64 events;
} SessionRow;

typedef struct SessionScanStats
{
	int64 rows; /* read from the source, those without a time left out */
	KeyTableStats table;
	bool by_query;
} SessionScanStats;

typedef struct SessionScan SessionScan;

/*
 * Read the source, in the snapshot, and be ready for the first row.  The scan lives in a child of
 * parent and keeps nothing of args.
 */
extern SessionScan *session_scan_begin(const SessionScanArgs *args, Snapshot snapshot, MemoryContext parent);

/* Get the next session; false after the last.  All sessions of a key come together, in order of time. */
extern bool session_scan_next(SessionScan *scan, SessionRow *row);

/* Begin again, without reading the source. */
extern void session_scan_rewind(SessionScan *scan);

extern SessionScanStats session_scan_stats(const SessionScan *scan);
extern void session_scan_end(SessionScan *scan);

#endif /* SESSIONIZE_SESSION_SCAN_H */
