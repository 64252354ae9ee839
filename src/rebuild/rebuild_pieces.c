/*
 * rebuild_pieces.c
 *		A rebuild that reads everything at once and writes it piece by piece, the keys by their
 *		hash.
 *
 * The snapshot in which the raw rows are read is taken in a write turn, when no refresh is between
 * its reading and its commit.  So if a refresh has written a key and the snapshot does not see
 * that, the refresh has also read the raw rows after the snapshot was taken.  Such a key is newer
 * than the snapshot, and is left out of both the derived and the stored rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "apply/quarantine_writer.h"
#include "catalog/lock.h"
#include "catalog/star_relation.h"
#include "derive/derive.h"
#include "dirty/large_keys.h"
#include "dirty/refreshed_keys.h"
#include "guc.h"
#include "identity/person_changes.h"
#include "identity/person_update.h"
#include "rebuild/piece_failures.h"
#include "rebuild/rebuild_pieces.h"
#include "rebuild/rebuild_work.h"
#include "run/progress.h"
#include "source/estimate.h"
#include "star/star.h"
#include "star/star_check.h"
#include "star/star_ddl.h"
#include "star/star_read.h"
#include "star/star_upkeep.h"
#include "star/stored_rows.h"
#include "star/stored_star.h"
#include "utils/pause.h"

/*
 * refreshed_since_read returns the keys of a piece, or of all pieces if pieces is 0, that were
 * refreshed after the raw rows were read.  While the write turn is held there can be no others.
 */
static StaleKeys *
refreshed_since_read(const Rebuild *rebuild, int piece, int pieces)
{
	StaleKeys *keys;

	/* the step's own snapshot is older than the write turn */
	PushActiveSnapshot(GetTransactionSnapshot());
	keys = refreshed_keys_load(rebuild->pipeline, rebuild->snapshot, piece, pieces);
	PopActiveSnapshot();
	return keys;
}

/*
 * read_raw reads the raw rows of the pieces to do.
 *
 * In a run that is resumed these are the pieces that were not done, and the finished pieces whose
 * raw rows have changed since.  Which ones have changed is known only when everything was read
 * once, so these are read by a second derivation, in the same snapshot.
 */
static void
read_raw(Rebuild *rebuild)
{
	const Run *run = rebuild->run;
	Size budget = rebuild->plan.derivation;
	bool any_changed = false;

	rebuild->derivation = derive_begin(rebuild->pipeline, rebuild->context, run->pieces, budget);
	rebuild->pieces = derive_pieces(rebuild->derivation);
	rebuild->todo = palloc(rebuild->pieces * sizeof(bool));
	rebuild->changed = palloc0(rebuild->pieces * sizeof(bool));
	for (int i = 0; i < rebuild->pieces; i++)
		rebuild->todo[i] = run->done == NULL || !run->done[i];
	derive_read(rebuild->derivation, GetActiveSnapshot(), rebuild->todo, rebuild_show_rows_read,
				rebuild);
	for (int i = 0; i < rebuild->pieces; i++)
	{
		PieceDigest digest = derive_digest(rebuild->derivation, i);

		if (!rebuild->todo[i] && memcmp(&digest, &run->digests[i], sizeof(digest)) != 0)
			rebuild->todo[i] = rebuild->changed[i] = any_changed = true;
	}
	if (any_changed)
	{
		rebuild->again = derive_begin(rebuild->pipeline, rebuild->context, rebuild->pieces, budget);
		derive_read(rebuild->again, GetActiveSnapshot(), rebuild->changed, rebuild_show_rows_read,
					rebuild);
		derive_quarantine_end(rebuild->again);
	}
}

/*
 * write_quarantine makes the quarantine equal to the rows that no event can be made of, except for
 * the keys that were refreshed since.  It returns by how many rows the quarantine has grown.
 */
