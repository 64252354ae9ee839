/*
 * changed_rows.c
 *		How many existing raw rows a transaction has changed, noted for the fuse (run/fuse.h).
 *
 * A note is written by the transaction that has changed the rows, so whoever sees the changes sees
 * the note.  It is one row for each transaction, however many rows and keys there are.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/owner_scope.h"
#include "dirty/changed_rows.h"
#include "guc.h"
#include "spi/scope.h"
#include "spi/statement.h"

/* Rows are corrected, or marked as processed, soon after they come: that is no burst. */
#define FRESH USECS_PER_HOUR

/* A transaction that changes fewer rows is not noted, so that single updates cost nothing. */
#define LEAST_NOTED 10

/*
 * changed_rows_counts tells whether a change of a row counts.
 */
bool
changed_rows_counts(TimestampTz event_time)
{
	return sz_fuse && event_time < GetCurrentTransactionStartTimestamp() - FRESH;
}

/*
 * changed_rows_add adds the rows of b to those of a.
 */
void
changed_rows_add(ChangedRows *a, const ChangedRows *b)
{
	a->newest = a->updated + a->deleted == 0 ? b->newest : Max(a->newest, b->newest);
	a->updated += b->updated;
	a->deleted += b->deleted;
}

/*
 * changed_rows_note writes a note, if the pipeline still exists and its star has rows that depend on
 * these.  Nobody sees a change before the first build, or of rows that are all sealed.
 */
void
changed_rows_note(int32 pipeline, const ChangedRows *rows)
{
	OwnerScope scope;

	if (rows->updated + rows->deleted < LEAST_NOTED)
		return;
	/* at a transaction's end no snapshot is active */
	PushActiveSnapshot(GetLatestSnapshot());
	extension_scope_enter(&scope);
	sql_run("INSERT INTO sessionize.changed_rows (pipeline_id, updated, deleted, newest) "
			"SELECT $1, $2, $3, $4 FROM sessionize.ledger AS l WHERE l.pipeline_id = $1 AND "
			"l.kept_rows > 0 AND NOT EXISTS (SELECT FROM sessionize.pipeline AS p WHERE "
			"p.pipeline_id = $1 AND p.sealed_before > $4)",
			SQL_READ_WRITE,
			SQL_VALUES(SQL_INT4(pipeline), SQL_INT8(rows->updated), SQL_INT8(rows->deleted),
					   SQL_TIMESTAMPTZ(rows->newest)));
	owner_scope_leave(&scope);
	PopActiveSnapshot();
}
