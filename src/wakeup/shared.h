/*
 * shared.h
 *		The shared memory of the launcher, the workers and the sessions: one slot for each scheduled
 *		pipeline.
 *
 * It is a copy of the schedules in the databases' tables, which the launcher can read without a
 * connection to a database.  It is rebuilt after a restart.
 *
 * Changes of a slot, except for "wanted", need worker_shared->lock in exclusive mode.  So that no
 * wake-up is lost, a process that sets wanted looks at the state afterwards, and a process that
 * changes the state looks at wanted afterwards.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WORKER_SHARED_H
#define SESSIONIZE_WORKER_SHARED_H

#include "postgres.h"

#include "port/atomics.h"
#include "storage/latch.h"
#include "storage/lwlock.h"

#include "wakeup/timing.h"

#define WORKER_SLOTS    1024
#define WORKER_REQUESTS 64
#define WORKER_HOLDS    32

typedef enum SlotState
{
	SLOT_FREE,
	SLOT_IDLE,     /* scheduled, without a worker */
	SLOT_STARTING, /* a worker was requested */
	SLOT_RUNNING   /* a worker is at work or waits; pid and latch are set */
} SlotState;

/* Work of a pipeline that a process of its own does while the worker refreshes (worker/task.h). */
typedef enum WorkerTask
{
	TASK_LARGE_KEYS, /* refresh the large keys */
	TASK_REBUILD,    /* rebuild a star whose definition has changed */
	TASK_CHECKS      /* run the checks of the data that are due */
} WorkerTask;

#define WORKER_TASKS (TASK_CHECKS + 1)

typedef struct TaskState
{
	int pid;              /* the task's process; 0: there is none */
	TimestampTz due;      /* the process must not be started before */
	TimestampTz asked_at; /* when the process was requested; DT_NOBEGIN: it has arrived */
} TaskState;

typedef struct WorkerSlot
{
	SlotState state;
	bool removed;      /* no longer scheduled: the slot becomes free when the worker has left */
	uint32 generation; /* a different number for each worker that is requested */
	Oid database;
	int32 pipeline_id;
	Oid owner; /* the pipeline's owner, as of the last survey */
	NameData name;
	PassTiming timing;
	pg_atomic_uint32 wanted; /* raw rows may have changed since the last pass began */
	int pid;
	Latch *latch;
	TimestampTz arrived_at; /* when the worker arrived */
	TimestampTz busy_since; /* since when the worker has been at work; DT_NOBEGIN: it waits */
	/* when the worker was asked to make room for another pipeline; DT_NOBEGIN: it was not */
	TimestampTz asked_at;
	pg_atomic_uint32 make_room; /* the worker should leave as soon as it can */
	int evictions;              /* passes in a row that were ended for others (core/share.h) */
	int stuck;                  /* passes in a row that were cancelled for lack of progress */
	bool failure_unnoted;       /* the last failure in "timing" is not in the table yet */
	TaskState tasks[WORKER_TASKS];
	/* end of the last successful pass; DT_NOBEGIN: none since the server's start */
	TimestampTz last_success;
	int64 passes; /* number of passes since the server's start */
	int64 starts; /* number of workers since the server's start */
} WorkerSlot;

/*
 * A database or a pipeline on which no background process of the extension may work while another
 * session's transaction lasts, because the transaction drops it, or drops the extension.
 */
typedef struct Hold
{
	Oid database;            /* InvalidOid: this entry is free */
	int32 pipeline_id;       /* 0: all pipelines of the database */
	int pid;                 /* the session that holds it */
	SubTransactionId subxid; /* the subtransaction that has begun the hold */
	TimestampTz at;          /* when the hold becomes active, unless it ends before */
	bool active;             /* the extension's processes are kept away */
} Hold;

typedef struct WorkerShared
{
	LWLock *lock;
	Latch *launcher; /* NULL: there is no launcher */
	int slots;       /* slots from this number on are free */
	WorkerSlot slot[WORKER_SLOTS];
	int requests; /* number of databases to survey; more than WORKER_REQUESTS: all databases */
	Oid request[WORKER_REQUESTS];
	Hold hold[WORKER_HOLDS];
	/* the database that is being surveyed, InvalidOid: none; and the survey's process */
	Oid survey_database;
	int survey_pid;
	/* number of pipelines that are due, but for which there was no worker */
	pg_atomic_uint32 waiting;
	pg_atomic_uint32 slots_changed; /* number of times that a pipeline got or lost a slot */
} WorkerShared;

/* NULL unless the library is in shared_preload_libraries. */
extern WorkerShared *worker_shared;

/* Request the shared memory; initialize it or attach to it (init.c). */
extern void worker_shared_request(void);
extern void worker_shared_attach(void);

/* The pipeline's slot, NULL if it has none.  The caller holds the lock. */
extern WorkerSlot *slot_find(Oid database, int32 pipeline_id);

/*
 * A slot for a newly scheduled pipeline, NULL if all are taken.  The caller holds the lock
 * exclusively.
 */
extern WorkerSlot *slot_add(Oid database, int32 pipeline_id);

/*
 * Remove the slot of a pipeline that is no longer scheduled.  The caller holds the lock
 * exclusively.
 */
extern void slot_remove(WorkerSlot *slot);

/* Whether the pipeline or, for 0, the database is held.  The caller holds the lock. */
extern bool is_held(Oid database, int32 pipeline_id);

/*
 * Terminate the worker if it is at work; a waiting worker leaves by itself.  slot_end_work
 * terminates the processes of the slot's tasks as well.  The caller holds the lock.
 */
extern void slot_end_pass(const WorkerSlot *slot);
extern void slot_end_work(const WorkerSlot *slot);

/*
 * Set the latch of the slot's worker or, if there is none, of the launcher.  The caller holds the
 * lock.
 */
extern void slot_wake(const WorkerSlot *slot);

/* Wake the launcher.  The caller holds the lock. */
extern void launcher_wake(void);

/*
 * Have the launcher survey a database; the second function is for callers that hold the lock
 * exclusively.
 */
extern void request_survey(Oid database);
extern void request_survey_locked(Oid database);

#endif /* SESSIONIZE_WORKER_SHARED_H */
