/*
 * wait_event.h
 *		The names under which pg_stat_activity shows what a process of ours waits for.
 *
 * docs/monitoring.md explains each of them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WAIT_EVENT_H
#define SESSIONIZE_WAIT_EVENT_H

#include "postgres.h"

/*
 * Waits of wait_event_type "Extension".  Before PostgreSQL 17 all of them are called "Extension".
 */
#define SZ_WAIT_EVENTS(X)                                                                          \
	X(SZ_WAIT_LAUNCHER, "SessionizeLauncherMain")                                                  \
	X(SZ_WAIT_WORKER, "SessionizeWorkerMain")                                                      \
	X(SZ_WAIT_REFRESH_EVERY, "SessionizeRefreshEvery")                                             \
	X(SZ_WAIT_THROTTLE, "SessionizeThrottle")                                                      \
	X(SZ_WAIT_PARALLEL_READ, "SessionizeParallelRead")

#define SZ_WAIT_EVENT_ID(id, name) id,

typedef enum SzWaitEvent
{
	SZ_WAIT_EVENTS(SZ_WAIT_EVENT_ID) SZ_WAIT_EVENT_COUNT
} SzWaitEvent;

#undef SZ_WAIT_EVENT_ID

/* The number that WaitLatch wants.  May take a lock, at the first call of a process. */
extern uint32 sz_wait_event(SzWaitEvent event);

/* Waits of wait_event_type "LWLock": the names of our locks in shared memory. */
#define SZ_TRANCHE_DIRTY_MARKS "SessionizeDirtyMarks"
#define SZ_TRANCHE_WORKERS     "SessionizeWorkers"
#define SZ_TRANCHE_COUNTERS    "SessionizeCounters"

#endif /* SESSIONIZE_WAIT_EVENT_H */
