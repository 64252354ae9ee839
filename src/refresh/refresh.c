/*
 * refresh.c
 *		CALL sessionize.refresh(name): brings the star up to date with the raw rows.
 *
 * The work is cut into transactions.  Each locks lanes, takes the dirty rows of the lanes out of
 * the log, derives their keys anew and writes the differences.  Locking, claiming and reading
 * happen in this order, each with a snapshot of its own.  So a change that is committed between two
 * of these steps is either read or still in the log.
 *
 * Concurrently with a rebuild, a refresh first takes a share of the write turn (lock.h), by which a
 * rebuild and refreshes exclude each other while they write, and it notes the keys that it writes
 * (refreshed_keys.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "apply/refresh_batch.h"
#include "capture/capture_check.h"
#include "catalog/definition.h"
#include "catalog/lock.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "counters/counters.h"
#include "dirty/backfill.h"
#include "dirty/dirty.h"
#include "dirty/dirty_claim.h"
#include "dirty/dirty_key.h"
#include "dirty/large_keys.h"
#include "dirty/rebuild_need.h"
#include "guc.h"
#include "live/star_views.h"
#include "partitions/partitions_ahead.h"
#include "rebuild/rebuild.h"
#include "refresh/overdue_copies.h"
#include "refresh/refresh.h"
#include "refresh/restore_check.h"
#include "rollup/rollup_upkeep.h"
#include "run/fuse.h"
#include "run/run.h"
#include "run/steps.h"
#include "run/throttle.h"
#include "star/star.h"
#include "star/star_check.h"
#include "star/star_upkeep.h"
#include "utils/arguments.h"
#include "utils/pause.h"

/* The most keys of a transaction. */
#define BATCH_KEYS 20000

/*
 * After each pass in a row that was cancelled for lack of progress, a transaction has 2^STUCK_SHIFT
 * times fewer keys, until the key that causes the trouble is alone.
 */
#define STUCK_SHIFT 5

/*
 * Lanes locked by a transaction if there is more to do than fits into one, so that others can help.
 */
#define SHARED_LANES 8

/*
 * A worker's refreshes wait while a piece of a rebuild with the newest keys first is done, so that
 * the pieces of one that the worker has started are small.
 */
#define WORKER_PIECE_ROWS 10000

/*
 * How long CALL refresh goes on with "every" but without "max_runtime": less than a minute, so that
 * a job that is started each minute does not meet itself.
 */
#define DEFAULT_RUNTIME (INT64CONST(55) * USECS_PER_SEC)

/* CALL refresh with "every" spends at most about 1 / LARGE_KEYS_PART of its time on large keys. */
#define LARGE_KEYS_PART 10

/* The run log is trimmed once in so many transactions. */
#define TRIM_EVERY 64

typedef struct Refresh
{
	Steps steps;
	MemoryContext step_context; /* reset before each transaction */
	const char *name;
	RefreshBatch *batch;
	RefreshLimits limits;
	TimestampTz batch_started;
	int first_lane;       /* the first of the lanes that the next transaction locks */
	int lanes;            /* how many lanes it locks */
	int done;             /* lanes in a row in which nothing was left to claim */
	bool beside;          /* a rebuild is at work, or waits to begin */
	bool backfill;        /* an interrupted rebuild has keys left, and no session does them */
	bool unbuilt;         /* refreshes need a rebuild from the start, and no session does one */
	bool blown;           /* the fuse is to hold the pipeline */
	bool untidy;          /* there are notes of changed rows, to be forgotten one day */
	bool fills;           /* the rebuild is to go on key by key, since only columns are missing */
	void (*begun)(void);  /* RebuildOptions.begun */
	int large_todo;       /* large keys to do at most; -1: not counted yet */
	TimestampTz large_at; /* no large keys are begun before this time */
	RefreshResult result;
} Refresh;

/*
 * write_failure notes an error in the run log.
 */
static void
write_failure(void *arg, const ErrorData *error)
{
	Refresh *refresh = arg;

	run_refresh_failed(refresh->steps.pipeline, refresh->batch_started, error);
}

/*
 * load_locked loads the pipeline again, now that it is locked, and checks that it can be refreshed.
 */
