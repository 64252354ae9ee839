/*
 * refresh.c
 *		CALL sessionize.refresh(name): the star follows the raw rows.
 *
 * The work is cut into transactions.  Each locks lanes, takes their dirty rows out of the log, derives those
 * keys anew and writes what differs.  Lock, claim and reading are three things in this order, each with a
 * snapshot of its own: what is committed between two of them is either read or still in the log.
 *
 * Beside a rebuild it waits for its turn first, which is what the rebuild's transactions take as well, and notes the
 * keys that it writes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "apply/refresh_batch.h"
#include "capture/capture_check.h"
#include "catalog/lock.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "dirty/backfill.h"
#include "dirty/dirty.h"
#include "dirty/dirty_claim.h"
#include "dirty/dirty_key.h"
#include "dirty/large_keys.h"
#include "dirty/rebuild_need.h"
#include "guc.h"
#include "rebuild/rebuild.h"
#include "refresh/refresh.h"
#include "refresh/restore_check.h"
#include "run/run.h"
#include "run/steps.h"
#include "star/star.h"
#include "star/star_check.h"
#include "utils/arguments.h"
#include "utils/pause.h"

/* The most keys of a transaction. */
#define BATCH_KEYS 20000

/*
 * After a pass that was cancelled for lack of progress a transaction has so many times fewer keys,
 * as a power of two, until the key that it is about is alone.
 */
#define STUCK_SHIFT 5

/* Lanes locked by a transaction while there is more to do than fits into one: others can help then. */
#define SHARED_LANES 8

/* How long CALL refresh goes on with "every" but without "max_runtime": less than until a minute job's next. */
#define DEFAULT_RUNTIME (INT64CONST(55) * USECS_PER_SEC)

/* CALL refresh with "every" spends about one part out of so many of its time on large keys. */
#define LARGE_KEYS_PART 10

/* The run log is trimmed each so many transactions. */
#define TRIM_EVERY 64

typedef struct Refresh
{
	Steps steps;
	MemoryContext step_context; /* reset before each transaction */
	const char *name;
	RefreshBatch *batch;
	RefreshLimits limits;
	TimestampTz batch_started;
	int first_lane;       /* of those the next transaction locks */
	int lanes;            /* how many */
	int done;             /* lanes in which nothing more was dirty, in a row */
	bool beside;          /* a rebuild is at work, or about to begin */
	bool backfill;        /* one that did not end has left keys to do, and nobody is at it */
	bool unbuilt;         /* the star needs a rebuild from the start, and nobody is at it */
	int large_todo;       /* large keys to do at most; -1: not counted yet */
	TimestampTz large_at; /* no large keys before then */
	RefreshResult result;
} Refresh;

PG_FUNCTION_INFO_V1(sessionize_refresh);

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
 * load_locked loads the pipeline once more, now that nobody can change it.
 */
static Pipeline *
load_locked(Refresh *refresh)
{
	Pipeline *pipeline = pipeline_load_locked(refresh->steps.pipeline);

	if (pipeline->owner != refresh->steps.pipeline->owner)
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
						errmsg("pipeline \"%s\" was given to another owner meanwhile", refresh->name),
						errhint("Try again.")));
	star_lock(pipeline);
	capture_check(pipeline);
	restore_check(pipeline);
	catalog_sync_objects(pipeline);
	return pipeline;
}

/*
 * lock_lanes locks those of the next lanes that no other session has, and returns them as bits.
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
 * is_over tells whether to begin nothing more.
 */
static bool
is_over(const Refresh *refresh)
{
	return GetCurrentTimestamp() >= refresh->limits.deadline ||
		   (refresh->limits.leave != NULL && refresh->limits.leave());
}

/*
 * batch_keys returns the most keys of a transaction.
 */
static int64
batch_keys(const Refresh *refresh)
{
	int shift = Min(refresh->limits.stuck, PG_INT32_MAX / STUCK_SHIFT) * STUCK_SHIFT;

	return shift >= 31 ? 1 : Max(BATCH_KEYS >> shift, 1);
}

/*
 * claim_keys takes the dirty rows of the lanes out of the log, up to a number of keys.
 */
static DirtyClaim *
claim_keys(const Pipeline *pipeline, uint32 lanes, int64 max_keys)
{
	DirtyClaim *claim;

	/* a snapshot of its own: an earlier one may not see what another refresh has just left or taken */
	PushActiveSnapshot(GetTransactionSnapshot());
	claim = dirty_claim(pipeline, lanes, max_keys, large_keys_load(pipeline));
	PopActiveSnapshot();
	return claim;
}

/*
 * claim_large_key takes the rows of a large key out of the log, and counts how many large keys there are.
 */
static DirtyClaim *
claim_large_key(const Pipeline *pipeline, int *count)
{
	DirtyClaim *claim;
	LargeKeys *large;

	PushActiveSnapshot(GetTransactionSnapshot());
	large = large_keys_load(pipeline);
	*count = (int) large->keys.count;
	claim = dirty_claim_large(pipeline, large);
	PopActiveSnapshot();
	return claim;
}

