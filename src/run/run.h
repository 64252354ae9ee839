/*
 * run.h
 *		The log of rebuilds and refreshes, and the ledger: how many rows the star accounts for.
 *
 * Every function writes as the extension's owner, in the caller's transaction.
 *
 * The parameters "before" and "replaced" are the numbers of rows that the star accounted for, by
 * its own counts, before the caller's change.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RUN_H
#define SESSIONIZE_RUN_H

#include "apply/table_writer.h"
#include "catalog/pipeline.h"
#include "derive/derive.h"
#include "star/star.h"

/* The order in which a rebuild does the keys. */
typedef enum RebuildOrder
{
	ORDER_AS_BEFORE,   /* as the last rebuild, if it was interrupted; else by hash */
	ORDER_BY_HASH,     /* everything read at once, the fastest */
	ORDER_NEWEST_FIRST /* by the time of the last event; each piece is read when it is done */
} RebuildOrder;

typedef struct Run
{
	int64 id;
	int pieces;      /* of the run that is resumed; 0 for a new one */
	int pieces_done; /* the pieces that an earlier call has finished */
	bool newest_first;
	bool *done;           /* for each piece, if a run by hash is resumed; else NULL */
	PieceDigest *digests; /* of the finished pieces */
} Run;

/*
 * Open a run, or resume the pipeline's last one, if it was interrupted, has the same definition,
 * and the star's counts are still those of the ledger.  A run with the newest keys first is not
 * resumed if changes that are not in the dirty log have made a rebuild necessary.  The result is in
 * CurrentMemoryContext.
 */
extern Run *run_open(const Pipeline *pipeline, const char *definition, uint32 progress_handle,
					 RebuildOrder order);

/*
 * Note what the reading has found: the number of pieces, and the raw, quarantined and filtered
 * rows. The ledger is corrected to "before", as the active snapshot sees both, and what refreshes
 * have added to it since stays.  more_quarantined: by how many rows the quarantine has grown.
 */
extern void run_has_read(const Run *run, const Pipeline *pipeline, int pieces,
						 const DeriveCounts *counts, StarRows before, int64 more_quarantined);

/*
 * Note a finished piece.  kept: the rows that the written part of the star accounts for; replaced:
 * the rows that the part it has replaced accounted for.
 */
extern void run_has_piece(const Run *run, const Pipeline *pipeline, int piece, PieceDigest digest,
						  const DeriveCounts *derived, const WriteCounts *written, StarRows kept,
						  StarRows replaced);

/*
 * For a rebuild with the newest keys first: note that the list of keys is written, from so many raw
 * rows, of which so many are filtered; and note a piece that was done as a refresh does it.  In
 * run_has_keys "before" is that of run_has_read; in run_has_batch it is of the piece's keys.
 */
extern void run_has_keys(const Run *run, const Pipeline *pipeline, int64 raw_rows, int64 filtered,
						 StarRows before);
extern void run_has_batch(const Run *run, const Pipeline *pipeline, int piece,
						  const DeriveCounts *derived, const WriteCounts *written, StarRows before);

extern void run_finish(const Run *run, const Pipeline *pipeline);

/* Note that the run has stopped with an error. */
extern void run_fail(const Run *run, const Pipeline *pipeline, const ErrorData *error);

/* Note a finished transaction of a refresh.  before: of the keys that it has derived. */
extern void run_refreshed(const Pipeline *pipeline, TimestampTz started_at,
						  const DeriveCounts *derived, const WriteCounts *written, StarRows before);

/*
 * Note that rows of the star were deleted which accounted for so many rows, and remove errors with
 * the text of this key from the log.
 */
extern void run_erased(const Pipeline *pipeline, StarRows rows, int64 quarantined, const char *key);

/* Note that so many late rows were deleted. */
extern void run_forgets_late(const Pipeline *pipeline, int64 rows);

/* Why a star has to be built anew. */
typedef enum UnbuildReason
{
	UNBUILD_CHANGES, /* raw rows have changed that the dirty log does not tell of */
	UNBUILD_RULES,   /* the rules have changed, so that none of its rows can be relied on */
	UNBUILD_COLUMNS  /* measures or dimensions have changed, but no boundary of a session */
} UnbuildReason;

/* Note that the star has to be built anew. */
extern void run_unbuild(const Pipeline *pipeline, UnbuildReason reason);

/*
 * Whether the star lacks nothing but columns of measures and dimensions (Pipeline.filling), as a
 * new snapshot sees it.
 */
extern bool run_is_filling(const Pipeline *pipeline);

/*
 * Have no interrupted run with the newest keys first be resumed, since the keys that it has left
 * are not all that is to be done.
 */
extern void run_forget_newest(const Pipeline *pipeline);

/* Forget the pipeline's oldest runs, beyond the number that is kept. */
extern void run_trim(const Pipeline *pipeline);

/* Note that a refresh has stopped with an error. */
extern void
run_refresh_failed(const Pipeline *pipeline, TimestampTz started_at, const ErrorData *error);

#endif /* SESSIONIZE_RUN_H */
