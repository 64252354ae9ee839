/*
 * ingest_position.h
 *		Up to where each partition of a source was read into an events table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_INGEST_POSITION_H
#define SESSIONIZE_INGEST_POSITION_H

#include "postgres.h"

/* A partition of a source, and the table that it is read into. */
typedef struct IngestKey
{
	Oid events;
	char *source;
	char *partition;
} IngestKey;

/* What became of requests. */
typedef struct IngestCounts
{
	int64 requests;
	int64 rejected;
	int64 rows_decoded;
	int64 rows_inserted;
	TimestampTz received_at; /* the latest; DT_NOBEGIN: none */
} IngestCounts;

/* Begin to read; returns the position, NULL where nothing was read, and sets the new fence. */
extern char *position_begin(const IngestKey *key, int64 *fence);

/*
 * Lock the position until the transaction's end and return it.  An error if another loader has begun
 * since this one got its fence.
 */
extern char *position_lock(const IngestKey *key, int64 fence);

/* Like position_lock, and an error if the position is another one than expected. */
extern void position_lock_at(const IngestKey *key, int64 fence, const char *expected);

/* Move the position, which is locked, and add to what became of the requests. */
extern void position_move(const IngestKey *key, const char *next, const IngestCounts *counts);

/* Note that requests that had been rejected were decoded. */
extern void position_note_retried(const IngestKey *key, const IngestCounts *counts);

/* Note that what lies between the position and the next one can't be read, and why. */
extern void
position_note_gap(const IngestKey *key, const char *position, const char *next, const char *reason);

#endif /* SESSIONIZE_INGEST_POSITION_H */
