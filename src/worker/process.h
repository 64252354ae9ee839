/*
 * process.h
 *		What all of the extension's own processes do: begin, connect, sleep, start another.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PROCESS_H
#define SESSIONIZE_PROCESS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "postmaster/bgworker.h"

/* How long to wait after a process could not be started, or could not connect. */
#define START_RETRY_DELAY (5 * USECS_PER_SEC)

/* What a worker is told: its slot, and the generation it is. */
typedef struct WorkerOrder
{
	int slot;
	uint32 generation;
} WorkerOrder;

/* The start of a worker's life, of ours all of them: signals, and the library's name in the log. */
extern void worker_process_begin(void);

/*
 * Connect to a database, under settings that neither the database nor a role has changed.  As a superuser: the work on a
 * pipeline is done as its owner.
 */
extern void worker_process_connect(Oid database);

/* Re-read the configuration if that was asked for, and let interrupts in. */
extern void worker_process_interrupts(void);

/* Sleep until the latch is set or the time has come (DT_NOEND: never); resets the latch. */
extern void worker_process_sleep(TimestampTz until);

/* Start one of ours; NULL where there is no room in max_worker_processes. */
extern BackgroundWorkerHandle *worker_process_start(const char *function, const char *name, const char *type,
													Datum argument, const WorkerOrder *order);

#endif /* SESSIONIZE_PROCESS_H */
