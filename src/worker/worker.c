/*
 * worker.c
 *		The process that refreshes one scheduled pipeline for as long as there is something to do.
 *
 * An error ends the pass and nothing else.  It is logged and counted, and the pipeline rests for a
 * time that doubles with each failure in a row.  The count is kept in a table, so that a restart
 * does not make a failing pipeline a busy one.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <setjmp.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "guc.h"
#include "refresh/refresh.h"
#include "utils/pass_limit.h"
#include "wakeup/shared.h"
#include "worker/failure.h"
#include "worker/process.h"
#include "worker/task.h"
#include "worker/worker.h"

/* If other pipelines wait for a worker, a worker may leave after this time. */
#define SLICE USECS_PER_SEC

/* A pass begins no new transaction after this time. */
#define PASS_TIME (10 * USECS_PER_SEC)

/* How often to look for partitions of the raw table that are to be made. */
#define PARTITIONS_INTERVAL (10 * USECS_PER_MINUTE)

/* How long to wait for a rebuild, or another command, that keeps the pipeline busy. */
#define BUSY_DELAY USECS_PER_SEC

static MemoryContext my_context; /* reset after each pass */
static WorkerSlot *my_slot = NULL;
static int32 my_pipeline_id;
static char my_pipeline[NAMEDATALEN];
static char my_activity[NAMEDATALEN + 32];
static bool connected = false;
static bool left[WORKER_TASKS]; /* the last pass has left this to be done */
static TimestampTz arrived_at;
static TimestampTz partitions_at = DT_NOBEGIN; /* when to look for partitions to be made */
static TimestampTz busy_at;                    /* when the worker last had something to do */

/* A copy of what the slot says. */
typedef struct SlotView
{
	bool removed;
	bool held;
	PassTiming timing;
} SlotView;

/*
 * attach takes the slot that the launcher has chosen, unless it was given to another worker, or
 * held, meanwhile.
 */
static bool
attach(const WorkerOrder *order, Oid *database)
{
	WorkerSlot *slot = &worker_shared->slot[order->slot];
	bool mine;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	mine = slot->state == SLOT_STARTING && slot->generation == order->generation &&
		   !is_held(slot->database, slot->pipeline_id);
	if (mine)
	{
		slot->state = SLOT_RUNNING;
		slot->pid = MyProcPid;
		slot->latch = MyLatch;
		slot->arrived_at = GetCurrentTimestamp();
		slot->busy_since = slot->asked_at = DT_NOBEGIN;
		pg_atomic_write_u32(&slot->make_room, 0);
		slot->starts++;
		slot->timing.empty_passes = 0;
		*database = slot->database;
		my_pipeline_id = slot->pipeline_id;
		strlcpy(my_pipeline, NameStr(slot->name), NAMEDATALEN);
		my_slot = slot;
	}
	LWLockRelease(worker_shared->lock);
	return mine;
}

/*
 * note_sudden_end is for a pass that ends with its process: the pass has to be repeated.  If it
 * made no progress and did not react to a cancel, that is a failure, which the next survey writes
 * to the table.
 */
static void
note_sudden_end(void)
{
	if (my_slot->busy_since == DT_NOBEGIN && !pass_limit_is_fatal())
		return;
	pg_atomic_write_u32(&my_slot->wanted, 1);
	if (!pass_limit_is_fatal())
		return;
	failure_note_later(my_slot, true);
}

/*
 * detach gives up the slot.  The launcher is woken, since a commit may have asked this worker for a
 * pass that it does not run any more.
 */
static void
detach(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	my_slot->pid = 0;
	my_slot->latch = NULL;
	my_slot->generation++;
	note_sudden_end();
	my_slot->busy_since = DT_NOBEGIN;
	if (!connected)
		my_slot->timing.retry_at =
			Max(my_slot->timing.retry_at, GetCurrentTimestamp() + START_RETRY_DELAY);
	my_slot->state = my_slot->removed ? SLOT_FREE : SLOT_IDLE;
	launcher_wake();
	LWLockRelease(worker_shared->lock);
}

/*
 * look reads the slot.
 */
static SlotView
look(void)
{
	SlotView view;

	LWLockAcquire(worker_shared->lock, LW_SHARED);
	view.removed = my_slot->removed;
	view.held = is_held(my_slot->database, my_slot->pipeline_id);
	view.timing = my_slot->timing;
	LWLockRelease(worker_shared->lock);
	return view;
}

