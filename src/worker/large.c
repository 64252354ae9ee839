/*
 * large.c
 *		The process that refreshes a pipeline's large keys, while the worker refreshes the other
 *		keys.
 *
 * The worker starts it after a pass that has left rows of large keys in the log.  The process does
 * each of these keys once, and leaves.  It is not started again for a multiple of the time that it
 * took, so that a device that sends events all day takes a part of a processor, not all of it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/timestamp.h"

#include "guc.h"
#include "refresh/refresh.h"
#include "utils/pass_limit.h"
#include "worker/large.h"
#include "worker/process.h"

/* Large keys rest for REST_PART times as long as they took, and at least for LEAST_REST. */
#define REST_PART  9
#define LEAST_REST USECS_PER_SEC

/* A requested process that has not arrived after this time is not expected any more. */
#define START_TIME (5 * USECS_PER_SEC)

/* How long large keys rest after an error. */
#define FAILURE_REST USECS_PER_MINUTE

static WorkerSlot *my_slot = NULL;
static TimestampTz my_start;
static bool done = false;

/*
 * is_there tells whether a slot's process for large keys exists.  The caller holds the lock.
 */
static bool
is_there(const WorkerSlot *slot)
{
	return slot->large_pid != 0 && BackendPidGetProc(slot->large_pid) != NULL;
}

/*
 * large_due tells when the process may start again.
 */
TimestampTz
large_due(const WorkerSlot *slot)
{
	TimestampTz due;

	LWLockAcquire(worker_shared->lock, LW_SHARED);
	/* the process wakes the worker when it leaves */
	due = is_there(slot) ? DT_NOEND : slot->large_at;
	LWLockRelease(worker_shared->lock);
	return due;
}

/*
 * rested tells until when large keys rest if the work on them began at some time and ends now.
 */
static TimestampTz
rested(TimestampTz began)
{
	TimestampTz now = GetCurrentTimestamp();

	return now + Max(REST_PART * (now - began), LEAST_REST);
}

/*
 * large_rest notes that the work on large keys ends now, and until when they rest.
 */
void
large_rest(WorkerSlot *slot, TimestampTz began)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	slot->large_at = rested(began);
	LWLockRelease(worker_shared->lock);
}

/*
 * is_room tells whether one more process for large keys may start.  There are at most half as many
 * as workers, so that they don't take the workers' places in max_worker_processes.  The caller
 * holds the lock.
 */
static bool
is_room(TimestampTz now)
{
	int count = 0;

	for (int i = 0; i < worker_shared->slots; i++)
	{
		const WorkerSlot *slot = &worker_shared->slot[i];

		if (slot->state != SLOT_FREE && (is_there(slot) || slot->large_asked_at > now - START_TIME))
			count++;
	}
	return count < Max(sessionize_max_workers / 2, 1);
}

/*
 * large_start starts the process.
 */
bool
large_start(WorkerSlot *slot)
{
	TimestampTz now = GetCurrentTimestamp();
	bool room;
	char name[BGW_MAXLEN];
	WorkerOrder order = {.slot = (int) (slot - worker_shared->slot)};
	BackgroundWorkerHandle *handle;
	int32 pipeline_id;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	pipeline_id = slot->pipeline_id;
	snprintf(name, sizeof(name), "sessionize large keys %s", NameStr(slot->name));
	room = is_room(now);
	if (room)
	{
		/* until the process has arrived */
		slot->large_at = now + START_TIME;
		slot->large_asked_at = now;
	}
	LWLockRelease(worker_shared->lock);
	if (!room)
		return false;
	handle = worker_process_start("sessionize_large_main", name, "sessionize large keys",
								  Int32GetDatum(pipeline_id), &order);
	if (handle == NULL)
		return false;
	pfree(handle);
	return true;
}

/*
 * attach takes the slot, unless it belongs to another pipeline by now, and returns what to refresh.
 */
static bool
attach(const WorkerOrder *order, int32 pipeline_id, Oid *database, char *pipeline)
{
	WorkerSlot *slot = &worker_shared->slot[order->slot];
	bool mine;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	mine = slot->state != SLOT_FREE && slot->pipeline_id == pipeline_id && !slot->removed &&
		   !slot->timing.paused && !is_held(slot->database, slot->pipeline_id) && !is_there(slot);
	if (mine)
	{
		slot->large_pid = MyProcPid;
		slot->large_asked_at = DT_NOBEGIN;
		*database = slot->database;
		strlcpy(pipeline, NameStr(slot->name), NAMEDATALEN);
		my_slot = slot;
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
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	if (my_slot->large_pid == MyProcPid)
	{
		my_slot->large_pid = 0;
		my_slot->large_at = done ? rested(my_start) : GetCurrentTimestamp() + FAILURE_REST;
		pg_atomic_write_u32(&my_slot->wanted, 1);
		slot_wake(my_slot);
	}
	LWLockRelease(worker_shared->lock);
}

/*
 * sessionize_large_main is the main function of the process.
 */
void
sessionize_large_main(Datum argument)
{
	WorkerOrder order;
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
	snprintf(activity, sizeof(activity), "refreshing large keys of pipeline \"%s\"", pipeline);
	pgstat_report_activity(STATE_RUNNING, activity);
	pass_limit_begin(sessionize_pass_timeout);
	(void) refresh_large_keys(pipeline);
	pass_limit_end();
	done = true;
	proc_exit(0);
}
