/*
 * shared.c
 *		The shared memory of the launcher, the workers and the sessions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/shmem.h"

#include "wait_event.h"
#include "wakeup/shared.h"

WorkerShared *worker_shared = NULL;

/*
 * worker_shared_request requests the shared memory and its lock.
 */
void
worker_shared_request(void)
{
	RequestAddinShmemSpace(sizeof(WorkerShared));
	RequestNamedLWLockTranche(SZ_TRANCHE_WORKERS, 1);
}

/*
 * worker_shared_attach initializes the shared memory, or attaches to it.
 */
void
worker_shared_attach(void)
{
	bool found;

	worker_shared = ShmemInitStruct("pg_sessionize workers", sizeof(WorkerShared), &found);
	if (found)
		return;
	memset(worker_shared, 0, sizeof(WorkerShared));
	worker_shared->lock = &GetNamedLWLockTranche(SZ_TRANCHE_WORKERS)->lock;
	pg_atomic_init_u32(&worker_shared->waiting, 0);
	pg_atomic_init_u32(&worker_shared->slots_changed, 0);
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		pg_atomic_init_u32(&worker_shared->slot[i].wanted, 0);
		pg_atomic_init_u32(&worker_shared->slot[i].make_room, 0);
	}
}

/*
 * slot_find returns the pipeline's slot.
 */
WorkerSlot *
slot_find(Oid database, int32 pipeline_id)
{
	for (int i = 0; i < worker_shared->slots; i++)
	{
		WorkerSlot *slot = &worker_shared->slot[i];

		if (slot->state != SLOT_FREE && slot->pipeline_id == pipeline_id &&
			slot->database == database)
			return slot;
	}
	return NULL;
}

/*
 * slot_add returns a slot for a newly scheduled pipeline, whose first pass is due at once.
 */
WorkerSlot *
slot_add(Oid database, int32 pipeline_id)
{
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		WorkerSlot *slot = &worker_shared->slot[i];

		if (slot->state != SLOT_FREE)
			continue;
		slot->state = SLOT_IDLE;
		slot->removed = false;
		slot->database = database;
		slot->pipeline_id = pipeline_id;
		slot->timing =
			(PassTiming){.retry_at = DT_NOBEGIN, .last_start = DT_NOBEGIN, .checks_at = DT_NOEND};
		slot->pid = 0;
		slot->latch = NULL;
		slot->arrived_at = slot->busy_since = slot->asked_at = DT_NOBEGIN;
		slot->evictions = slot->stuck = 0;
		slot->failure_unnoted = false;
		for (int task = 0; task < WORKER_TASKS; task++)
			slot->tasks[task] = (TaskState){.due = DT_NOBEGIN, .asked_at = DT_NOBEGIN};
		slot->last_success = DT_NOBEGIN;
		slot->passes = slot->starts = 0;
		pg_atomic_write_u32(&slot->wanted, 1);
		worker_shared->slots = Max(worker_shared->slots, i + 1);
		pg_atomic_fetch_add_u32(&worker_shared->slots_changed, 1);
		return slot;
	}
	return NULL;
}

/*
 * slot_end_pass terminates the slot's worker if it is at work.
 */
void
slot_end_pass(const WorkerSlot *slot)
{
	if (slot->state == SLOT_RUNNING && slot->busy_since != DT_NOBEGIN)
		(void) kill(slot->pid, SIGTERM);
}

/*
 * slot_end_work terminates the slot's processes that are at work.
 */
void
slot_end_work(const WorkerSlot *slot)
{
	slot_end_pass(slot);
	for (int task = 0; task < WORKER_TASKS && slot->state != SLOT_FREE; task++)
	{
		int pid = slot->tasks[task].pid;

		if (pid != 0 && BackendPidGetProc(pid) != NULL)
			(void) kill(pid, SIGTERM);
	}
}

/*
 * slot_remove frees the slot, or leaves this to its worker.
 */
void
slot_remove(WorkerSlot *slot)
{
	slot_end_work(slot);
	if (slot->state == SLOT_RUNNING)
		slot->removed = true;
	else
	{
		slot->generation++;
		slot->state = SLOT_FREE;
	}
	slot_wake(slot);
	pg_atomic_fetch_add_u32(&worker_shared->slots_changed, 1);
}

/*
 * is_held tells whether background processes must not work on the pipeline, or in the database.
 */
bool
is_held(Oid database, int32 pipeline_id)
{
	for (int i = 0; i < WORKER_HOLDS; i++)
	{
		const Hold *hold = &worker_shared->hold[i];

		if (hold->active && hold->database == database &&
			(hold->pipeline_id == 0 || hold->pipeline_id == pipeline_id))
			return true;
	}
	return false;
}

/*
 * launcher_wake wakes the launcher.
 */
void
launcher_wake(void)
{
	if (worker_shared->launcher != NULL)
		SetLatch(worker_shared->launcher);
}

/*
 * slot_wake wakes the slot's worker or, if there is none, the launcher.
 */
void
slot_wake(const WorkerSlot *slot)
{
	if (slot->state == SLOT_RUNNING)
		SetLatch(slot->latch);
	else
		launcher_wake();
}

/*
 * request_survey_locked has the launcher survey a database; the lock is held exclusively.
 */
void
request_survey_locked(Oid database)
{
	if (worker_shared->requests < WORKER_REQUESTS)
		worker_shared->request[worker_shared->requests] = database;
	if (worker_shared->requests <= WORKER_REQUESTS)
		worker_shared->requests++;
	launcher_wake();
}

/*
 * request_survey has the launcher survey a database.
 */
void
request_survey(Oid database)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	request_survey_locked(database);
	LWLockRelease(worker_shared->lock);
}