static Pipeline *
load_locked(Refresh *refresh)
{
	Pipeline *pipeline = pipeline_load_locked(refresh->steps.pipeline);

	if (pipeline->owner != refresh->steps.pipeline->owner)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("pipeline \"%s\" was given to another owner meanwhile", refresh->name),
				 errhint("Try again.")));
	star_lock(pipeline);
	capture_check(pipeline);
	restore_check(pipeline);
	catalog_sync_objects(pipeline);
	return pipeline;
}

/*
 * lock_lanes locks the next lanes, except those that another session has, and returns the lanes
 * that it has locked, one bit for each.
 */
static uint32
lock_lanes(const Refresh *refresh, const Pipeline *pipeline)
{
	uint32 locked = 0;

	for (int i = 0; i < refresh->lanes; i++)
	{
		int lane = (refresh->first_lane + i) % DIRTY_LANES;

		if (pipeline_try_lane_lock(pipeline, lane))
			locked |= (uint32) 1 << lane;
	}
	return locked;
}

/*
 * is_over tells whether no further transaction should begin.
 */
static bool
is_over(const Refresh *refresh)
{
	return GetCurrentTimestamp() >= refresh->limits.deadline ||
		   (refresh->limits.leave != NULL && refresh->limits.leave());
}

/*
 * batch_keys returns the most keys that a transaction takes.
 */
static int64
batch_keys(const Refresh *refresh)
{
	int shift = Min(refresh->limits.stuck, PG_INT32_MAX / STUCK_SHIFT) * STUCK_SHIFT;

	return shift >= 31 ? 1 : Max(BATCH_KEYS >> shift, 1);
}

/*
 * may_go_on tells whether no burst is in what the active snapshot sees.  Otherwise the pass ends.
 */
static bool
may_go_on(Refresh *refresh, const Pipeline *pipeline)
{
	bool untidy;
	FuseState state = fuse_look(pipeline, &untidy);

	refresh->blown = state == FUSE_BLOWS;
	refresh->result.held |= state == FUSE_HELD;
	refresh->untidy |= state == FUSE_WHOLE && untidy;
	return state == FUSE_WHOLE;
}

/*
 * is_read_whole tells whether no burst is in what has been read of the raw rows by now.  If one is,
 * the transaction is to be rolled back.
 */
static bool
is_read_whole(Refresh *refresh, const Pipeline *pipeline)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	refresh->steps.undo = !may_go_on(refresh, pipeline);
	PopActiveSnapshot();
	return !refresh->steps.undo;
}

/*
 * claim_keys takes the dirty rows of the lanes out of the log, of at most max_keys keys.  It
 * returns NULL if the pipeline is held, or is to be.
 */
static DirtyClaim *
claim_keys(Refresh *refresh, const Pipeline *pipeline, uint32 lanes, int64 max_keys)
{
	DirtyClaim *claim = NULL;

	/* an earlier snapshot may miss what another refresh has just left in the log or taken out */
	PushActiveSnapshot(GetTransactionSnapshot());
	if (may_go_on(refresh, pipeline))
		claim = dirty_claim(pipeline, lanes, max_keys, large_keys_load(pipeline));
	PopActiveSnapshot();
	return claim;
}

/*
 * claim_large_key takes the dirty rows of one large key out of the log, and counts the large keys.
 * It returns NULL if the pipeline is held, or is to be.
 */
static DirtyClaim *
claim_large_key(Refresh *refresh, const Pipeline *pipeline, int *count)
{
	DirtyClaim *claim = NULL;

	PushActiveSnapshot(GetTransactionSnapshot());
	if (may_go_on(refresh, pipeline))
	{
		LargeKeys *large = large_keys_load(pipeline);

		*count = (int) large->keys.count;
		claim = dirty_claim_large(pipeline, large);
	}
	PopActiveSnapshot();
	return claim;
}

/*
 * note_large_keys notes which of the keys just derived are large.  was_large: the only key that was
 * derived was noted as large before.
 */
static void
note_large_keys(const Pipeline *pipeline, const DirtyClaim *claim, const KeyMeter *meter,
				bool was_large)
{
	large_keys_note_metered(pipeline, meter);
	if (was_large && meter->count == 0)
		large_keys_forget(pipeline, claim->keys[0].key);
}

