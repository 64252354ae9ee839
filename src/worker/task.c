/*
 * task.c
 *		Work of a pipeline that takes long, and is done in a process of its own while the worker
 *		refreshes: the large keys, the rebuild of a star whose definition has changed, and the checks
 *		of the data.
 *
 * The worker starts the process after a pass that has left such work.  The process does it once,
 * and leaves.  Large keys, and checks, then rest for a multiple of the time that they took, so that
 * a device that sends events all day takes a part of a processor, not all of it.
 *
 * An error of a rebuild is the pipeline's: it is counted as a failed pass, and the next one waits.
 * An error with large keys keeps nobody but large keys waiting.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <setjmp.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/pipeline_catalog.h"
#include "checks/check_run.h"
#include "guc.h"
#include "refresh/refresh.h"
#include "utils/pass_limit.h"
#include "worker/failure.h"
#include "worker/process.h"
#include "worker/task.h"

/* A requested process that has not arrived after this time is not expected any more. */
#define START_TIME (5 * USECS_PER_SEC)

/* How long to wait for another session that runs the checks that are due. */
#define BUSY_DELAY (5 * USECS_PER_SEC)

/* How a task is done, and how long it rests. */
typedef struct TaskKind
{
	const char *process;     /* the process's name, before that of the pipeline */
	const char *type;        /* its backend_type */
	const char *activity;    /* what it does, before the pipeline's name */
	int rest_part;           /* it rests so many times as long as it took */
	int64 least_rest;        /* and at least for so long */
	int64 failure_rest;      /* it rests for so long if it was not finished */
	bool fails_the_pipeline; /* an error counts as a failed pass */
} TaskKind;

static const TaskKind kinds[WORKER_TASKS] = {
	[TASK_LARGE_KEYS] = {.process = "sessionize large keys",
						 .type = "sessionize large keys",
						 .activity = "refreshing large keys of pipeline",
						 .rest_part = 9,
						 .least_rest = USECS_PER_SEC,
						 .failure_rest = USECS_PER_MINUTE},
	[TASK_REBUILD] = {.process = "sessionize rebuild",
					  .type = "sessionize rebuild",
					  .activity = "rebuilding pipeline",
					  .failure_rest = USECS_PER_SEC,
					  .fails_the_pipeline = true},
	[TASK_CHECKS] = {.process = "sessionize checks",
					 .type = "sessionize checks",
					 .activity = "running the checks of pipeline",
					 .rest_part = 19,
					 .failure_rest = USECS_PER_MINUTE},
};

/* What the process is told: the worker's slot, whose pipeline it is, and what to do. */
typedef struct TaskOrder
{
	WorkerOrder worker;
	WorkerTask task;
} TaskOrder;

static WorkerSlot *my_slot = NULL;
static WorkerTask my_task;
static int32 my_pipeline_id;
static TimestampTz my_start;
static bool done = false;

/*
 * is_there tells whether a task's process exists.  The caller holds the lock.
 */
static bool
is_there(const TaskState *state)
{
	return state->pid != 0 && BackendPidGetProc(state->pid) != NULL;
}

/*
 * task_due tells when the process may start again.
 */
TimestampTz
task_due(const WorkerSlot *slot, WorkerTask task)
{
	const TaskState *state = &slot->tasks[task];
	TimestampTz due;

	LWLockAcquire(worker_shared->lock, LW_SHARED);
	/* the process wakes the worker when it leaves */
	due = is_there(state) ? DT_NOEND : state->due;
	LWLockRelease(worker_shared->lock);
	return due;
}

/*
 * rested tells until when a task rests if the work on it began at some time and ends now.
 */
static TimestampTz
rested(WorkerTask task, TimestampTz began)
{
	TimestampTz now = GetCurrentTimestamp();

	return now + Max(kinds[task].rest_part * (now - began), kinds[task].least_rest);
}

/*
 * task_rest notes that the work on a task ends now, and until when it rests.
 */
void
task_rest(WorkerSlot *slot, WorkerTask task, TimestampTz began)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	slot->tasks[task].due = rested(task, began);
	LWLockRelease(worker_shared->lock);
}

/*
 * is_room tells whether one more process for a task may start.  There are at most half as many as
 * workers, so that they don't take the workers' places in max_worker_processes.  The caller holds
 * the lock.
 */
static bool
is_room(TimestampTz now)
{
	int count = 0;

	for (int i = 0; i < worker_shared->slots; i++)
	{
		const WorkerSlot *slot = &worker_shared->slot[i];

		if (slot->state == SLOT_FREE)
			continue;
		for (int task = 0; task < WORKER_TASKS; task++)
			if (is_there(&slot->tasks[task]) || slot->tasks[task].asked_at > now - START_TIME)
				count++;
	}
	return count < Max(sessionize_max_workers / 2, 1);
}

/*
 * task_start starts the process.
 */
bool
task_start(WorkerSlot *slot, WorkerTask task)
{
	TaskState *state = &slot->tasks[task];
	TimestampTz now = GetCurrentTimestamp();
	bool room;
	char name[BGW_MAXLEN];
	TaskOrder order = {.worker.slot = (int) (slot - worker_shared->slot), .task = task};
	BackgroundWorkerHandle *handle;
	int32 pipeline_id;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	pipeline_id = slot->pipeline_id;
	snprintf(name, sizeof(name), "%s %s", kinds[task].process, NameStr(slot->name));
	room = is_room(now);
	if (room)
	{
		/* until the process has arrived */
		state->due = now + START_TIME;
		state->asked_at = now;
	}
	LWLockRelease(worker_shared->lock);
	if (!room)
		return false;
	handle = worker_process_start("sessionize_task_main", name, kinds[task].type,
								  Int32GetDatum(pipeline_id), &order, sizeof(order));
	if (handle == NULL)
		return false;
	pfree(handle);
	return true;
}

