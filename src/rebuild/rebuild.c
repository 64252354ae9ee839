/*
 * rebuild.c
 *		Derives the whole star from all raw rows.
 *
 * The work is cut into steps, each a transaction: open the run; read and write piece by piece
 * (rebuild_pieces.c or, with the newest keys first, rebuild_newest.c); create missing indexes;
 * close the run; gather statistics.  A finished step stays whatever happens later, and the next
 * call goes on from there.
 *
 * Refreshes go on during a rebuild, unless the star is built for the first time.  Each step that
 * writes takes the write turn (lock.h), which keeps the refreshes from writing.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "capture/captured_tables.h"
#include "catalog/definition.h"
#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/rules.h"
#include "catalog/star_relation.h"
#include "derive/derive.h"
#include "dirty/backfill.h"
#include "dirty/refreshed_keys.h"
#include "identity/person_derive.h"
#include "live/star_views.h"
#include "rebuild/rebuild.h"
#include "rebuild/rebuild_newest.h"
#include "rebuild/rebuild_pieces.h"
#include "rebuild/rebuild_work.h"
#include "rollup/rollup_upkeep.h"
#include "run/fuse.h"
#include "run/progress.h"
#include "spi/scope.h"
#include "star/star.h"
#include "star/star_check.h"
#include "star/star_ddl.h"
#include "star/star_upkeep.h"
#include "utils/pass_limit.h"
#include "utils/pause.h"

/*
 * To be increased by every release that derives something else from the same rows, so that no
 * release resumes a rebuild of another one.
 */
#define DERIVATION_VERSION 1

/*
 * write_failure notes an error in the run log.
 */
static void
write_failure(void *arg, const ErrorData *error)
{
	Rebuild *rebuild = arg;

	if (rebuild->run != NULL)
		run_fail(rebuild->run, rebuild->steps.pipeline, error);
}

/*
 * definition_digest returns a digest of all that a derivation depends on apart from the raw rows.
 */
static char *
definition_digest(const Pipeline *pipeline)
{
	char *all = psprintf("%d %s", DERIVATION_VERSION, pipeline_definition_text(pipeline));
	const unsigned char *bytes = (const unsigned char *) all;
	int len = (int) strlen(all);

	return psprintf("%016llx%016llx", (unsigned long long) hash_bytes_extended(bytes, len, 1),
					(unsigned long long) hash_bytes_extended(bytes, len, 2));
}

/*
 * check_newest_first reports a pipeline without capture: nothing would tell of the changes to a key
 * after it was done.
 */
static void
check_newest_first(const Pipeline *pipeline)
{
	if (!pipeline->capture)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pipeline \"%s\" can't be rebuilt newest first", pipeline->name),
				 errdetail("It does not capture changes, so what changes while the rebuild goes on "
						   "would be missed."),
				 errhint("CALL sessionize.rebuild(%s);", quote_literal_cstr(pipeline->name))));
}

/*
 * choose_mode decides whether refreshes can go on during the rebuild.  One that does the newest
 * keys first needs only the indexes for that.  Any other must be alone if changes are not captured,
 * or if the star is empty, since it then builds the star without indexes, which is faster.
 */
static RebuildMode
choose_mode(const Rebuild *rebuild)
{
	const Pipeline *pipeline = rebuild->pipeline;

	if (!star_has_indexes(pipeline))
		return REBUILD_EXCLUSIVE;
	if (!rebuild->run->newest_first && (!pipeline->capture || star_is_empty(pipeline)))
		return REBUILD_EXCLUSIVE;
	return REBUILD_CONCURRENT;
}

/*
 * open_step opens the run.
 */
static void
open_step(void *arg)
{
	Rebuild *rebuild = arg;
	uint32 handle = progress_begin();

	star_check(rebuild->pipeline);
	/* a rebuild takes the raw rows as they are, however much of a dump was restored */
	captured_tables_settle(rebuild->pipeline->id);
	if (rebuild->options.order == ORDER_NEWEST_FIRST)
		check_newest_first(rebuild->pipeline);
	rebuild->run = run_open(rebuild->pipeline, definition_digest(rebuild->pipeline), handle,
							rebuild->options.order);
	progress_set_run(rebuild->run->id);
	if (rebuild->run->pieces == 0 && !rebuild->run->newest_first)
		backfill_clear(rebuild->pipeline);
	else if (rebuild->run->pieces > 0 && rebuild->options.max_pieces == 0)
		ereport(NOTICE, (errmsg("resuming: %d of %d pieces are done", rebuild->run->pieces_done,
								rebuild->run->pieces)));
	rebuild->mode = choose_mode(rebuild);
}

/*
 * lock_mode waits for the lock that keeps refreshes away, or lets them know of the rebuild.
 */
static void
lock_mode(Rebuild *rebuild)
{
	progress_state(STATE_WAITING);
	pipeline_lock_rebuild(rebuild->pipeline, rebuild->mode);
	rebuild->has_mode = true;
	progress_state(STATE_WORKING);
}

