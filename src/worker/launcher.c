/*
 * launcher.c
 *		The process that starts workers for pipelines that have work.
 *
 * It is connected to no database.  It learns the schedules from surveys, one after the other: each
 * is a process that connects to one database, copies its schedule into the slots, and ends.  So no
 * process stays connected to a database in which nothing happens, and no setting has to name the
 * databases.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "guc.h"
#include "wakeup/shared.h"
#include "worker/hold.h"
#include "worker/launcher.h"
#include "worker/process.h"
#include "worker/room.h"

/* How often to look for new databases, and to survey the databases that have a schedule. */
#define SURVEY_INTERVAL USECS_PER_MINUTE

typedef struct Launcher
{
	MemoryContext context;
	List *databases;           /* OIDs of the known databases, surveyed or about to be */
	List *to_survey;           /* OIDs of the databases to survey, in this order */
	TimestampTz next_survey;   /* of all databases that have a schedule */
	TimestampTz no_start_till; /* no process is started before; set when a start has failed */
	bool complained;           /* that was logged, and no survey was started since */
	BackgroundWorkerHandle *surveyor;
	BackgroundWorkerHandle *worker[WORKER_SLOTS];
	uint32 generation[WORKER_SLOTS]; /* the generation of the slot's worker */
} Launcher;

/*
 * launcher_install registers the launcher.  On a standby the postmaster starts it at the
 * promotion.  During pg_upgrade it is not registered, since nothing else may write to the clusters.
 */
void
launcher_install(void)
{
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = 5,
	};

	if (IsBinaryUpgrade)
		return;
	strlcpy(worker.bgw_library_name, "pg_sessionize", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "sessionize_launcher_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "sessionize launcher", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "sessionize launcher", sizeof(worker.bgw_type));
	RegisterBackgroundWorker(&worker);
}

/*
 * read_databases returns the OIDs of the databases that can have a schedule, in the launcher's
 * memory.
 */
static List *
read_databases(Launcher *launcher)
{
	List *databases = NIL;
	Relation rel;
	TableScanDesc scan;
	HeapTuple tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext old;

		/* a limit below -1 marks a database whose DROP DATABASE was interrupted */
		if (!form->datallowconn || form->datistemplate || form->datconnlimit < -1)
			continue;
		old = MemoryContextSwitchTo(launcher->context);
		databases = lappend_oid(databases, form->oid);
		MemoryContextSwitchTo(old);
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(launcher->context);
	return databases;
}

/*
 * forget_slots removes the slots of dropped databases.  survey_all: have the databases of the other
 * slots surveyed.
 */
static void
forget_slots(Launcher *launcher, bool survey_all)
{
	for (int i = 0; i < worker_shared->slots; i++)
	{
		WorkerSlot *slot = &worker_shared->slot[i];

		if (slot->state == SLOT_FREE)
			continue;
		if (!list_member_oid(launcher->databases, slot->database))
			slot_remove(slot);
		else if (survey_all)
			launcher->to_survey = list_append_unique_oid(launcher->to_survey, slot->database);
	}
}

/*
 * take_requests adds the databases whose survey was requested to the list.
 */
static void
take_requests(Launcher *launcher)
{
	bool all = worker_shared->requests > WORKER_REQUESTS;

	for (int i = 0; i < Min(worker_shared->requests, WORKER_REQUESTS); i++)
		launcher->to_survey =
			list_append_unique_oid(launcher->to_survey, worker_shared->request[i]);
	if (all)
		launcher->to_survey = list_concat_unique_oid(launcher->to_survey, launcher->databases);
	worker_shared->requests = 0;
}

/*
 * release_dead_holds frees the holds of sessions that have ended.
 */
static void
release_dead_holds(void)
{
	for (int i = 0; i < WORKER_HOLDS; i++)
	{
		Hold *hold = &worker_shared->hold[i];

		if (OidIsValid(hold->database) && BackendPidGetProc(hold->pid) == NULL)
			hold->database = InvalidOid;
	}
}

/*
 * look_around finds out which databases to survey.
 */
static void
look_around(Launcher *launcher, TimestampTz now)
{
	bool due = now >= launcher->next_survey;
	List *before = launcher->databases;
	List *now_there;

	if (!due && worker_shared->requests == 0)
		return;
	now_there = read_databases(launcher);
	launcher->databases = now_there;
	launcher->to_survey =
		list_concat_unique_oid(launcher->to_survey, list_difference_oid(now_there, before));
	list_free(before);
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	take_requests(launcher);
	release_dead_holds();
	forget_slots(launcher, due);
	LWLockRelease(worker_shared->lock);
	if (due)
		launcher->next_survey = now + SURVEY_INTERVAL;
}

/*
 * next_to_survey takes the first database off the list that exists and is not held.
 */
static Oid
next_to_survey(Launcher *launcher)
{
	ListCell *cell;

	foreach (cell, launcher->to_survey)
	{
		Oid database = lfirst_oid(cell);
		bool there = list_member_oid(launcher->databases, database);
		bool held;

		LWLockAcquire(worker_shared->lock, LW_SHARED);
		held = is_held(database, 0);
		LWLockRelease(worker_shared->lock);
		if (there && held)
			continue;
		launcher->to_survey = foreach_delete_current(launcher->to_survey, cell);
		if (there)
			return database;
	}
	return InvalidOid;
}

/*
 * no_room has the start of processes tried again later, and logs the first failure.
 */