/*
 * batch_mode chooses how much of the claimed keys is derived.
 */
static BatchMode
batch_mode(const Refresh *refresh, const Pipeline *pipeline)
{
	/* a rebuild that fills columns derives each key as a whole, whatever was refreshed before */
	if (pipeline->filling)
		return BATCH_WINDOWS;
	if (refresh->beside)
		return BATCH_BESIDE;
	return refresh->backfill ? BATCH_WHOLE : BATCH_WINDOWS;
}

/*
 * refresh_claimed derives the claimed keys anew.
 */
static void
refresh_claimed(Refresh *refresh, const Pipeline *pipeline, DirtyClaim *claim, bool large)
{
	BatchMode mode = batch_mode(refresh, pipeline);
	BatchCounts counts = {0};
	KeyMeter *meter =
		key_meter_create(CurrentMemoryContext, pipeline->types[SRC_SESSION_KEY], sz_large_key_rows);
	BatchRequest request = {pipeline, claim->keys, claim->nkeys, mode, meter};

	refresh_batch_run(refresh->batch, &request, &counts);
	PAUSE_POINT("refresh-derived");
	if (!is_read_whole(refresh, pipeline))
		return;
	if (!pipeline->built && mode != BATCH_WINDOWS)
		backfill_forget(pipeline, claim->keys, claim->nkeys);
	if (counts.failed_keys == 0 || !large)
		note_large_keys(pipeline, claim, meter, large);
	if (large)
		PAUSE_POINT("large-written");
	run_refreshed(pipeline, refresh->batch_started, &counts.derived, &counts.written,
				  counts.before);
	if (refresh->result.batches++ % TRIM_EVERY == 0)
		run_trim(pipeline);
	refresh->result.keys += claim->nkeys;
	refresh->result.failed_keys += counts.failed_keys;
	refresh->result.refreshed_from = Min(refresh->result.refreshed_from, claim->logged_at);
}

/*
 * begin_transaction takes the lock of a refresh and loads the pipeline.  It returns NULL if the
 * pipeline is busy, or needs a rebuild from the start in place of a refresh.
 */
static Pipeline *
begin_transaction(Refresh *refresh)
{
	Pipeline *pipeline;

	MemoryContextReset(refresh->step_context);
	MemoryContextSwitchTo(refresh->step_context);
	refresh->batch_started = GetCurrentTimestamp();
	refresh_timer_begin();
	if (!pipeline_try_refresh_lock(refresh->steps.pipeline))
	{
		refresh->result.busy = true;
		return NULL;
	}
	pipeline = load_locked(refresh);
	/* until the end of this transaction no rebuild begins, unless one is known to us already */
	refresh->beside = !pipeline_try_hold_rebuild(pipeline);
	refresh->backfill = !pipeline->built && !refresh->beside && backfill_is_stale(pipeline);
	refresh->result.unbuilt = !pipeline->built;
	/* during a first build no refresh can go on */
	refresh->result.rebuild_left = !pipeline->built && !refresh->beside &&
								   refresh->limits.leave_rebuild && !star_is_empty(pipeline);
	refresh->unbuilt = !pipeline->built && !refresh->beside && !refresh->backfill &&
					   !(refresh->result.rebuild_left && pipeline->filling);
	if ((refresh->unbuilt || refresh->result.rebuild_left) && !may_go_on(refresh, pipeline))
	{
		/* a rebuild that nobody has asked for since would apply the burst */
		refresh->unbuilt = false;
		refresh->result.rebuild_left = false;
		return NULL;
	}
	return refresh->unbuilt ? NULL : pipeline;
}

/*
 * move_on chooses the lanes of the next transaction.  complete: nothing was left to claim in those
 * of this one.
 */
static void
move_on(Refresh *refresh, bool complete)
{
	if (complete)
	{
		refresh->done += refresh->lanes;
		refresh->first_lane = (refresh->first_lane + refresh->lanes) % DIRTY_LANES;
	}
	else
	{
		refresh->done = 0;
		refresh->lanes = SHARED_LANES;
	}
}