/*
 * unlock_mode releases the lock of the mode, if it is held.
 */
static void
unlock_mode(Rebuild *rebuild)
{
	if (rebuild->has_mode)
		pipeline_unlock_rebuild(rebuild->pipeline, rebuild->mode);
	rebuild->has_mode = false;
}

/*
 * begin_step forgets the notes of earlier runs, now that every refresh knows of the rebuild.
 *
 * Rollups over no facts that are empty are exact, and each piece keeps them so.  Then the rebuild
 * need not add up all facts once more, unless it is resumed, since somebody may have changed the
 * rollups or the facts before that.
 */
static void
begin_step(void *arg)
{
	Rebuild *rebuild = arg;

	refreshed_keys_forget(rebuild->pipeline);
	rebuild->rollups_are_exact = rebuild->mode == REBUILD_EXCLUSIVE &&
								 star_is_empty(rebuild->pipeline) &&
								 rollups_are_empty(rebuild->pipeline);
	PAUSE_POINT("rebuild-opened");
}

/*
 * index_step creates the indexes that are missing, and makes the persons right. A star with indexes
 * has its persons at each commit.
 */
static void
index_step(void *arg)
{
	Rebuild *rebuild = arg;

	progress_phase(PHASE_INDEXES);
	rebuild_take_write_turn(rebuild);
	pass_limit_suspend();
	star_create_indexes(rebuild->pipeline);
	if (rebuild->pipeline->has_identity)
		persons_derive(rebuild->pipeline);
}

/*
 * rollups_step adds what the rollups lack of the facts, where somebody has changed either, and merges
 * what the pieces have appended.
 */
static void
rollups_step(void *arg)
{
	Rebuild *rebuild = arg;

	pass_limit_suspend();
	if (!rebuild->rollups_are_exact)
		rollups_repair(rebuild->pipeline);
	rollups_merge(rebuild->pipeline);
}

/*
 * finish_step closes the run.
 */
static void
finish_step(void *arg)
{
	Rebuild *rebuild = arg;

	PAUSE_POINT("rebuild-finish");
	/* in a write turn, so that no refresh claims the dirty rows that are forgotten here */
	rebuild_take_write_turn(rebuild);
	refreshed_keys_forget(rebuild->pipeline);
	if (rebuild->run->newest_first)
		backfill_clear(rebuild->pipeline);

	/*
	 * A piece that an earlier call has done is skipped if its raw rows are now what they were
	 * then.  A refresh in between may have derived other rows, and only the dirty log tells of the
	 * change back.  So a resumed rebuild leaves the dirty rows in the log.  Of the failed keys it
	 * does not know which ones it has done itself.
	 */
	if (rebuild->baseline != NULL)
		rebuild_baseline_forget(rebuild->baseline, rebuild->pipeline,
								rebuild->run->pieces_done > 0);
	run_finish(rebuild->run, rebuild->pipeline);
}

/*
 * show_step adds the columns to the views that were hidden until the star was built.
 */
static void
show_step(void *arg)
{
	Rebuild *rebuild = arg;

	if (definition_is_hidden(rebuild->pipeline->definition) && !star_show_hidden(rebuild->pipeline))
		ereport(NOTICE,
				(errmsg("the new columns of pipeline \"%s\" could not be added to its views",
						rebuild->pipeline->name),
				 errdetail("The views were in use."), errhint("The next refresh tries again.")));
}

/*
 * analyze_step gathers the statistics of a table.
 */
static void
analyze_step(void *arg)
{
	Rebuild *rebuild = arg;

	PAUSE_POINT("rebuild-analyze");
	star_analyze(rebuild->pipeline, rebuild->table);
}

/*
 * analyze gathers statistics, if anything was written.  Each table has a transaction of its own, so
 * that no lock is held while another one is waited for.  The star is right by now, so the run
 * counts as done whatever happens here.
 */
static void
analyze(Rebuild *rebuild)
{
	if (rebuild->written == 0 && rebuild->run->pieces_done == 0)
		return;
	progress_phase(PHASE_ANALYZING);
	rebuild->steps.failed = NULL;
	for (rebuild->table = 0; rebuild->table < STAR_RELATION_COUNT; rebuild->table++)
		if (star_relation_is(rebuild->table, STAR_IS_ANALYZED) &&
			star_relation_is_used(rebuild->pipeline, rebuild->table))
			steps_run(&rebuild->steps, analyze_step);
}

/*
 * make_indexes creates the missing indexes, alone, since refreshes can't go on without them.
 */
static void
make_indexes(Rebuild *rebuild)
{
	lock_mode(rebuild);
	steps_run(&rebuild->steps, index_step);
	unlock_mode(rebuild);
	rebuild->mode = REBUILD_CONCURRENT;
}

/*
 * release_step releases the pipeline, if its fuse holds it: what has changed is about to be read.
 */
