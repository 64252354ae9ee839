/*
 * shared.h
 *		What the launcher, the workers and the sessions share: one slot for each scheduled pipeline.
 *
 * The tables of each database are what counts; this is a copy that the launcher can read without being connected
 * to any.  It is made anew after a restart.
 *
 * Who changes a slot holds worker_shared->lock exclusively, except for "wanted".  Lost wake-ups: who sets wanted looks at
 * the state afterwards; who changes the state looks at wanted afterwards.
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
	SLOT_IDLE,     /* scheduled, no worker */
	SLOT_STARTING, /* a worker is asked for */
	SLOT_RUNNING   /* a worker is there: pid and latch are its */
} SlotState;

typedef struct WorkerSlot
{
	SlotState state;
	bool removed;      /* no longer scheduled: free when the worker has gone */
	uint32 generation; /* of the worker: another number for each that is asked for */
	Oid database;
	int32 pipeline_id;
	Oid owner; /* of the pipeline, at the last survey */
	NameData name;
	PassTiming timing;
	pg_atomic_uint32 wanted; /* raw rows may have changed since the last pass began */
	int pid;
	Latch *latch;
	TimestampTz arrived_at;     /* of the worker */
	TimestampTz busy_since;     /* of what it does; DT_NOBEGIN: it waits */
	TimestampTz asked_at;       /* to make room for another pipeline; DT_NOBEGIN: it was not */
	pg_atomic_uint32 make_room; /* it should leave when it comes to a place where it can */
	int evictions;              /* how often, in a row, its pass was ended for others (core/share.h) */
	int stuck;                  /* passes in a row that were cancelled for lack of progress */
	bool failure_unnoted;       /* the last failure of "timing" is not in the table yet */
	int large_pid;              /* of the process that refreshes large keys; 0: it isn't there */
	TimestampTz large_at;       /* it is not to be started before then */
	TimestampTz large_asked_at; /* when it was asked for; DT_NOBEGIN: it has come */
	TimestampTz last_success;   /* the end of a pass; DT_NOBEGIN: none since the server's start */
	int64 passes;               /* since the server's start */
	int64 starts;               /* of workers, since then */
} WorkerSlot;

/*
 * A database, or a pipeline, that no process of ours must be at work on as long as somebody's
 * transaction lasts: it is being dropped, or our extension in it.
 */
typedef struct Hold
{
	Oid database;            /* InvalidOid: free */
	int32 pipeline_id;       /* 0: all of the database */
	int pid;                 /* who holds */
	SubTransactionId subxid; /* of his, that has begun to */
	TimestampTz at;          /* it counts from then on, if it is not given up before */
	bool active;             /* it counts */
} Hold;

typedef struct WorkerShared
{
	LWLock *lock;
	Latch *launcher; /* NULL: it isn't there */
	int slots;       /* the first so many may be in use */
	WorkerSlot slot[WORKER_SLOTS];
	int requests; /* databases to survey; more than there is room for: all of them */
	Oid request[WORKER_REQUESTS];
	Hold hold[WORKER_HOLDS];
	Oid survey_database; /* the one that is being surveyed, InvalidOid without one, and by whom */
	int survey_pid;
	pg_atomic_uint32 waiting;       /* pipelines that are due and for which there was no worker */
	pg_atomic_uint32 slots_changed; /* counts the changes of which pipeline has which slot */
} WorkerShared;

/* NULL unless the library is in shared_preload_libraries. */
extern WorkerShared *worker_shared;

/* Ask for the shared memory; at load, in the postmaster. */
extern void worker_shared_install(void);

/* The pipeline's slot, NULL without one.  The caller holds the lock. */
extern WorkerSlot *slot_find(Oid database, int32 pipeline_id);

/* A slot for a newly scheduled pipeline, NULL where all are taken.  The caller holds the lock exclusively. */
extern WorkerSlot *slot_add(Oid database, int32 pipeline_id);

/* The pipeline is no longer scheduled.  The caller holds the lock exclusively. */
extern void slot_remove(WorkerSlot *slot);

/* Is the pipeline held, or for 0 the database?  The caller holds the lock. */
extern bool is_held(Oid database, int32 pipeline_id);

/*
 * End the slot's processes, with what they are doing; one that does nothing leaves by itself.  The
 * caller holds the lock.
 */
extern void slot_end_work(const WorkerSlot *slot);

/* Set the latch of the worker or of the launcher, so that it looks at the slot.  The caller holds the lock. */
extern void slot_wake(const WorkerSlot *slot);

/* Wake the launcher.  The caller holds the lock. */
extern void launcher_wake(void);

/* Have the launcher survey a database; the same for who holds the lock exclusively. */
extern void request_survey(Oid database);
extern void request_survey_locked(Oid database);

#endif /* SESSIONIZE_WORKER_SHARED_H */