/*
 * batch_step refreshes the dirty keys of some lanes, up to a number of keys.
 */
static void
batch_step(void *arg)
{
	Refresh *refresh = arg;
	Pipeline *pipeline = begin_transaction(refresh);
	DirtyClaim *claim;
	uint32 lanes;

	if (pipeline == NULL)
		return;
	if (refresh->beside)
	{
		pipeline_share_write_turn(pipeline);
		/* what was loaded may be older than the rebuild */
		pipeline->filling = pipeline->filling && run_is_filling(pipeline);
	}
	PAUSE_POINT("refresh-begun");
	lanes = lock_lanes(refresh, pipeline);
	PAUSE_POINT("refresh-locked");
	claim = claim_keys(refresh, pipeline, lanes, batch_keys(refresh));
	PAUSE_POINT("refresh-claimed");
	if (claim == NULL)
		return;
	if (claim->nkeys > 0)
		refresh_claimed(refresh, pipeline, claim, false);
	if (refresh->steps.undo)
		return;
	PAUSE_POINT("refresh-written");
	refresh->result.large_left |= claim->large_left;
	move_on(refresh, claim->complete);
}

/*
 * large_step refreshes a large key, if one is dirty and no other session works on large keys.  It
 * does nothing during a rebuild or between the pieces of one: the rebuild would wait for the large
 * key, and other refreshes for the rebuild.
 */
static void
large_step(void *arg)
{
	Refresh *refresh = arg;
	Pipeline *pipeline = begin_transaction(refresh);
	DirtyClaim *claim;
	int count;

	refresh->large_todo--;
	if (pipeline == NULL || refresh->beside || refresh->backfill ||
		!pipeline_try_lane_lock(pipeline, LARGE_KEYS_LANE))
	{
		refresh->large_todo = 0;
		return;
	}
	PAUSE_POINT("large-locked");
	claim = claim_large_key(refresh, pipeline, &count);
	PAUSE_POINT("large-claimed");
	if (claim == NULL)
	{
		refresh->large_todo = 0;
		return;
	}
	if (claim->nkeys > 0)
		refresh_claimed(refresh, pipeline, claim, true);
	if (refresh->large_todo < 0)
		refresh->large_todo = count - 1;
	if (!claim->large_left)
		refresh->large_todo = 0;
}

/*
 * hold_step has the fuse hold the pipeline.  It has a transaction of its own, without the locks of a
 * refresh, since it waits for whoever releases the pipeline.
 */
static void
hold_step(void *arg)
{
	Refresh *refresh = arg;

	refresh->result.held = fuse_hold(refresh->steps.pipeline);
}

/*
 * run_step runs a step that refreshes.  It returns whether the pass may go on.
 */
static bool
run_step(Refresh *refresh, void (*step)(void *arg))
{
	refresh->blown = false;
	steps_run(&refresh->steps, step);
	if (refresh->blown)
		steps_run(&refresh->steps, hold_step);
	return !refresh->result.held;
}

/*
 * do_large_keys refreshes each dirty large key once, so that a key that gets rows all the time does
 * not keep the session for ever.
 */
static void
do_large_keys(Refresh *refresh)
{
	TimestampTz began = GetCurrentTimestamp();

	refresh->large_todo = -1;
	do
	{
		CHECK_FOR_INTERRUPTS();
		if (!run_step(refresh, large_step))
			break;
	} while (refresh->large_todo > 0 && !is_over(refresh));
	refresh->large_at = began + LARGE_KEYS_PART * (GetCurrentTimestamp() - began);
}

/*
 * load loads the pipeline, and checks that the current user may refresh it.
 */
static void
load(Refresh *refresh)
{
	MemoryContextSwitchTo(refresh->steps.context);
	/* a CALL has the snapshot of its portal, but a worker has no portal */
	PushActiveSnapshot(GetTransactionSnapshot());
	refresh->steps.pipeline = pipeline_load(refresh->name);
	pipeline_check_owner(refresh->steps.pipeline);
	PopActiveSnapshot();
}

/*
 * run_rebuild runs a rebuild, or some pieces of one; false if another session is at work on it.
 */