static int64
write_quarantine(Rebuild *rebuild, StoredRows *stored)
{
	MemoryContext context = AllocSetContextCreate(rebuild->context, "sessionize rebuild quarantine",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	StaleKeys *refreshed = refreshed_since_read(rebuild, 0, 0);
	WriteCounts counts = {0};
	int64 before;
	int64 rows;

	if (refreshed != NULL)
		stored_rows_leave_out(stored, 0, refreshed);
	before = stored_rows_count(stored, 0);
	rows = quarantine_write(context,
							&(QuarantineRequest){.pipeline = rebuild->pipeline,
												 .derivation = rebuild->derivation,
												 .stored = stored,
												 .left_out = refreshed,
												 .budget = rebuild->plan.writer.table},
							&counts);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return rows - before;
}

/*
 * read_stored reads the star as it is.
 */
static void
read_stored(Rebuild *rebuild, StoredRows **quarantine)
{
	stored_star_read(&rebuild->stored, rebuild->context, rebuild->pipeline, rebuild->pieces,
					 rebuild->todo, rebuild->plan.stored);
	*quarantine = star_read_rows(rebuild->context, rebuild->pipeline,
								 star_table(rebuild->pipeline, STAR_QUARANTINE), 1, NULL,
								 rebuild->plan.quarantine, false);
}

/*
 * write_whole writes the dimensions' missing members and the quarantine, which belong to no piece.
 * The first build does without indexes.
 */
static void
write_whole(Rebuild *rebuild, StoredRows *quarantine, bool is_first)
{
	const DeriveCounts *counts = derive_read_counts(rebuild->derivation);
	StarRows before = star_rows(rebuild->pipeline);
	int64 more_quarantined;

	PAUSE_POINT("rebuild-read");
	rebuild_take_write_turn(rebuild);
	star_repair_members(rebuild->pipeline);
	if (is_first)
		star_drop_indexes(rebuild->pipeline);
	more_quarantined = write_quarantine(rebuild, quarantine);
	run_has_read(rebuild->run, rebuild->pipeline, rebuild->pieces, counts, before,
				 more_quarantined);
}

/*
 * read_step reads the raw rows and the stored star.  The caller has the write turn for the session;
 * it is given up here, when the step has its snapshot.
 */
static void
read_step(void *arg)
{
	Rebuild *rebuild = arg;
	bool is_first = rebuild->mode == REBUILD_EXCLUSIVE && star_is_empty(rebuild->pipeline);
	StoredRows *quarantine;

	rebuild->plan = memory_plan_of_rebuild(rebuild->budget, is_first);
	rebuild_end_write_turn(rebuild);
	rebuild->snapshot = refreshed_keys_snapshot();
	progress_phase(PHASE_READING);
	progress_set(PROGRESS_ROWS_ESTIMATED, raw_table_estimate(rebuild->pipeline->source));
	rebuild->baseline = rebuild_baseline_read(rebuild->pipeline);
	read_raw(rebuild);
	star_lock(rebuild->pipeline);
	read_stored(rebuild, &quarantine);
	write_whole(rebuild, quarantine, is_first);
	rebuild->writer = star_writer_create(rebuild->context, rebuild->pipeline, rebuild->plan.writer);
	progress_phase(PHASE_WRITING);
	progress_set(PROGRESS_PIECES_TOTAL, rebuild->pieces);
}

/*
 * write_piece writes a piece, except the keys that were refreshed since the raw rows were read, and
 * those that can't be derived.
 */
static void
write_piece(Rebuild *rebuild, int piece, Derivation *derivation, DeriveCounts *derived)
{
	LeftOut left_out = {.keys = refreshed_since_read(rebuild, piece, rebuild->pieces)};
	bool any = left_out.keys != NULL;
	KeyMeter *meter = key_meter_create(
		CurrentMemoryContext, rebuild->pipeline->types[SRC_SESSION_KEY], sz_large_key_rows);
	PersonChanges *persons = NULL;
	PieceFailures *failures;
	StarRows replaced = {0};
	WriteCounts written;

	if (any)
		stored_star_leave_out(&rebuild->stored, piece, left_out.keys);
	replaced.kept = stored_rows_sum(rebuild->stored.rows[STAR_FACT_SESSION], piece);
	if (rebuild->stored.rows[STAR_LATE] != NULL)
		replaced.late = stored_rows_count(rebuild->stored.rows[STAR_LATE], piece);
	/* a star without indexes gets its persons when it gets these (index_step) */
	if (star_has_indexes(rebuild->pipeline))
		persons = person_changes_create(rebuild->pipeline);
	star_writer_set_meter(rebuild->writer, meter);
	star_writer_set_persons(rebuild->writer, persons);
	failures = piece_failures_begin(rebuild->writer, &rebuild->stored, piece, rebuild->pipeline);
	star_writer_piece(rebuild->writer, derivation, piece, &rebuild->stored, any ? &left_out : NULL,
					  derived, &written);
	star_writer_write_changes(rebuild->writer);
	replaced.kept -= stored_rows_set_aside_sum(rebuild->stored.rows[STAR_FACT_SESSION], piece);
	rebuild->failed_keys += piece_failures_end(failures);
	star_writer_set_meter(rebuild->writer, NULL);
	star_writer_set_persons(rebuild->writer, NULL);
	persons_update(rebuild->pipeline, persons);
	/* if refreshes go on, only the owner of a key may note that it is large (large_keys.h) */
	if (rebuild->mode == REBUILD_EXCLUSIVE)
		large_keys_note_metered(rebuild->pipeline, meter);
	run_has_piece(rebuild->run, rebuild->pipeline, piece, derive_digest(derivation, piece), derived,
				  &written,
				  (StarRows){.kept = derived->events + derived->duplicates - left_out.rows.kept,
							 .late = derived->late - left_out.rows.late},
				  replaced);
	rebuild->written += written.inserted + written.updated + written.deleted;
}

/*
 * piece_step writes a piece.
 */
static void
piece_step(void *arg)
{
	Rebuild *rebuild = arg;
	int piece = rebuild->piece;
	MemoryContext context =
		AllocSetContextCreate(rebuild->context, "sessionize rebuild piece", ALLOCSET_DEFAULT_SIZES);
	DeriveCounts derived;

	PAUSE_POINT(psprintf("rebuild-piece-%d", piece));
	rebuild_take_write_turn(rebuild);
	PAUSE_POINT("rebuild-turn");
	MemoryContextSwitchTo(context);
	write_piece(rebuild, piece, rebuild->changed[piece] ? rebuild->again : rebuild->derivation,
				&derived);
	MemoryContextSwitchTo(rebuild->context);
	MemoryContextDelete(context);
	progress_add(PROGRESS_EVENTS, derived.events);
	progress_add(PROGRESS_SESSIONS, derived.sessions);
}

/*
 * rebuild_pieces runs the steps.
 */
void
rebuild_pieces(Rebuild *rebuild)
{
	rebuild_begin_write_turn(rebuild);
	steps_run(&rebuild->steps, read_step);
	for (int i = 0; i < rebuild->pieces; i++)
	{
		rebuild->piece = i;
		if (rebuild->todo[i])
		{
			throttle_rest(&rebuild->throttle);
			steps_run(&rebuild->steps, piece_step);
		}
		progress_add(PROGRESS_PIECES_DONE, 1);
	}
}
