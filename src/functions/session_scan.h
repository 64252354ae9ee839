/*
 * session_scan.h
 *		The sessions of a relation's keys, one by one, from one pass over the relation without
 *		sorting.
 *
 * Used by the function session_table and by its plan node.
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
	Oid key_type; /* the type of the result's key: that of the column, or text */
	int columns;  /* bits of the columns that are wanted; other fields of SessionRow are not set */
} SessionScanArgs;

typedef struct SessionRow
{
	Datum key; /* valid until the next call */
	bool key_isnull;
	int64 number; /* of the session among the key's sessions, from 1, in the order of time */
	TimestampTz started_at;
	TimestampTz ended_at;
	int64 events;
} SessionRow;

typedef struct SessionScanStats
{
	int64 rows; /* rows read from the source, without those whose time is NULL */
	KeyTableStats table;
	bool by_query;
} SessionScanStats;

typedef struct SessionScan SessionScan;

/*
 * Read the source in the snapshot.  The scan is in a child context of parent, and keeps no
 * reference to args.
 */
extern SessionScan *
session_scan_begin(const SessionScanArgs *args, Snapshot snapshot, MemoryContext parent);

/*
 * Get the next session; false if there is none.  The sessions of a key come one after the other, in
 * the order of time.
 */
extern bool session_scan_next(SessionScan *scan, SessionRow *row);

/* Start over, without reading the source again. */
extern void session_scan_rewind(SessionScan *scan);

extern SessionScanStats session_scan_stats(const SessionScan *scan);
extern void session_scan_end(SessionScan *scan);

#endif /* SESSIONIZE_SESSION_SCAN_H */
