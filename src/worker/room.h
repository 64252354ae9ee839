/*
 * room.h
 *		Room for those who wait for a worker.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROOM_H
#define SESSIONIZE_ROOM_H

#include "postgres.h"

#include "postmaster/bgworker.h"

#include "core/share.h"
#include "wakeup/shared.h"

/* Who has a worker, and who waits for one. */
typedef struct Room
{
	SzShareClaim claims[WORKER_SLOTS];
	int count;
	int workers;
	int waiting;
	TimestampTz next; /* when the next pipeline is due that is not yet */
} Room;

/*
 * Look at the slots.  handles: of each slot, the process that was started and has not stopped.  The
 * result lasts until the next look.
 */
extern Room *room_look(BackgroundWorkerHandle *const *handles, TimestampTz now);

/* The slot that gets the next worker, -1 where none waits. */
extern int room_next(const Room *room);

/*
 * Where there is no worker for those who wait, ask others to leave, and in the end make them; where
 * nobody waits, ask nobody any more.  Returns when to look again.
 */
extern TimestampTz room_make(const Room *room, TimestampTz now);

#endif /* SESSIONIZE_ROOM_H */
