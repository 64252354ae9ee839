/*
 * rebuild.c
 *		The star becomes what the raw rows say.
 *
 * The work is cut into steps, each a transaction: open the run; read the raw rows, in one snapshot; write
 * one piece after the other; make the indexes that are missing; gather statistics; close the run.  What a
 * finished step has written stays whatever happens later, and the next call goes on from there.
 *
 * Refreshes go on meanwhile, unless the star is being built for the first time.  Each note the keys it writes.  A step
 * that writes takes its turn with them, and leaves out the keys that were refreshed after the raw rows were
 * read.  The snapshot in which these are read is taken in a turn as well: so what a refresh has written that the snapshot does not
 * see, it has also read after it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "guc.h"
#include "miscadmin.h"
#include "pipeline/derive.h"
#include "pipeline/large_keys.h"
#include "pipeline/pause.h"
#include "pipeline/progress.h"
#include "pipeline/quarantine_writer.h"
#include "pipeline/raw_table.h"
#include "pipeline/rebuild.h"
#include "pipeline/refreshed_keys.h"
#include "pipeline/run.h"
#include "pipeline/seen_log.h"
#include "pipeline/star.h"
#include "pipeline/star_ddl.h"
#include "pipeline/star_upkeep.h"
#include "pipeline/star_writer.h"
#include "pipeline/steps.h"
#include "pipeline/throttle.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Another number for every release that derives something else from the same rows: none resumes another's. */
#define DERIVATION_VERSION 1

typedef struct Rebuild
{
	MemoryContext context; /* outlives the transactions */
	Steps steps;
	Pipeline *pipeline;
	Run *run;
	RebuildMode mode;
	bool has_mode; /* its lock is held; likewise a turn */
	bool has_turn;
	Throttle throttle;
	Size budget;
	char *snapshot; /* in which the raw rows were read */
	int pieces;
	bool *todo;             /* the pieces to write */
	bool *changed;          /* those of them that were done, but their raw rows have changed since */
	Derivation *derivation; /* of the pieces that were not done */
	Derivation *again;      /* of those that have changed; NULL where there are none */
	SeenLog *seen;          /* what the log said when the raw rows were read */
	StoredStar stored;
	StarWriter *writer;
	int piece;     /* to write in this step */
	int64 written; /* rows inserted, updated and deleted so far, by this call */
} Rebuild;

/*
 * write_failure notes an error in the run log.
 */
static void
write_failure(void *arg, const ErrorData *error)
{
	Rebuild *rebuild = arg;

	if (rebuild->run != NULL)
		run_fail(rebuild->run, error);
}

/*
 * definition_digest returns a digest of all that a derivation depends on besides the raw rows.
 */
static char *
definition_digest(const Pipeline *pipeline)
{
	Datum view = DirectFunctionCall1(pg_get_viewdef, ObjectIdGetDatum(pipeline->source_view));
	const SzRules *rules = &pipeline->rules;
	const SzClockRules *clock = &pipeline->clock;
	char *all = psprintf(
		"%d %s " UINT64_FORMAT " " UINT64_FORMAT " " UINT64_FORMAT " %d %s %s " UINT64_FORMAT
		" " UINT64_FORMAT " " UINT64_FORMAT " " INT64_FORMAT " " INT64_FORMAT " %d %d " INT64_FORMAT " %s",
		DERIVATION_VERSION, pipeline->name, rules->gap, rules->max_duration, rules->max_events,
		rules->midnight, pipeline->midnight ? pg_get_timezone_name(pipeline->midnight) : "",
		pg_get_timezone_name(pipeline->zone), pipeline->dedup_window, clock->skew_threshold, clock->max_lead,
		clock->min_time, clock->max_time, pipeline->store_events, pipeline->has_seal, pipeline->sealed_before,
		TextDatumGetCString(view));
	const unsigned char *bytes = (const unsigned char *) all;
	int len = (int) strlen(all);

	return psprintf("%016llx%016llx", (unsigned long long) hash_bytes_extended(bytes, len, 1),
					(unsigned long long) hash_bytes_extended(bytes, len, 2));
}

/*
 * choose_step decides whether refreshes can go on meanwhile: not without the log that they work by, and not while the
 * star has neither rows nor indexes, when to build it fast is what brings it up to date.
 */