/*
 * note_large_keys writes down which of the keys just done are large.  was_large: the only one done was.
 */
static void
note_large_keys(const Pipeline *pipeline, const DirtyClaim *claim, const KeyMeter *meter, bool was_large)
{
	large_keys_note_metered(pipeline, meter);
	if (was_large && meter->count == 0)
		large_keys_forget(pipeline, claim->keys[0].key);
}

/*
 * refresh_claimed derives the claimed keys anew.
 */
static void
refresh_claimed(Refresh *refresh, const Pipeline *pipeline, DirtyClaim *claim, bool large)
{
	BatchMode mode = refresh->beside ? BATCH_BESIDE : refresh->backfill ? BATCH_WHOLE : BATCH_WINDOWS;
	BatchCounts counts = {0};
	KeyMeter *meter =
		key_meter_create(CurrentMemoryContext, pipeline->types[SRC_SESSION_KEY], sz_large_key_rows);
	BatchRequest request = {pipeline, claim->keys, claim->nkeys, mode, meter};

	refresh_batch_run(refresh->batch, &request, &counts);
	if (!pipeline->built)
		backfill_forget(pipeline, claim->keys, claim->nkeys);
	if (counts.failed_keys == 0 || !large)
		note_large_keys(pipeline, claim, meter, large);
	if (large)
		PAUSE_POINT("large-written");
	run_refreshed(pipeline, refresh->batch_started, &counts.derived, &counts.written, counts.before);
	if (refresh->result.batches++ % TRIM_EVERY == 0)
		run_trim(pipeline);
	refresh->result.keys += claim->nkeys;
	refresh->result.failed_keys += counts.failed_keys;
	refresh->result.refreshed_from = Min(refresh->result.refreshed_from, claim->logged_at);
}

/*
 * begin_transaction takes the lock of a refresh and loads the pipeline; NULL where it is busy or was never built.
 */
static Pipeline *
begin_transaction(Refresh *refresh)
{
	Pipeline *pipeline;

	MemoryContextReset(refresh->step_context);
	MemoryContextSwitchTo(refresh->step_context);
	refresh->batch_started = GetCurrentTimestamp();
	if (!pipeline_try_refresh_lock(refresh->steps.pipeline))
	{
		refresh->result.busy = true;
		return NULL;
	}
	pipeline = load_locked(refresh);
	/* from now on no rebuild begins that we don't know of, until the transaction's end */
	refresh->beside = !pipeline_try_hold_rebuild(pipeline);
	refresh->backfill = !pipeline->built && !refresh->beside && backfill_is_stale(pipeline);
	refresh->unbuilt = !pipeline->built && !refresh->beside && !refresh->backfill;
	return refresh->unbuilt ? NULL : pipeline;
}

/*
 * move_on chooses the lanes of the next transaction.
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
 * batch_step refreshes what is dirty in some lanes, up to a number of keys.
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
		pipeline_share_write_turn(pipeline);
	PAUSE_POINT("refresh-begun");
	lanes = lock_lanes(refresh, pipeline);
	PAUSE_POINT("refresh-locked");
	claim = claim_keys(pipeline, lanes, batch_keys(refresh));
	PAUSE_POINT("refresh-claimed");
	if (claim->nkeys > 0)
		refresh_claimed(refresh, pipeline, claim, false);
	PAUSE_POINT("refresh-written");
	refresh->result.large_left |= claim->large_left;
	move_on(refresh, claim->complete);
}

/*
 * large_step refreshes a large key, if one is dirty and nobody else works on large keys.  Not beside a rebuild, nor between the pieces
 * of one: that would wait for it, and others for the rebuild.
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
	claim = claim_large_key(pipeline, &count);
	PAUSE_POINT("large-claimed");
	if (claim->nkeys > 0)
		refresh_claimed(refresh, pipeline, claim, true);
	if (refresh->large_todo < 0)
		refresh->large_todo = count - 1;
	if (!claim->large_left)
		refresh->large_todo = 0;
}

/*
 * do_large_keys refreshes each large key that is dirty, once: one that gets rows all the time must not keep us for ever.
 */
static void
do_large_keys(Refresh *refresh)
{
	TimestampTz began = GetCurrentTimestamp();

	refresh->large_todo = -1;
	do
	{
		CHECK_FOR_INTERRUPTS();
		steps_run(&refresh->steps, large_step);
	} while (refresh->large_todo > 0 && !is_over(refresh));
	refresh->large_at = began + LARGE_KEYS_PART * (GetCurrentTimestamp() - began);
}

/*
 * load loads the pipeline, and checks who wants to refresh it.
 */
static void
load(Refresh *refresh)
{
	MemoryContextSwitchTo(refresh->steps.context);
	/* a worker has no portal, whose snapshot a CALL has */
	PushActiveSnapshot(GetTransactionSnapshot());
	refresh->steps.pipeline = pipeline_load(refresh->name);
	pipeline_check_owner(refresh->steps.pipeline);
	PopActiveSnapshot();
}

