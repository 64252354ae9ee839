/*
 * changed_rows.h
 *		How many existing raw rows a transaction has changed, noted for the fuse (run/fuse.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHANGED_ROWS_H
#define SESSIONIZE_CHANGED_ROWS_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* Raw rows that were there before they were updated or deleted. */
typedef struct ChangedRows
{
	int64 updated;
	int64 deleted;
	TimestampTz newest; /* the latest of their event times */
} ChangedRows;

/* Whether a change of a row counts whose event time is this one, or the first of a range. */
extern bool changed_rows_counts(TimestampTz event_time);

/* Add the rows of b to those of a. */
extern void changed_rows_add(ChangedRows *a, const ChangedRows *b);

/*
 * Note what the current transaction has changed of a pipeline's raw rows, unless that is too little
 * to matter.  To be called before the transaction commits or is prepared.
 */
extern void changed_rows_note(int32 pipeline, const ChangedRows *rows);

#endif /* SESSIONIZE_CHANGED_ROWS_H */
