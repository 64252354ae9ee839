/*
 * large.h
 *		The process that refreshes a pipeline's large keys, while the worker refreshes the other
 *		keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WORKER_LARGE_H
#define SESSIONIZE_WORKER_LARGE_H

#include "postgres.h"

#include "wakeup/shared.h"

/*
 * When the process may start; DT_NOEND while it exists, since it wakes the worker when it leaves.
 */
extern TimestampTz large_due(const WorkerSlot *slot);

/*
 * Start the process.  Returns false if there is no room for it: the worker then refreshes the large
 * keys.
 */
extern bool large_start(WorkerSlot *slot);

/* Note that the worker has refreshed the large keys itself, since an instant, so that they rest. */
extern void large_rest(WorkerSlot *slot, TimestampTz began);

extern PGDLLEXPORT void sessionize_large_main(Datum argument);

#endif /* SESSIONIZE_WORKER_LARGE_H */
