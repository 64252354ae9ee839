/*
 * process.h
 *		What the extension's background processes have in common: begin, connect, sleep, start
 *		another.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PROCESS_H
#define SESSIONIZE_PROCESS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "postmaster/bgworker.h"

#include "wait_event.h"

/* How long to wait after a process could not be started, or could not connect. */
#define START_RETRY_DELAY (5 * USECS_PER_SEC)

/* What a worker is told: its slot, and the generation of the slot that it was started for. */
typedef struct WorkerOrder
{
	int slot;
	uint32 generation;
} WorkerOrder;

/* Set up the signal handlers.  Every process of the extension calls this function first. */
extern void worker_process_begin(void);

/*
 * Connect to a database as a superuser, with settings that neither the database nor a role can
 * change.  The work on a pipeline is done as the pipeline's owner.
 */
extern void worker_process_connect(Oid database);

/* End the process if it was told to, handle interrupts, and reload the configuration if need be. */
extern void worker_process_interrupts(void);

/* Sleep until the latch is set or an instant has come (DT_NOEND: never), and reset the latch. */
extern void worker_process_sleep(TimestampTz until, SzWaitEvent event);

/*
 * Start a process of the extension; NULL if max_worker_processes has no room.  It gets size bytes
 * of order, BGW_EXTRALEN at most.
 */
extern BackgroundWorkerHandle *
worker_process_start(const char *function, const char *name, const char *type, Datum argument,
					 const void *order, Size size);

/*
 * After an error: report it, abort the transaction, and release the locks that the session holds.
 * Returns the error, in the context.
 */
extern ErrorData *worker_process_clean_up(MemoryContext context);

#endif /* SESSIONIZE_PROCESS_H */