/*
 * others_wait tells whether other pipelines wait for a worker and this worker had its time.
 */
static bool
others_wait(TimestampTz now)
{
	return pg_atomic_read_u32(&worker_shared->waiting) > 0 && now - arrived_at >= SLICE;
}

/*
 * asked_to_leave tells whether this worker is to make room as soon as it can.  It is
 * RefreshLimits.leave.
 */
static bool
asked_to_leave(void)
{
	return pg_atomic_read_u32(&my_slot->make_room) != 0 && others_wait(GetCurrentTimestamp());
}

/*
 * should_leave tells whether the worker should end: the pipeline is not scheduled any more, or is
 * held or paused; other pipelines wait and this one has nothing to do, or the worker is asked to
 * leave; or nothing has happened for a while, or will for a while.
 */
static bool
should_leave(const SlotView *view, TimestampTz due, TimestampTz now)
{
	int64 timeout = sessionize_idle_timeout * INT64CONST(1000);

	if (view->removed || view->held || view->timing.paused || sessionize_max_workers == 0)
		return true;
	if (others_wait(now) && (due > now || asked_to_leave()))
		return true;
	return due > now && (now - busy_at >= timeout || due - now >= timeout);
}

/*
 * begin_work notes that the worker is at work, and starts the watch for lack of progress.
 */
static void
begin_work(TimestampTz now)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	my_slot->busy_since = now;
	LWLockRelease(worker_shared->lock);
	pgstat_report_activity(STATE_RUNNING, my_activity);
	pass_limit_begin(sessionize_pass_timeout);
}

/*
 * end_work notes that the worker is idle.
 */
static void
end_work(void)
{
	pass_limit_end();
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	my_slot->busy_since = DT_NOBEGIN;
	LWLockRelease(worker_shared->lock);
	(void) pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/*
 * begin_pass notes the start of a pass.  Commits from now on ask for another one.
 */
static void
begin_pass(TimestampTz now)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	my_slot->timing.last_start = now;
	LWLockRelease(worker_shared->lock);
	(void) pg_atomic_exchange_u32(&my_slot->wanted, 0);
	begin_work(now);
}

/*
 * end_pass notes the end of a pass.  If the pipeline was busy, or the pass ran out of time, there
 * has to be another one.
 */
static void
end_pass(const RefreshResult *result)
{
	TimestampTz now = GetCurrentTimestamp();
	bool empty = result->keys == 0 && !result->busy && !result->rebuilt;
	bool had_failed;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	had_failed = my_slot->timing.failures > 0 && !result->unbuilt;
	if (!result->unbuilt)
		my_slot->timing.failures = 0;
	my_slot->timing.retry_at = result->busy ? now + BUSY_DELAY : DT_NOBEGIN;
	my_slot->timing.empty_passes = empty ? my_slot->timing.empty_passes + 1 : 0;
	my_slot->evictions = 0;
	if (!result->busy && !result->unfinished)
		my_slot->stuck = 0;
	my_slot->last_success = now;
	my_slot->passes++;
	LWLockRelease(worker_shared->lock);
	end_work();
	left[TASK_LARGE_KEYS] = result->large_left;
	left[TASK_REBUILD] = result->rebuild_left;
	if (result->busy || result->unfinished)
		pg_atomic_write_u32(&my_slot->wanted, 1);
	if (!empty)
		busy_at = now;
	if (had_failed)
		failure_forget(my_pipeline_id);
}

/*
 * run_pass does a pass.  leave_rebuild: a rebuild during which refreshes can go on is left to be
 * done.
 */
static void
run_pass(TimestampTz now, bool leave_rebuild)
{
	RefreshLimits limits = {.deadline = now + PASS_TIME,
							.leave = asked_to_leave,
							.stuck = my_slot->stuck,
							.leave_rebuild = leave_rebuild};
	RefreshResult result;

	begin_pass(now);
	if (now >= partitions_at)
	{
		partitions_at = now + PARTITIONS_INTERVAL;
		refresh_make_partitions(my_pipeline);
	}
	result = refresh_pass(my_pipeline, limits);
	end_pass(&result);
	MemoryContextSwitchTo(my_context);
	MemoryContextReset(my_context);
}

/*
 * run_large_keys refreshes the large keys.
 */
