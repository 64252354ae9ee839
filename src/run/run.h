/*
 * run.h
 *		The log of rebuilds and refreshes: which ran, how far they got, and how many raw rows the star stands for.
 *
 * Every function writes as the extension's owner, in the caller's transaction.
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
	ORDER_AS_BEFORE,   /* as the last rebuild, if that did not end; else by hash */
	ORDER_BY_HASH,     /* everything read at once, the fastest */
	ORDER_NEWEST_FIRST /* by the last event, each key read when it is its turn */
} RebuildOrder;

typedef struct Run
{
	int64 id;
	int pieces;      /* of the run it resumes; 0 for a new one */
	int pieces_done; /* of them, at the beginning */
	bool newest_first;
	bool *done;           /* by hash, for each piece, if it resumes */
	PieceDigest *digests; /* of those that are done */
} Run;

/*
 * Open a run, or take up the pipeline's last one, if it was interrupted with the same definition, the
 * star's counts are still as it left them and, newest first, no rebuild is needed for another reason.
 * In CurrentMemoryContext.
 */
extern Run *
run_open(const Pipeline *pipeline, const char *definition, uint32 progress_handle, RebuildOrder order);

/*
 * Note what the read has found: how many pieces there are, and the rows that no event can be made of.  before: what the
 * star stands for in the active snapshot, by its own account; from there on counting begins, what refreshes have added since
 * included.  more_quarantined: by how many rows what was written has made the quarantine grow.
 */
extern void run_has_read(const Run *run, const Pipeline *pipeline, int pieces, const DeriveCounts *counts,
						 StarRows before, int64 more_quarantined);

/*
 * Note a finished piece.  kept: the rows that what was written stands for; replaced: what the star stood for in
 * their place before, by its own account.
 */
extern void
run_has_piece(const Run *run, const Pipeline *pipeline, int piece, PieceDigest digest,
			  const DeriveCounts *derived, const WriteCounts *written, StarRows kept, StarRows replaced);

/*
 * Newest first: note that the keys are known, of so many raw rows; before as above.  And a piece that was done as a
 * refresh does it.
 */
extern void run_has_keys(const Run *run, const Pipeline *pipeline, int64 raw_rows, StarRows before);
extern void run_has_batch(const Run *run, const Pipeline *pipeline, int piece, const DeriveCounts *derived,
						  const WriteCounts *written, StarRows before);

extern void run_finish(const Run *run, const Pipeline *pipeline);

/* Note that the run has stopped with an error. */
extern void run_fail(const Run *run, const ErrorData *error);

/*
 * Note a refresh's transaction: what it has done, and what the star stands for by that.  before: what it stood for among the
 * keys, by its own account.
 */
extern void run_refreshed(const Pipeline *pipeline, TimestampTz started_at, const DeriveCounts *derived,
						  const WriteCounts *written, StarRows before);

/*
 * Note that rows of the star were deleted that stood for so many rows, and take a key's text out of the errors
 * in the log.
 */
extern void run_erased(const Pipeline *pipeline, StarRows rows, int64 quarantined, const char *key);

/* Note that so many late rows were deleted. */
extern void run_forgets_late(const Pipeline *pipeline, int64 rows);

/*
 * Note that the star has to be built anew.  outdated: for it is not what the rules say any more, so
 * that none of its rows counts.
 */
extern void run_unbuild(const Pipeline *pipeline, bool outdated);

/* Newest first: note that the keys that were left are not those that are left to do, so that no run is resumed. */
extern void run_forget_newest(const Pipeline *pipeline);

/* Forget the pipeline's oldest runs, beyond those that are kept. */
extern void run_trim(const Pipeline *pipeline);

/* Note that a refresh has stopped with an error. */
extern void run_refresh_failed(const Pipeline *pipeline, TimestampTz started_at, const ErrorData *error);

#endif /* SESSIONIZE_RUN_H */
