/*
 * rebuild_newest.c
 *		A rebuild that does the keys with the newest events first.
 *
 * The list of keys, with the time of the last event of each, is read once (backfill.h).  Then the
 * keys are done piece by piece as a refresh does them: each key as a whole, once, from the raw rows
 * of that moment.  So a rebuild writes nothing that is older than what a refresh has written, and
 * need not leave out any key.  A finished piece need not be looked at again, since later changes
 * are in the dirty log.
 *
 * The snapshot for the list is taken in a write turn, when no refresh is between its reading and
 * its commit.  So no refresh that has read older raw rows can afterwards write a key that the list
 * does not have: of a key that is not in the list, the star has nothing, or the key is in the dirty
 * log.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "apply/refresh_batch.h"
#include "capture/capture_intact.h"
#include "catalog/pipeline.h"
#include "dirty/backfill.h"
#include "dirty/dirty_key.h"
#include "dirty/large_keys.h"
#include "dirty/rebuild_need.h"
#include "dirty/refreshed_keys.h"
#include "guc.h"
#include "rebuild/backfill_fill.h"
#include "rebuild/rebuild_newest.h"
#include "rebuild/rebuild_work.h"
#include "run/progress.h"
#include "source/estimate.h"
#include "star/star.h"
#include "star/star_upkeep.h"
#include "utils/pause.h"

/*
 * piece_rows returns about how many raw rows a piece has.
 */
static int64
piece_rows(const Rebuild *rebuild)
{
	int64 wanted = rebuild->options.piece_rows;

	if (wanted == 0)
		wanted = sz_rebuild_piece_rows;
	return Min(wanted, derive_piece_rows(rebuild->budget));
}

/*
 * fill_step reads the list of keys.  The caller has the write turn for the session; it is given up
 * here, when the step has its snapshot.
 *
 * If the star needs a rebuild because of changes that the dirty log does not tell of, the star
 * counts as not built from now on: the keys left in the list take the place of the notes in
 * sessionize.rebuild_need.  The list of an interrupted rebuild stays until the new one is written.
 */
static void
fill_step(void *arg)
{
	Rebuild *rebuild = arg;
	const Pipeline *pipeline = rebuild->pipeline;
	ArrayType *needs = capture_settled_needs(pipeline);
	StarRows before;
	BackfillCounts counts;

	rebuild_end_write_turn(rebuild);
	progress_phase(PHASE_READING);
	progress_set(PROGRESS_ROWS_ESTIMATED, raw_table_estimate(pipeline->source));
	rebuild->baseline = rebuild_baseline_read(pipeline);
	counts = backfill_fill(pipeline, needs != NULL || !pipeline->built, piece_rows(rebuild),
						   rebuild->budget / 2, rebuild_show_rows_read, rebuild);
	before = star_rows(pipeline);
	PAUSE_POINT("rebuild-read");
	rebuild_take_write_turn(rebuild);
	backfill_clear_former(pipeline);
	star_repair_members(pipeline);
	if (needs != NULL)
		run_unbuild(pipeline, UNBUILD_CHANGES);
	rebuild_need_forget(needs);
	rebuild->run->pieces = counts.pieces;
	run_has_keys(rebuild->run, pipeline, counts.raw_rows, counts.filtered, before);
}

/*
 * piece_step derives and writes the keys of a piece; the write turn keeps refreshes from writing
 * them.
 */
static void
piece_step(void *arg)
{
	Rebuild *rebuild = arg;
	const Pipeline *pipeline = rebuild->pipeline;
	MemoryContext context =
		AllocSetContextCreate(rebuild->context, "sessionize rebuild piece", ALLOCSET_DEFAULT_SIZES);
	BatchRequest request = {.pipeline = pipeline, .mode = BATCH_WHOLE};
	BatchCounts counts = {0};
	TimestampTz oldest;

	PAUSE_POINT(psprintf("rebuild-piece-%d", rebuild->piece));
	rebuild_take_write_turn(rebuild);
	PAUSE_POINT("rebuild-turn");
	MemoryContextSwitchTo(context);
	request.meter = key_meter_create(context, pipeline->types[SRC_SESSION_KEY], sz_large_key_rows);
	request.keys = backfill_take(pipeline, rebuild->piece, &request.nkeys, &oldest);
	refresh_batch_run(rebuild->batch, &request, &counts);
	large_keys_note_metered(pipeline, request.meter);
	refreshed_keys_forget(pipeline);
	run_has_batch(rebuild->run, pipeline, rebuild->piece, &counts.derived, &counts.written,
				  counts.before);
	PAUSE_POINT("rebuild-written");
	MemoryContextSwitchTo(rebuild->context);
	MemoryContextDelete(context);
	rebuild->written += counts.written.inserted + counts.written.updated + counts.written.deleted;
	rebuild->failed_keys += counts.failed_keys;
	progress_set(PROGRESS_DONE_AFTER, oldest);
	progress_set(PROGRESS_PIECES_DONE, rebuild->piece + 1);
	progress_add(PROGRESS_EVENTS, counts.derived.events);
	progress_add(PROGRESS_SESSIONS, counts.derived.sessions);
}

/*
 * next_step finds the next piece; -1 if all are done.
 */
static void
next_step(void *arg)
{
	Rebuild *rebuild = arg;

	rebuild->piece = backfill_next(rebuild->pipeline);
}

/*
 * rebuild_newest runs the steps.
 */
bool
rebuild_newest(Rebuild *rebuild)
{
	int done = 0;

	if (rebuild->run->pieces == 0)
	{
		rebuild_begin_write_turn(rebuild);
		steps_run(&rebuild->steps, fill_step);
	}
	progress_phase(PHASE_WRITING);
	progress_set(PROGRESS_PIECES_TOTAL, rebuild->run->pieces);
	rebuild->batch = refresh_batch_create(rebuild->context, rebuild->budget);
	for (;;)
	{
		steps_run(&rebuild->steps, next_step);
		if (rebuild->piece < 0)
			return true;
		if (rebuild->options.max_pieces > 0 && done++ >= rebuild->options.max_pieces)
			return false;
		progress_set(PROGRESS_PIECES_DONE, rebuild->piece);
		throttle_rest(&rebuild->throttle);
		steps_run(&rebuild->steps, piece_step);
	}
}