static void
run_large_keys(TimestampTz now)
{
	begin_work(now);
	(void) refresh_large_keys(my_pipeline);
	end_work();
	task_rest(my_slot, TASK_LARGE_KEYS, now);
	pg_atomic_write_u32(&my_slot->wanted, 1);
	MemoryContextSwitchTo(my_context);
	MemoryContextReset(my_context);
}

/*
 * run_checks runs the checks that are due.
 */
static void
run_checks(TimestampTz now)
{
	begin_work(now);
	task_run_checks(my_slot, my_pipeline);
	end_work();
	task_rest(my_slot, TASK_CHECKS, now);
	MemoryContextSwitchTo(my_context);
	MemoryContextReset(my_context);
}

/*
 * run_task has a task done, by a process of its own or else by the worker itself.
 */
static void
run_task(WorkerTask task, TimestampTz now)
{
	left[task] = false;
	if (task_start(my_slot, task))
		return;
	if (task == TASK_REBUILD)
		run_pass(now, false);
	else if (task == TASK_LARGE_KEYS)
		run_large_keys(now);
	else
		run_checks(now);
}

/*
 * next_task returns which of the tasks that are left, or of the checks of the data, which are due at
 * some time, is due first, and when; DT_NOEND: none is.
 */
static WorkerTask
next_task(TimestampTz checks_at, TimestampTz *due)
{
	WorkerTask next = 0;

	*due = DT_NOEND;
	for (WorkerTask task = 0; task < WORKER_TASKS; task++)
	{
		TimestampTz at = left[task] ? task_due(my_slot, task) : DT_NOEND;

		if (task == TASK_CHECKS)
			at = Max(checks_at, task_due(my_slot, task));
		if (at < *due)
		{
			*due = at;
			next = task;
		}
	}
	return next;
}

/*
 * note_failure ends a failed pass, and counts it.
 */
static void
note_failure(const ErrorData *error)
{
	bool stuck = pass_limit_is_over();

	end_work();
	failure_note(my_slot, my_pipeline_id, error, stuck);
}

/*
 * sleep_until returns when the worker should look again.
 */
static TimestampTz
sleep_until(TimestampTz due, TimestampTz now)
{
	TimestampTz until = Min(due, busy_at + sessionize_idle_timeout * INT64CONST(1000));

	if (now - arrived_at < SLICE)
		until = Min(until, arrived_at + SLICE);
	return until;
}

/*
 * work runs passes when they are due, until the worker should leave.
 */
static void
work(void)
{
	for (;;)
	{
		TimestampTz now;
		TimestampTz due;
		TimestampTz task_due_at;
		WorkerTask task;
		SlotView view;

		worker_process_interrupts();
		view = look();
		now = GetCurrentTimestamp();
		due = pass_due(&view.timing, pg_atomic_read_u32(&my_slot->wanted) != 0, true,
					   sessionize_min_interval * INT64CONST(1000));
		task = next_task(view.timing.checks_at, &task_due_at);
		if (should_leave(&view, Min(due, task_due_at), now))
			return;
		if (due <= now)
			run_pass(now, true);
		else if (task_due_at <= now)
			run_task(task, now);
		else
			worker_process_sleep(sleep_until(Min(due, task_due_at), now), SZ_WAIT_WORKER);
	}
}

/*
 * sessionize_worker_main is the main function of a worker.
 */
void
sessionize_worker_main(Datum argument pg_attribute_unused())
{
	sigjmp_buf recovery;
	WorkerOrder order;
	Oid database;

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	worker_process_begin();
	if (!attach(&order, &database))
		proc_exit(0);
	before_shmem_exit(detach, (Datum) 0);
	worker_process_connect(database);
	connected = true;
	my_context =
		AllocSetContextCreate(TopMemoryContext, "sessionize worker", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(my_context);
	snprintf(my_activity, sizeof(my_activity), "refreshing pipeline \"%s\"", my_pipeline);
	arrived_at = busy_at = GetCurrentTimestamp();

	if (sigsetjmp(recovery, 1) != 0)
	{
		ErrorData *error = worker_process_clean_up(my_context);

		PG_exception_stack = &recovery;
		note_failure(error);
		MemoryContextSwitchTo(my_context);
		MemoryContextReset(my_context);
	}
	PG_exception_stack = &recovery;
	work();
	proc_exit(0);
}
