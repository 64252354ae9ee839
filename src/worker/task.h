/*
 * task.h
 *		Work of a pipeline that takes long, and is done in a process of its own while the worker
 *		refreshes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WORKER_TASK_H
#define SESSIONIZE_WORKER_TASK_H

#include "postgres.h"

#include "wakeup/shared.h"

/*
 * When the task's process may start; DT_NOEND while it exists, since it wakes the worker when it
 * leaves.
 */
extern TimestampTz task_due(const WorkerSlot *slot, WorkerTask task);

/*
 * Start the task's process.  Returns false if there is no room for it: the worker then does the
 * work.
 */
extern bool task_start(WorkerSlot *slot, WorkerTask task);

/* Note that the worker has done the task itself, since an instant, so that it rests. */
extern void task_rest(WorkerSlot *slot, WorkerTask task, TimestampTz began);

/* Run the checks that are due, in transactions of their own. */
extern void task_run_checks(WorkerSlot *slot, const char *pipeline);

extern PGDLLEXPORT void sessionize_task_main(Datum argument);

#endif /* SESSIONIZE_WORKER_TASK_H */