static void
release_step(void *arg)
{
	const Rebuild *rebuild = arg;

	pipeline_lock_fuse(rebuild->pipeline);
	(void) fuse_release(rebuild->pipeline, FUSE_REBUILD, NULL);
}

/*
 * rebuild_star does all the steps.
 */
static void
rebuild_star(Rebuild *rebuild)
{
	steps_run(&rebuild->steps, open_step);
	if (rebuild->run->newest_first && rebuild->mode == REBUILD_EXCLUSIVE)
		make_indexes(rebuild);
	lock_mode(rebuild);
	if (rebuild->options.releases_fuse)
		steps_run(&rebuild->steps, release_step);
	if (rebuild->options.begun != NULL)
		rebuild->options.begun();
	steps_run(&rebuild->steps, begin_step);
	if (!rebuild->run->newest_first)
		rebuild_pieces(rebuild);
	else if (!rebuild_newest(rebuild))
		return;
	steps_run(&rebuild->steps, index_step);
	if (rebuild->pipeline->rollups != NULL)
		steps_run(&rebuild->steps, rollups_step);
	steps_run(&rebuild->steps, finish_step);
	steps_run(&rebuild->steps, show_step);
	if (rebuild->failed_keys > 0)
		ereport(WARNING,
				(errmsg(INT64_FORMAT " session keys of pipeline \"%s\" could not be rebuilt",
						rebuild->failed_keys, rebuild->pipeline->name),
				 errhint("SELECT * FROM sessionize.run_errors;")));
	analyze(rebuild);
}

/*
 * let_go releases what the end of a transaction does not.
 */
static void
let_go(Rebuild *rebuild)
{
	if (rebuild->derivation != NULL)
		derive_end(rebuild->derivation);
	if (rebuild->again != NULL)
		derive_end(rebuild->again);
	progress_end();
	rebuild_end_write_turn(rebuild);
	unlock_mode(rebuild);
	pipeline_unlock_session(rebuild->pipeline);
}

/*
 * load_locked loads the pipeline again, now that it is locked, in a new snapshot.
 */
static Pipeline *
load_locked(const Pipeline *seen)
{
	Pipeline *pipeline;

	PushActiveSnapshot(GetTransactionSnapshot());
	pipeline = pipeline_load_locked(seen);
	pipeline_check_owner(pipeline);
	catalog_sync_objects(pipeline);
	PopActiveSnapshot();
	return pipeline;
}

/*
 * has_left_keys tells whether an interrupted rebuild of a star that is not built has left keys to
 * do.
 */
static bool
has_left_keys(const Pipeline *pipeline)
{
	OwnerScope scope;
	bool has;

	if (pipeline->built)
		return false;
	PushActiveSnapshot(GetTransactionSnapshot());
	owner_scope_enter(&scope, pipeline);
	has = backfill_is_stale(pipeline);
	owner_scope_leave(&scope);
	PopActiveSnapshot();
	return has;
}

/*
 * rebuild_locked rebuilds the star; with max_pieces, only if an interrupted rebuild has left keys.
 */
static pg_noinline void
rebuild_locked(Rebuild *rebuild)
{
	rebuild->pipeline = load_locked(rebuild->pipeline);
	rebuild->steps = (Steps){rebuild->context, rebuild->pipeline, write_failure, rebuild, false};
	if (rebuild->options.max_pieces == 0 || has_left_keys(rebuild->pipeline))
		rebuild_star(rebuild);
}

/*
 * rebuild_and_unlock rebuilds the star and then releases all locks, after an error too.
 */
static void
rebuild_and_unlock(Rebuild *rebuild)
{
	PG_TRY();
	{
		rebuild_locked(rebuild);
	}
	PG_CATCH();
	{
		let_go(rebuild);
		PG_RE_THROW();
	}
	PG_END_TRY();
	let_go(rebuild);
}

/*
 * rebuild_pipeline loads and locks the pipeline, and rebuilds its star.
 */
bool
rebuild_pipeline(const char *name, MemoryContext parent, RebuildOptions options)
{
	MemoryContext caller = CurrentMemoryContext;
	Rebuild rebuild = {.options = options, .budget = (Size) maintenance_work_mem * 1024};
	bool is_ours = true;

	rebuild.context = AllocSetContextCreate(parent, "sessionize rebuild", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(rebuild.context);
	throttle_begin(&rebuild.throttle, options.throttle);
	PushActiveSnapshot(GetTransactionSnapshot());
	rebuild.pipeline = pipeline_load(name);
	pipeline_check_owner(rebuild.pipeline);
	PopActiveSnapshot();
	if (options.max_pieces > 0)
		is_ours = pipeline_try_lock_session(rebuild.pipeline);
	else
		pipeline_lock_session(rebuild.pipeline);
	if (is_ours)
		rebuild_and_unlock(&rebuild);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(rebuild.context);
	return is_ours;
}