static void
no_room(Launcher *launcher, TimestampTz now)
{
	if (!launcher->complained)
		ereport(LOG, (errmsg("pg_sessionize: no background worker could be started"),
					  errdetail("It is tried again every few seconds."),
					  errhint("Increase max_worker_processes (and restart), or decrease "
							  "sessionize.max_workers.")));
	launcher->complained = true;
	launcher->no_start_till = now + START_RETRY_DELAY;
}

/*
 * survey_next starts a survey, if there is a database to survey and no survey is at work.
 */
static void
survey_next(Launcher *launcher, TimestampTz now)
{
	Oid database;
	pid_t pid;

	if (launcher->surveyor != NULL)
	{
		if (GetBackgroundWorkerPid(launcher->surveyor, &pid) != BGWH_STOPPED)
			return;
		pfree(launcher->surveyor);
		launcher->surveyor = NULL;
	}
	if (now < launcher->no_start_till || !OidIsValid(database = next_to_survey(launcher)))
		return;
	launcher->surveyor =
		worker_process_start("sessionize_survey_main", "sessionize survey", "sessionize survey",
							 ObjectIdGetDatum(database), NULL, 0);
	if (launcher->surveyor == NULL)
	{
		launcher->to_survey = lcons_oid(database, launcher->to_survey);
		no_room(launcher, now);
	}
	else
		launcher->complained = false;
}

/*
 * reap looks for workers that have stopped, and frees the slots of those that never got to theirs.
 */
static void
reap(Launcher *launcher, TimestampTz now)
{
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		WorkerSlot *slot = &worker_shared->slot[i];
		pid_t pid;

		if (launcher->worker[i] == NULL ||
			GetBackgroundWorkerPid(launcher->worker[i], &pid) != BGWH_STOPPED)
			continue;
		pfree(launcher->worker[i]);
		launcher->worker[i] = NULL;
		LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
		if (slot->state == SLOT_STARTING && slot->generation == launcher->generation[i])
		{
			/* the worker stopped before it took the slot */
			slot->state = SLOT_IDLE;
			slot->timing.retry_at = Max(slot->timing.retry_at, now + START_RETRY_DELAY);
		}
		LWLockRelease(worker_shared->lock);
	}
}

/*
 * start_worker starts a worker for a slot; false if no process could be started.
 */
static bool
start_worker(Launcher *launcher, int i)
{
	WorkerSlot *slot = &worker_shared->slot[i];
	char name[BGW_MAXLEN];
	WorkerOrder order = {.slot = i};

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	if (slot->state != SLOT_IDLE)
	{
		LWLockRelease(worker_shared->lock);
		return true;
	}
	order.generation = launcher->generation[i] = ++slot->generation;
	slot->state = SLOT_STARTING;
	slot->arrived_at = GetCurrentTimestamp();
	slot->busy_since = slot->asked_at = DT_NOBEGIN;
	snprintf(name, sizeof(name), "sessionize worker %s", NameStr(slot->name));
	LWLockRelease(worker_shared->lock);

	launcher->worker[i] = worker_process_start("sessionize_worker_main", name, "sessionize worker",
											   (Datum) 0, &order, sizeof(order));
	if (launcher->worker[i] != NULL)
		return true;
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	if (slot->state == SLOT_STARTING && slot->generation == order.generation)
		slot->state = SLOT_IDLE;
	LWLockRelease(worker_shared->lock);
	return false;
}

/*
 * start_workers starts workers for the pipelines that are due, as many as allowed.  If there are
 * too few, it has others make room.  It returns when to look again.
 */
static TimestampTz
start_workers(Launcher *launcher, TimestampTz now)
{
	for (;;)
	{
		Room *room = room_look(launcher->worker, now);
		int slot = room_next(room);

		if (slot >= 0 && room->workers < sessionize_max_workers && now >= launcher->no_start_till)
		{
			if (!start_worker(launcher, slot))
				no_room(launcher, now);
			continue;
		}
		return Min(room_make(room, now),
				   now < launcher->no_start_till ? launcher->no_start_till : DT_NOEND);
	}
}

/*
 * adopt takes over from an earlier launcher.  Workers that it had requested and that have not
 * arrived will find that the generation of their slot has changed.
 */
static void
adopt(void)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	worker_shared->launcher = MyLatch;
	for (int i = 0; i < worker_shared->slots; i++)
	{
		WorkerSlot *slot = &worker_shared->slot[i];

		if (slot->state == SLOT_STARTING)
		{
			slot->generation++;
			slot->state = SLOT_IDLE;
		}
	}
	LWLockRelease(worker_shared->lock);
}

/*
 * leave removes our latch from the shared memory.
 */
static void
leave(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	worker_shared->launcher = NULL;
	LWLockRelease(worker_shared->lock);
}

/*
 * sessionize_launcher_main is the main function of the launcher.
 */
void
sessionize_launcher_main(Datum argument pg_attribute_unused())
{
	Launcher *launcher;

	worker_process_begin();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	before_shmem_exit(leave, (Datum) 0);
	adopt();
	launcher = MemoryContextAllocZero(TopMemoryContext, sizeof(Launcher));
	launcher->context =
		AllocSetContextCreate(TopMemoryContext, "sessionize launcher", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(launcher->context);
	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();
		TimestampTz next;

		worker_process_interrupts();
		reap(launcher, now);
		look_around(launcher, now);
		survey_next(launcher, now);
		next = Min(hold_activate_due(now), launcher->next_survey);
		next = Min(next, start_workers(launcher, now));
		if (launcher->to_survey != NIL && launcher->surveyor == NULL)
			next = Min(next, now + START_RETRY_DELAY);
		worker_process_sleep(next, SZ_WAIT_LAUNCHER);
	}
}