static bool
run_rebuild(Refresh *refresh, RebuildOrder order, int max_pieces)
{
	RebuildOptions options = {.throttle = 1,
							  .order = order,
							  .max_pieces = max_pieces,
							  .piece_rows = refresh->begun != NULL ? WORKER_PIECE_ROWS : 0,
							  .begun = refresh->begun};
	bool is_ours = rebuild_pipeline(refresh->name, refresh->steps.context, options);

	refresh->result.rebuilt |= is_ours;
	return is_ours;
}

/*
 * do_lanes refreshes the keys that are dirty now, in all lanes, except large keys.
 */
static void
do_lanes(Refresh *refresh)
{
	refresh->lanes = DIRTY_LANES;
	refresh->first_lane = MyProcPid % DIRTY_LANES;
	refresh->done = 0;
	refresh->backfill = false;
	while (refresh->done < DIRTY_LANES && !refresh->result.busy)
	{
		if (is_over(refresh))
		{
			refresh->result.unfinished = true;
			return;
		}
		CHECK_FOR_INTERRUPTS();
		if (!run_step(refresh, batch_step))
			return;
		if (refresh->unbuilt && refresh->result.rebuild_left)
			refresh->result.busy = true;
		else if (refresh->unbuilt)
			(void) run_rebuild(refresh, ORDER_AS_BEFORE, 0);
	}
}

/*
 * overdue_step has the copies of quarantined rows dropped that are too old.
 */
static void
overdue_step(void *arg)
{
	Refresh *refresh = arg;
	Pipeline *pipeline = begin_transaction(refresh);

	if (pipeline != NULL)
		overdue_copies_log(pipeline);
}

/*
 * show_step adds the columns to the views that a rebuild could not add, because the views were in
 * use.
 */
static void
show_step(void *arg)
{
	Refresh *refresh = arg;
	Pipeline *pipeline = begin_transaction(refresh);

	if (pipeline != NULL && pipeline->built && definition_is_hidden(pipeline->definition))
		(void) star_show_hidden(pipeline);
}

/*
 * rollup_step fills the rollups that wait for it; else it merges their changes.
 */
static void
rollup_step(void *arg)
{
	Refresh *refresh = arg;
	Pipeline *pipeline = begin_transaction(refresh);

	if (pipeline != NULL && pipeline->rollups != NULL && !rollups_fill(pipeline))
		rollups_merge(pipeline);
}

/*
 * tidy_step forgets notes of the fuse, unless a session holds or releases the pipeline.  It has a
 * transaction of its own, without the locks of a refresh, since those sessions wait for it.
 */
static void
tidy_step(void *arg)
{
	Refresh *refresh = arg;
	const Pipeline *pipeline = refresh->steps.pipeline;

	if (!pipeline_try_lock_fuse(pipeline))
		return;
	PushActiveSnapshot(GetTransactionSnapshot());
	if (fuse_look(pipeline, &refresh->untidy) == FUSE_WHOLE)
		fuse_tidy(pipeline);
	PopActiveSnapshot();
	refresh->untidy = false;
}

/*
 * do_pass refreshes the keys that are dirty now, except large keys.  If a rebuild that does the
 * newest keys first was interrupted, the pass goes on with it piece by piece, and with the dirty
 * keys before each piece.  The caller has a nonatomic connection to SPI.
 */
static void
do_pass(Refresh *refresh)
{
	load(refresh);
	refresh->result.large_left = false;
	refresh->result.unfinished = false;
	refresh->result.rebuild_left = false;
	refresh->result.held = false;
	if (refresh->steps.pipeline->quarantine != NULL)
		steps_run(&refresh->steps, overdue_step);
	refresh->result.busy = false;
	for (;;)
	{
		do_lanes(refresh);
		if (!refresh->backfill || refresh->result.rebuild_left || refresh->result.busy ||
			refresh->result.unfinished || refresh->result.held ||
			!run_rebuild(refresh, ORDER_NEWEST_FIRST, 1))
			break;
	}
	if (refresh->untidy && !refresh->result.held)
		steps_run(&refresh->steps, tidy_step);
	if (definition_is_hidden(refresh->steps.pipeline->definition))
		steps_run(&refresh->steps, show_step);
	if (!refresh->result.busy && !refresh->result.held && rollups_wait(refresh->steps.pipeline))
		steps_run(&refresh->steps, rollup_step);
}

