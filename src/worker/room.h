/*
 * room.h
 *		Makes room for pipelines that wait for a worker.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROOM_H
#define SESSIONIZE_ROOM_H

#include "postgres.h"

#include "postmaster/bgworker.h"

#include "core/share.h"
#include "wakeup/shared.h"

/* The pipelines that have a worker, and those that wait for one. */
typedef struct Room
{
	SzShareClaim claims[WORKER_SLOTS];
	int count;
	int workers;
	int waiting;
	TimestampTz next; /* when the next pipeline becomes due */
} Room;

/*
 * Look at the slots.  handles: for each slot, the process that was started and has not stopped, or
 * NULL.  The result lasts until the next call.
 */
extern Room *room_look(BackgroundWorkerHandle *const *handles, TimestampTz now);

/* The slot that gets the next worker; -1 if none waits. */
extern int room_next(const Room *room);

/*
 * If pipelines wait and no worker is free, ask workers to leave, and in the end terminate one.  If
 * none waits, ask none any more.  Returns when to look again.
 */
extern TimestampTz room_make(const Room *room, TimestampTz now);

#endif /* SESSIONIZE_ROOM_H */