static void
choose_step(void *arg)
{
	Rebuild *rebuild = arg;
	const Pipeline *pipeline = rebuild->pipeline;

	star_check(pipeline);
	rebuild->mode = REBUILD_BESIDE;
	if (!pipeline->capture || !star_has_indexes(pipeline) || star_is_empty(pipeline))
		rebuild->mode = REBUILD_ALONE;
}

/*
 * take_turn begins to write: no refresh is at work until the step's end.
 */
static void
take_turn(const Rebuild *rebuild)
{
	star_lock(rebuild->pipeline);
	pipeline_take_turn(rebuild->pipeline, false);
}

/*
 * refreshed_since_read returns the keys of a piece, or of all if pieces is 0, that were refreshed after the raw rows were
 * read.  In a turn these are all there will be until it ends.
 */
static StaleKeys *
refreshed_since_read(const Rebuild *rebuild, int piece, int pieces)
{
	StaleKeys *keys;

	/* the step's own snapshot is older than the turn */
	PushActiveSnapshot(GetTransactionSnapshot());
	keys = refreshed_keys_load(rebuild->pipeline, rebuild->snapshot, piece, pieces);
	PopActiveSnapshot();
	return keys;
}

/*
 * open_step opens the run.
 */
static void
open_step(void *arg)
{
	Rebuild *rebuild = arg;
	uint32 handle = progress_begin();

	refreshed_keys_forget(rebuild->pipeline);
	rebuild->run = run_open(rebuild->pipeline, definition_digest(rebuild->pipeline), handle);
	progress_set_run(rebuild->run->id);
	if (rebuild->run->pieces_done > 0)
		ereport(NOTICE, (errmsg("resuming: %d of %d pieces are done", rebuild->run->pieces_done,
								rebuild->run->pieces)));
	PAUSE_POINT("rebuild-opened");
}

/*
 * show_rows_read counts the rows read, and rests.
 */
static void
show_rows_read(void *arg, int64 rows_read)
{
	Rebuild *rebuild = arg;

	progress_set(PROGRESS_ROWS_READ, rows_read);
	throttle_rest(&rebuild->throttle);
}

/*
 * read_raw reads the raw rows of the pieces to do.
 *
 * In a run that is resumed those are the pieces that were not done; and, in the same snapshot, those that
 * were but whose raw rows have changed.  Which these are is known only after everything was read once.
 */
static void
read_raw(Rebuild *rebuild, Size budget)
{
	const Run *run = rebuild->run;
	bool any_changed = false;

	rebuild->derivation = derive_begin(rebuild->pipeline, rebuild->context, run->pieces, budget);
	rebuild->pieces = derive_pieces(rebuild->derivation);
	rebuild->todo = palloc(rebuild->pieces * sizeof(bool));
	rebuild->changed = palloc0(rebuild->pieces * sizeof(bool));
	for (int i = 0; i < rebuild->pieces; i++)
		rebuild->todo[i] = run->done == NULL || !run->done[i];
	derive_read(rebuild->derivation, GetActiveSnapshot(), rebuild->todo, show_rows_read, rebuild);
	for (int i = 0; i < rebuild->pieces; i++)
	{
		PieceDigest digest = derive_digest(rebuild->derivation, i);

		if (!rebuild->todo[i] && memcmp(&digest, &run->digests[i], sizeof(digest)) != 0)
			rebuild->todo[i] = rebuild->changed[i] = any_changed = true;
	}
	if (any_changed)
	{
		rebuild->again = derive_begin(rebuild->pipeline, rebuild->context, rebuild->pieces, budget);
		derive_read(rebuild->again, GetActiveSnapshot(), rebuild->changed, show_rows_read, rebuild);
		derive_quarantine_end(rebuild->again);
	}
}

/*
 * write_quarantine makes the quarantine hold the rows that no event can be made of, and returns how many it has.
 */