/*
 * begin prepares for passes, in a child of parent, which must outlive the transactions.
 */
static Refresh *
begin(MemoryContext parent, const char *name, RefreshLimits limits)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize refresh calls", ALLOCSET_DEFAULT_SIZES);
	Refresh *refresh = MemoryContextAllocZero(context, sizeof(Refresh));

	refresh->steps = (Steps){context, NULL, write_failure, refresh, false};
	refresh->step_context =
		AllocSetContextCreate(context, "sessionize refresh step", ALLOCSET_DEFAULT_SIZES);
	refresh->name = MemoryContextStrdup(context, name);
	refresh->batch = refresh_batch_create(context, (Size) maintenance_work_mem * 1024);
	refresh->limits = limits;
	refresh->result.refreshed_from = DT_NOEND;
	refresh->large_at = DT_NOBEGIN;
	return refresh;
}

/*
 * do_large_pass refreshes the large keys that are dirty now.
 */
static void
do_large_pass(Refresh *refresh)
{
	load(refresh);
	do_large_keys(refresh);
}

/*
 * look_step finds out whether the star needs a rebuild.
 */
static void
look_step(void *arg)
{
	Refresh *refresh = arg;
	Pipeline *pipeline = begin_transaction(refresh);

	refresh->fills = refresh->backfill || (pipeline != NULL && pipeline->filling);
}

/*
 * do_rebuild rebuilds the star if it needs that and no other session does it.
 */
static void
do_rebuild(Refresh *refresh)
{
	load(refresh);
	if (run_step(refresh, look_step) && refresh->result.rebuild_left)
		(void) run_rebuild(refresh, refresh->fills ? ORDER_NEWEST_FIRST : ORDER_AS_BEFORE, 0);
}

/*
 * run_in_worker does a pass in transactions of its own, in a process without a portal.
 */
static RefreshResult
run_in_worker(const char *name, RefreshLimits limits, void (*begun)(void),
			  void (*pass)(Refresh *refresh))
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext portal_context = PortalContext;
	RefreshResult result;
	Refresh *refresh = begin(TopMemoryContext, name, limits);

	refresh->begun = begun;
	PG_TRY();
	{
		/*
		 * A nonatomic connection allocates its memory in PortalContext, which a worker has not set.
		 */
		PortalContext = refresh->steps.context;
		StartTransactionCommand();
		SPI_connect_ext(SPI_OPT_NONATOMIC);
		pass(refresh);
		SPI_finish();
		CommitTransactionCommand();
		result = refresh->result;
	}
	PG_CATCH();
	{
		PortalContext = portal_context;
		/* the connection's memory is needed until the transaction is aborted */
		MemoryContextSetParent(refresh->steps.context, TopTransactionContext);
		PG_RE_THROW();
	}
	PG_END_TRY();
	PortalContext = portal_context;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(refresh->steps.context);
	return result;
}

/*
 * refresh_pass does a pass in a worker.
 */
RefreshResult
refresh_pass(const char *name, RefreshLimits limits)
{
	return run_in_worker(name, limits, NULL, do_pass);
}

/*
 * refresh_large_keys does a pass over the large keys in a worker.
 */
RefreshResult
refresh_large_keys(const char *name)
{
	return run_in_worker(name, (RefreshLimits){.deadline = DT_NOEND}, NULL, do_large_pass);
}

/*
 * rebuild_outdated rebuilds the star, if it needs that, in a worker.
 */
void
rebuild_outdated(const char *name, void (*begun)(void))
{
	(void) run_in_worker(name, (RefreshLimits){.deadline = DT_NOEND, .leave_rebuild = true}, begun,
						 do_rebuild);
}

/*
 * make_partitions makes the missing partitions of the raw table.
 */
static void
make_partitions(const char *name)
{
	const Pipeline *pipeline;

	PushActiveSnapshot(GetTransactionSnapshot());
	pipeline = pipeline_find(name);
	if (pipeline != NULL && OidIsValid(pipeline->source))
		partitions_ahead_make(pipeline->source);
	PopActiveSnapshot();
}