/*
 * attach takes the slot, unless it belongs to another pipeline by now, and returns what to work on.
 */
static bool
attach(const TaskOrder *order, int32 pipeline_id, Oid *database, char *pipeline)
{
	WorkerSlot *slot = &worker_shared->slot[order->worker.slot];
	TaskState *state = &slot->tasks[order->task];
	bool mine;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	mine = slot->state != SLOT_FREE && slot->pipeline_id == pipeline_id && !slot->removed &&
		   !slot->timing.paused && !is_held(slot->database, slot->pipeline_id) && !is_there(state);
	if (mine)
	{
		state->pid = MyProcPid;
		state->asked_at = DT_NOBEGIN;
		*database = slot->database;
		strlcpy(pipeline, NameStr(slot->name), NAMEDATALEN);
		my_slot = slot;
		my_task = order->task;
		my_pipeline_id = pipeline_id;
	}
	LWLockRelease(worker_shared->lock);
	return mine;
}

/*
 * detach notes that the process has left, and wakes the worker to look whether there is more to do.
 */
static void
detach(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	TaskState *state = &my_slot->tasks[my_task];

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	if (state->pid == MyProcPid)
	{
		state->pid = 0;
		state->due =
			done ? rested(my_task, my_start) : GetCurrentTimestamp() + kinds[my_task].failure_rest;
		if (pass_limit_is_fatal() && kinds[my_task].fails_the_pipeline)
			failure_note_later(my_slot, false);
		if (my_task != TASK_CHECKS)
			pg_atomic_write_u32(&my_slot->wanted, 1);
		slot_wake(my_slot);
	}
	LWLockRelease(worker_shared->lock);
}

/*
 * wake_worker has the worker refresh at once: the rebuild has begun, and refreshes go on from now.
 */
static void
wake_worker(void)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	my_slot->timing.retry_at = DT_NOBEGIN;
	pg_atomic_write_u32(&my_slot->wanted, 1);
	slot_wake(my_slot);
	LWLockRelease(worker_shared->lock);
}

/*
 * checks_run_next runs the check that has been due for longest as of an instant, in a transaction of
 * its own.  Returns how many checks it has run.
 */
static int
checks_run_next(const char *name, TimestampTz at, TimestampTz *due)
{
	Pipeline *pipeline;
	int run = 0;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	pipeline = pipeline_find(name);
	*due = DT_NOEND;
	if (pipeline != NULL && pipeline->fault == PIPELINE_WHOLE)
	{
		run = checks_run(pipeline, NULL, CHECKS_NEXT, at, NULL, NULL);
		*due = checks_due(pipeline->id);
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	return run;
}

/*
 * task_run_checks runs the checks that are due, and notes when there is one again.
 */
void
task_run_checks(WorkerSlot *slot, const char *pipeline)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz due;

	while (checks_run_next(pipeline, now, &due) > 0)
		pass_progress();
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	/* one that is due still is run by another session */
	slot->timing.checks_at = due <= now ? now + BUSY_DELAY : due;
	LWLockRelease(worker_shared->lock);
}

/*
 * run does the task.
 */
static void
run(const char *pipeline)
{
	pass_limit_begin(sessionize_pass_timeout);
	switch (my_task)
	{
		case TASK_LARGE_KEYS:
			(void) refresh_large_keys(pipeline);
			break;
		case TASK_REBUILD:
			rebuild_outdated(pipeline, wake_worker);
			break;
		case TASK_CHECKS:
			task_run_checks(my_slot, pipeline);
			break;
	}
	pass_limit_end();
	done = true;
}

/*
 * fail reports an error, and counts it if it is the pipeline's.
 */
static void
fail(MemoryContext context)
{
	ErrorData *error = worker_process_clean_up(context);

	if (kinds[my_task].fails_the_pipeline)
		failure_note(my_slot, my_pipeline_id, error, false);
	pass_limit_end();
}

/*
 * sessionize_task_main is the main function of the process.
 */
void
sessionize_task_main(Datum argument)
{
	sigjmp_buf recovery;
	TaskOrder order;
	Oid database;
	char pipeline[NAMEDATALEN];
	char activity[NAMEDATALEN + 48];

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	worker_process_begin();
	if (!attach(&order, DatumGetInt32(argument), &database, pipeline))
		proc_exit(0);
	my_start = GetCurrentTimestamp();
	before_shmem_exit(detach, (Datum) 0);
	worker_process_connect(database);
	snprintf(activity, sizeof(activity), "%s \"%s\"", kinds[my_task].activity, pipeline);
	pgstat_report_activity(STATE_RUNNING, activity);
	if (sigsetjmp(recovery, 1) == 0)
	{
		PG_exception_stack = &recovery;
		run(pipeline);
	}
	else
	{
		PG_exception_stack = NULL;
		fail(TopMemoryContext);
	}
	proc_exit(0);
}
