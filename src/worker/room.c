/*
 * room.c
 *		Makes room for pipelines that wait for a worker: presents the slots to core/share.h, and
 *		carries out its decisions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "guc.h"
#include "worker/room.h"

/* A worker that is asked to leave for an owner with fewer workers is ended after this time. */
#define GRACE (30 * USECS_PER_SEC)

/*
 * add_slot adds the claim of a slot that has a worker, or whose pipeline is due.
 */
static void
add_slot(Room *room, int number, bool has_process, TimestampTz now)
{
	WorkerSlot *slot = &worker_shared->slot[number];
	SzShareClaim *claim = &room->claims[room->count];
	bool wanted = pg_atomic_read_u32(&slot->wanted) != 0;
	bool has_worker = slot->state == SLOT_STARTING || slot->state == SLOT_RUNNING;
	TimestampTz due;

	*claim = (SzShareClaim){.slot = number,
							.database = slot->database,
							.owner = slot->owner,
							.has_worker = has_worker,
							.since = slot->arrived_at,
							.busy_since = slot->busy_since,
							.asked_at = slot->asked_at,
							.evictions = slot->evictions};
	if (has_worker)
	{
		room->workers++;
		room->count++;
		return;
	}
	if (slot->state != SLOT_IDLE || has_process || is_held(slot->database, slot->pipeline_id))
		return;
	due = pass_due(&slot->timing, wanted, false, sessionize_min_interval * INT64CONST(1000));
	if (due > now)
	{
		room->next = Min(room->next, due);
		return;
	}
	claim->since = due;
	room->waiting++;
	room->count++;
}

/*
 * room_look makes claims of the slots.
 */
Room *
room_look(BackgroundWorkerHandle *const *handles, TimestampTz now)
{
	static Room room;

	room.count = room.workers = room.waiting = 0;
	room.next = DT_NOEND;
	LWLockAcquire(worker_shared->lock, LW_SHARED);
	for (int i = 0; i < worker_shared->slots; i++)
		add_slot(&room, i, handles[i] != NULL, now);
	LWLockRelease(worker_shared->lock);
	pg_atomic_write_u32(&worker_shared->waiting, room.waiting);
	sz_share_count(room.claims, room.count);
	return &room;
}

/*
 * room_next returns the slot that gets the next worker.
 */
int
room_next(const Room *room)
{
	int claim = sz_share_next(room->claims, room->count);

	return claim < 0 ? -1 : room->claims[claim].slot;
}

/*
 * ask tells a worker whether to make room.  too_many: because its owner has the most workers.  The
 * caller holds the lock exclusively.
 */
static void
ask(WorkerSlot *slot, bool make_room, bool too_many, bool others_wait, TimestampTz now)
{
	bool was_asked = pg_atomic_exchange_u32(&slot->make_room, make_room) != 0;

	if (!too_many)
		slot->asked_at = DT_NOBEGIN;
	else if (slot->asked_at == DT_NOBEGIN)
		slot->asked_at = now;
	/* an idle worker leaves if any other pipeline waits */
	if (slot->state == SLOT_RUNNING &&
		((make_room && !was_asked) || (others_wait && slot->busy_since == DT_NOBEGIN)))
		SetLatch(slot->latch);
}

/*
 * end_pass terminates a worker that is at work, and counts that.  by_slice: the pass has had its
 * slice.
 */
static void
end_pass(WorkerSlot *slot, bool by_slice)
{
	NameData name;
	bool ended;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	name = slot->name;
	ended = slot->state == SLOT_RUNNING && slot->busy_since != DT_NOBEGIN;
	if (ended)
	{
		slot_end_pass(slot);
		slot->busy_since = DT_NOBEGIN;
		slot->evictions += by_slice;
	}
	LWLockRelease(worker_shared->lock);
	if (ended)
		ereport(
			LOG,
			(errmsg("pg_sessionize: ended a pass of pipeline \"%s\" so that others get a worker",
					NameStr(name)),
			 errhint("Increase sessionize.max_workers where this happens again and again.")));
}

/*
 * room_limits returns the limits after which workers are ended.
 */
static SzShareLimits
room_limits(void)
{
	int64 slice = sessionize_pass_timeout * INT64CONST(1000);

	return (SzShareLimits){.grace = slice > 0 ? Min(GRACE, slice) : GRACE, .slice = slice};
}

/*
 * room_make asks workers to leave, or ends one.
 */
TimestampTz
room_make(const Room *room, TimestampTz now)
{
	SzShareLimits limits = room_limits();
	SzShareDecision decision = sz_share_decide(room->claims, room->count, &limits, now);

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < room->count; i++)
		if (room->claims[i].has_worker)
			ask(&worker_shared->slot[room->claims[i].slot],
				sz_share_leaves(room->claims, room->count, i), i == decision.ask, room->waiting > 0,
				now);
	LWLockRelease(worker_shared->lock);
	if (decision.end >= 0)
		end_pass(&worker_shared->slot[room->claims[decision.end].slot], decision.by_slice);
	return Min(room->next, decision.next);
}