static int64
write_quarantine(Rebuild *rebuild, StoredRows *stored)
{
	MemoryContext context =
		AllocSetContextCreate(rebuild->context, "sessionize rebuild quarantine", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	StaleKeys *refreshed = refreshed_since_read(rebuild, 0, 0);
	WriteCounts counts = {0};
	int64 rows = refreshed == NULL ? 0 : stored_leave_out(stored, 0, refreshed);

	rows += quarantine_write(context, rebuild->pipeline, rebuild->derivation, stored, refreshed,
							 rebuild->budget / 8, &counts);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return rows;
}

/*
 * read_stored reads the star as it is.
 */
static void
read_stored(Rebuild *rebuild, StoredRows **quarantine)
{
	stored_star_read(&rebuild->stored, rebuild->context, rebuild->pipeline, rebuild->pieces, rebuild->todo,
					 rebuild->budget / 4);
	*quarantine = star_read_rows(rebuild->context, rebuild->pipeline, &star_quarantine, 1, NULL,
								 rebuild->budget / 8, false);
}

/*
 * write_whole writes what belongs to no piece.
 */
static void
write_whole(Rebuild *rebuild, StoredRows *quarantine)
{
	const DeriveCounts *counts = derive_read_counts(rebuild->derivation);
	StarRows before = star_rows(rebuild->pipeline);
	int64 quarantined;

	PAUSE_POINT("rebuild-read");
	take_turn(rebuild);
	star_repair_members(rebuild->pipeline);
	quarantined = write_quarantine(rebuild, quarantine);
	run_has_read(rebuild->run, rebuild->pipeline, rebuild->pieces, counts, quarantined, before);
}

/*
 * end_turn ends the session's turn, if it has one.
 */
static void
end_turn(Rebuild *rebuild)
{
	if (rebuild->has_turn)
		pipeline_end_turn(rebuild->pipeline);
	rebuild->has_turn = false;
}

/*
 * read_step reads everything: the raw rows, and the star as it is.  It is called in a turn, which lasts until it has
 * its snapshot.
 */
static void
read_step(void *arg)
{
	Rebuild *rebuild = arg;
	bool is_first = rebuild->mode == REBUILD_ALONE && star_is_empty(rebuild->pipeline);
	StoredRows *quarantine;

	end_turn(rebuild);
	rebuild->snapshot = refreshed_keys_snapshot();
	progress_phase(PHASE_READING);
	progress_set(PROGRESS_ROWS_ESTIMATED, raw_table_estimate(rebuild->pipeline->source));
	rebuild->seen = seen_log_read(rebuild->pipeline);
	read_raw(rebuild, is_first ? rebuild->budget / 4 * 3 : rebuild->budget / 2);
	star_lock(rebuild->pipeline);
	read_stored(rebuild, &quarantine);
	write_whole(rebuild, quarantine);
	if (is_first)
		star_drop_indexes(rebuild->pipeline);
	rebuild->writer = star_writer_create(rebuild->context, rebuild->pipeline, rebuild->budget);
	progress_phase(PHASE_WRITING);
	progress_set(PROGRESS_PIECES_TOTAL, rebuild->pieces);
}

/*
 * write_piece writes a piece, but for the keys that were refreshed since the raw rows were read, which are newer.
 */
static void
write_piece(Rebuild *rebuild, int piece, Derivation *derivation, DeriveCounts *derived)
{
	LeftOut left_out = {.keys = refreshed_since_read(rebuild, piece, rebuild->pieces)};
	bool any = left_out.keys != NULL;
	KeyMeter *meter =
		key_meter_create(CurrentMemoryContext, rebuild->pipeline->types[SRC_SESSION_KEY], sz_large_key_rows);
	StarRows replaced = {0, 0};
	WriteCounts written;

	if (any)
		stored_star_leave_out(&rebuild->stored, piece, left_out.keys);
	replaced.kept = stored_sum(rebuild->stored.sessions, piece);
	if (rebuild->stored.late != NULL)
		replaced.late = stored_count(rebuild->stored.late, piece);
	star_writer_set_meter(rebuild->writer, meter);
	star_writer_piece(rebuild->writer, derivation, piece, &rebuild->stored, any ? &left_out : NULL, derived,
					  &written);
	star_writer_set_meter(rebuild->writer, NULL);
	/* beside refreshes the keys are not ours: one of them may be at work on the key */
	if (rebuild->mode == REBUILD_ALONE)
		large_keys_note_metered(rebuild->pipeline, meter);
	run_has_piece(rebuild->run, rebuild->pipeline, piece, derive_digest(derivation, piece), derived, &written,
				  (StarRows){derived->events + derived->duplicates - left_out.rows.kept,
							 derived->late - left_out.rows.late},
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
	take_turn(rebuild);
	PAUSE_POINT("rebuild-turn");
	MemoryContextSwitchTo(context);
	write_piece(rebuild, piece, rebuild->changed[piece] ? rebuild->again : rebuild->derivation, &derived);
	MemoryContextSwitchTo(rebuild->context);
	MemoryContextDelete(context);
	progress_add(PROGRESS_EVENTS, derived.events);
	progress_add(PROGRESS_SESSIONS, derived.sessions);
}

/*
 * index_step makes the indexes that are missing.
 */
static void
index_step(void *arg)
{
	Rebuild *rebuild = arg;

	progress_phase(PHASE_INDEXES);
	take_turn(rebuild);
	star_create_indexes(rebuild->pipeline);
}

/*
 * analyze_step gathers statistics.
 */
static void
analyze_step(void *arg)
{
	Rebuild *rebuild = arg;

	progress_phase(PHASE_ANALYZING);
	star_analyze(rebuild->pipeline);
}

/*
 * finish_step closes the run.
 */
static void
finish_step(void *arg)
{
	Rebuild *rebuild = arg;

	PAUSE_POINT("rebuild-finish");
	/* nor do refreshes take out of the log what is forgotten here */
	take_turn(rebuild);
	refreshed_keys_forget(rebuild->pipeline);

	/*
	 * A piece that was done earlier, and whose raw rows are the same again, may have been refreshed in between
	 * to what they were for a while: its dirty rows have not had their effect yet.
	 */
	seen_log_forget(rebuild->seen, rebuild->pipeline, rebuild->run->pieces_done == 0);
	run_finish(rebuild->run, rebuild->pipeline);
}

/*
 * rebuild_star does all the steps.
 */
static void
rebuild_star(Rebuild *rebuild)
{
	steps_run(&rebuild->steps, choose_step);
	pipeline_lock_rebuild(rebuild->pipeline, rebuild->mode);
	rebuild->has_mode = true;
	steps_run(&rebuild->steps, open_step);
	pipeline_take_turn(rebuild->pipeline, true);
	rebuild->has_turn = true;
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
	steps_run(&rebuild->steps, index_step);
	if (rebuild->written > 0 || rebuild->run->pieces_done > 0)
		steps_run(&rebuild->steps, analyze_step);
	steps_run(&rebuild->steps, finish_step);
}

/*
 * let_go frees what the end of a transaction does not.
 */
static void
let_go(Rebuild *rebuild)
{
	if (rebuild->derivation != NULL)
		derive_end(rebuild->derivation);
	if (rebuild->again != NULL)
		derive_end(rebuild->again);
	progress_end();
	end_turn(rebuild);
	if (rebuild->has_mode)
		pipeline_unlock_rebuild(rebuild->pipeline, rebuild->mode);
	pipeline_unlock_session(rebuild->pipeline);
}

/*
 * rebuild_pipeline brings a pipeline's star to what its raw rows say.
 */
void
rebuild_pipeline(const char *name, MemoryContext parent, double throttle)
{
	MemoryContext caller = CurrentMemoryContext;
	Rebuild rebuild = {0};

	rebuild.context = AllocSetContextCreate(parent, "sessionize rebuild", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(rebuild.context);
	throttle_begin(&rebuild.throttle, throttle);
	rebuild.budget = (Size) maintenance_work_mem * 1024;
	PushActiveSnapshot(GetTransactionSnapshot());
	rebuild.pipeline = pipeline_load(name);
	pipeline_check_owner(rebuild.pipeline);
	PopActiveSnapshot();
	pipeline_lock_session(rebuild.pipeline);
	PG_TRY();
	{
		/* Whatever was seen of it before the lock may have been of a pipeline that is no more. */
		Pipeline *locked;

		PushActiveSnapshot(GetTransactionSnapshot());
		locked = pipeline_load(name);
		PopActiveSnapshot();
		if (locked->id != rebuild.pipeline->id)
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("pipeline \"%s\" was created anew meanwhile", name), errhint("Try again.")));
		pipeline_check_owner(locked);
		rebuild.pipeline = locked;
		rebuild.steps = (Steps){rebuild.context, locked, write_failure, &rebuild};
		rebuild_star(&rebuild);
	}
	PG_FINALLY();
	{
		let_go(&rebuild);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(rebuild.context);
}
