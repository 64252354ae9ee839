/*
 * rebuild_newest.c
 *		A rebuild that does the keys with the newest events first.
 *
 * Which keys there are, and when each had its last event, is read once (backfill.h).  Then they are done piece by piece as a
 * refresh does them: each key as a whole, once, from what the raw rows say when it is its turn.  So nothing is older than
 * what a refresh has written meanwhile, and nothing has to be left out; a piece that was done need not be looked at again, for
 * what changes afterwards is in the dirty log.
 *
 * The snapshot in which the keys are read is taken in a turn: what has changed by then, and a refresh has read otherwise, it has
 * written by then.  So of each key that is not there the star has nothing, or the dirty log has it.
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
 * fill_step finds out which keys there are.  It is called in a turn, which lasts until it has its snapshot.
 *
 * A star that needs a rebuild for what the dirty log does not tell is from now on one that is being built: what the notes said of
 * any key is told by the keys that are not done.  Those that an interrupted rebuild has left tell it until then.
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
	counts = backfill_fill(pipeline, needs != NULL || !pipeline->built,
						   Min(sz_rebuild_piece_rows, derive_piece_rows(rebuild->budget)),
						   rebuild->budget / 2, rebuild_show_rows_read, rebuild);
	before = star_rows(pipeline);
	PAUSE_POINT("rebuild-read");
	rebuild_take_write_turn(rebuild);
	backfill_clear_former(pipeline);
	star_repair_members(pipeline);
	if (needs != NULL)
		run_unbuild(pipeline, false);
	rebuild_need_forget(needs);
	rebuild->run->pieces = counts.pieces;
	run_has_keys(rebuild->run, pipeline, counts.raw_rows, before);
}

/*
 * piece_step does the keys of a piece, which are nobody else's as long as the turn lasts.
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
	run_has_batch(rebuild->run, pipeline, rebuild->piece, &counts.derived, &counts.written, counts.before);
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
 * next_step finds the next piece; -1: all are done.
 */
static void
next_step(void *arg)
{
	Rebuild *rebuild = arg;

	rebuild->piece = backfill_next(rebuild->pipeline, 0);
}

/*
 * rebuild_newest does the steps.
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