/*
 * rebuild_all does the rebuild that the star needs.
 */
static void
rebuild_all(Refresh *refresh)
{
	(void) rebuild_pipeline(refresh->name, refresh->steps.context,
							(RebuildOptions){.throttle = 1, .order = ORDER_AS_BEFORE});
	refresh->result.rebuilt = true;
}

/*
 * rebuild_piece does a piece of what a rebuild has left to do; false where another session is at it.
 */
static bool
rebuild_piece(Refresh *refresh)
{
	if (!rebuild_pipeline(refresh->name, refresh->steps.context,
						  (RebuildOptions){.throttle = 1, .order = ORDER_NEWEST_FIRST, .max_pieces = 1}))
		return false;
	refresh->result.rebuilt = true;
	return true;
}

/*
 * do_lanes refreshes what is dirty now in all lanes.
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
		steps_run(&refresh->steps, batch_step);
		if (refresh->unbuilt)
			rebuild_all(refresh);
	}
}

/*
 * do_pass refreshes what is dirty now, but for large keys.  Where a rebuild, newest first, has left keys to do, it goes on with that
 * piece by piece, what is dirty always first.  The caller has a nonatomic connection to SPI.
 */
static void
do_pass(Refresh *refresh)
{
	load(refresh);
	refresh->result.busy = false;
	refresh->result.large_left = false;
	refresh->result.unfinished = false;
	for (;;)
	{
		do_lanes(refresh);
		if (!refresh->backfill || refresh->result.busy || refresh->result.unfinished ||
			!rebuild_piece(refresh))
			return;
	}
}

/*
 * begin prepares for passes, in a child of parent, which outlives transactions.
 */
static Refresh *
begin(MemoryContext parent, const char *name, RefreshLimits limits)
{
	MemoryContext context = AllocSetContextCreate(parent, "sessionize refresh calls", ALLOCSET_DEFAULT_SIZES);
	Refresh *refresh = MemoryContextAllocZero(context, sizeof(Refresh));

	refresh->steps = (Steps){context, NULL, write_failure, refresh};
	refresh->step_context = AllocSetContextCreate(context, "sessionize refresh step", ALLOCSET_DEFAULT_SIZES);
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
 * run_in_worker does a pass in transactions of its own.
 */
static RefreshResult
run_in_worker(const char *name, RefreshLimits limits, void (*pass)(Refresh *refresh))
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext portal_context = PortalContext;
	RefreshResult result;
	Refresh *refresh = begin(TopMemoryContext, name, limits);

	PG_TRY();
	{
		/* A nonatomic connection keeps its memory in the portal's, of which there is none. */
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
 * refresh_pass does a pass.
 */
RefreshResult
refresh_pass(const char *name, RefreshLimits limits)
{
	return run_in_worker(name, limits, do_pass);
}

/*
 * refresh_large_keys does the large keys.
 */
RefreshResult
refresh_large_keys(const char *name)
{
	return run_in_worker(name, (RefreshLimits){.deadline = DT_NOEND}, do_large_pass);
}

/*
 * wait_until sleeps until an instant, or the deadline.
 */
static void
wait_until(TimestampTz instant)
{
	for (;;)
	{
		long milliseconds = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), instant);

		if (milliseconds <= 0)
			return;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * do_passes does a pass, and further ones as often as said until the deadline.
 */
static void
do_passes(Refresh *refresh, uint64 every)
{
	for (;;)
	{
		TimestampTz next = GetCurrentTimestamp() + (int64) every;

		do_pass(refresh);
		if (refresh->result.large_left && GetCurrentTimestamp() >= refresh->large_at)
			do_large_keys(refresh);
		if (every == 0 || next >= refresh->limits.deadline)
			return;
		wait_until(next);
	}
}

/*
 * tell_needs says that the star is not right all the same, where that is known.
 */
static void
tell_needs(const Refresh *refresh)
{
	bool any;

	PushActiveSnapshot(GetTransactionSnapshot());
	any = rebuild_need_any(refresh->steps.pipeline);
	PopActiveSnapshot();
	if (any)
		ereport(NOTICE, (errmsg("pipeline \"%s\" needs a rebuild", refresh->name),
						 errdetail("Raw rows have changed that its log does not tell of: the column "
								   "needs_rebuild of sessionize.pipeline_status says how."),
						 errhint("CALL sessionize.rebuild(%s);", quote_literal_cstr(refresh->name))));
}

/*
 * usecs_argument returns an interval argument in microseconds, 0 for NULL.
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
Datum
sessionize_refresh(PG_FUNCTION_ARGS)
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
	/* what the caller's procedure has changed itself is in the log when that is committed */
	SPI_commit();
	do_passes(refresh, every);
	if (refresh->result.busy)
		ereport(NOTICE, (errmsg("pipeline \"%s\" is being rebuilt or dropped, so it was not refreshed",
								refresh->name)));
	tell_needs(refresh);
	SPI_finish();
	MemoryContextDelete(refresh->steps.context);
	PG_RETURN_VOID();
}
