/*
 * large.h
 *		The process that refreshes a pipeline's large keys, beside the worker that refreshes the others.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WORKER_LARGE_H
#define SESSIONIZE_WORKER_LARGE_H

#include "postgres.h"

#include "wakeup/shared.h"

/* When it may start; DT_NOEND while it is there: it wakes the worker when it leaves. */
extern TimestampTz large_due(const WorkerSlot *slot);

/* Start it.  False where there is no room for a process: then the worker has to do it itself. */
extern bool large_start(WorkerSlot *slot);

/* Note how long large keys took, after which they rest for some times as long. */
extern void large_rest(WorkerSlot *slot, TimestampTz began);

extern PGDLLEXPORT void sessionize_large_main(Datum argument);

#endif /* SESSIONIZE_WORKER_LARGE_H */