/*
 * refresh_make_partitions makes the missing partitions of the raw table in a worker.
 */
void
refresh_make_partitions(const char *name)
{
	StartTransactionCommand();
	make_partitions(name);
	CommitTransactionCommand();
}

/*
 * do_passes does one pass, or, if every (in microseconds) is not 0, passes at this distance until
 * the deadline.
 */
static void
do_passes(Refresh *refresh, uint64 every)
{
	for (;;)
	{
		TimestampTz next = GetCurrentTimestamp() + (int64) every;

		do_pass(refresh);
		if (refresh->result.held)
			return;
		if (refresh->result.large_left && GetCurrentTimestamp() >= refresh->large_at)
			do_large_keys(refresh);
		if (every == 0 || next >= refresh->limits.deadline)
			return;
		sleep_till(next, SZ_WAIT_REFRESH_EVERY);
	}
}

/*
 * tell_needs reports, by a NOTICE, that the pipeline still needs a rebuild, if that is noted.
 */
static void
tell_needs(const Refresh *refresh)
{
	bool any;

	PushActiveSnapshot(GetTransactionSnapshot());
	any = rebuild_need_any(refresh->steps.pipeline);
	PopActiveSnapshot();
	if (any)
		ereport(NOTICE,
				(errmsg("pipeline \"%s\" needs a rebuild", refresh->name),
				 errdetail("Raw rows have changed that its log does not tell of: the column "
						   "needs_rebuild of sessionize.pipeline_status says how."),
				 errhint("CALL sessionize.rebuild(%s);", quote_literal_cstr(refresh->name))));
}

/*
 * tell_held warns that the fuse holds the pipeline.
 */
static void
tell_held(const Refresh *refresh)
{
	char *detail;

	PushActiveSnapshot(GetTransactionSnapshot());
	detail = fuse_detail(refresh->steps.pipeline);
	PopActiveSnapshot();
	ereport(WARNING, (errmsg("pipeline \"%s\" was not refreshed: its fuse holds it", refresh->name),
					  errdetail("%s", detail), errhint("%s", fuse_hint(refresh->name))));
}

/*
 * usecs_argument returns an interval argument in microseconds, 0 for NULL.  The function reports an
 * interval of 0 or of more than a year.
 */
static uint64
usecs_argument(FunctionCallInfo fcinfo, int argno, const char *argname)
{
	uint64 usecs;

	if (PG_ARGISNULL(argno))
		return 0;
	usecs = sz_interval_usecs(PG_GETARG_INTERVAL_P(argno), argname);
	if (usecs == 0 || usecs > (uint64) USECS_PER_DAY * 366)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be more than 0 and at most a year", argname),
						errhint("Such as %s => '1 second'.", argname)));
	return usecs;
}

/*
 * sessionize_refresh is CALL sessionize.refresh(name, max_runtime, every).
 */
PIPELINE_FUNCTION(sessionize_refresh)
{
	uint64 max_runtime;
	uint64 every;
	RefreshLimits limits = {.deadline = DT_NOEND};
	Refresh *refresh;

	steps_check_call(fcinfo, "CALL sessionize.refresh()");
	(void) argument_pipeline(fcinfo);
	max_runtime = usecs_argument(fcinfo, 1, "max_runtime");
	every = usecs_argument(fcinfo, 2, "every");
	if (max_runtime == 0 && every > 0)
		max_runtime = DEFAULT_RUNTIME;
	if (max_runtime > 0)
		limits.deadline = GetCurrentTimestamp() + (int64) max_runtime;
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	refresh = begin(PortalContext, text_to_cstring(PG_GETARG_TEXT_PP(0)), limits);
	/* the changes that the caller's own transaction has made are in the log once it is committed */
	SPI_commit();
	do_passes(refresh, every);
	make_partitions(refresh->name);
	if (refresh->result.busy)
		ereport(NOTICE,
				(errmsg("pipeline \"%s\" is being rebuilt or dropped, so it was not refreshed",
						refresh->name)));
	tell_needs(refresh);
	if (refresh->result.held)
		tell_held(refresh);
	SPI_finish();
	MemoryContextDelete(refresh->steps.context);
	PG_RETURN_VOID();
}
