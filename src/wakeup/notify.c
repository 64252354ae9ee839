/*
 * notify.c
 *		What sessions tell the launcher and the workers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"

#include "wakeup/notify.h"
#include "wakeup/shared.h"

/* The slot of the pipeline of the last call; valid as long as slots_changed is the same. */
static struct
{
	int32 pipeline_id;
	uint32 slots_changed;
	WorkerSlot *slot; /* NULL: the pipeline has no slot */
} last = {.pipeline_id = 0};

/* This transaction has changed the schedule. */
static bool survey_pending = false;

/* Pipelines (int) for which this transaction leaves work; in TopTransactionContext. */
static List *notify_pending = NIL;

/*
 * find_slot returns the pipeline's slot, usually from the cache.
 */
static WorkerSlot *
find_slot(int32 pipeline_id)
{
	uint32 slots_changed = pg_atomic_read_u32(&worker_shared->slots_changed);

	if (last.pipeline_id != pipeline_id || last.slots_changed != slots_changed)
	{
		last.pipeline_id = pipeline_id;
		last.slots_changed = slots_changed;
		LWLockAcquire(worker_shared->lock, LW_SHARED);
		last.slot = slot_find(MyDatabaseId, pipeline_id);
		LWLockRelease(worker_shared->lock);
	}
	return last.slot;
}

/*
 * worker_notify tells that raw rows of the pipeline have changed.
 *
 * Only the first commit after the begin of a pass wakes the worker.  The next pass also sees the
 * rows of later commits.
 */
void
worker_notify(int32 pipeline_id)
{
	WorkerSlot *slot;

	if (worker_shared == NULL)
		return;
	slot = find_slot(pipeline_id);
	if (slot == NULL || pg_atomic_exchange_u32(&slot->wanted, 1) != 0)
		return;
	LWLockAcquire(worker_shared->lock, LW_SHARED);
	slot_wake(slot);
	LWLockRelease(worker_shared->lock);
}

/*
 * worker_notify_all tells that raw rows of any pipeline of this database may have changed.
 */
void
worker_notify_all(void)
{
	LWLockAcquire(worker_shared->lock, LW_SHARED);
	for (int i = 0; i < worker_shared->slots; i++)
	{
		WorkerSlot *slot = &worker_shared->slot[i];

		if (slot->state != SLOT_FREE && slot->database == MyDatabaseId &&
			pg_atomic_exchange_u32(&slot->wanted, 1) == 0)
			slot_wake(slot);
	}
	LWLockRelease(worker_shared->lock);
}

/*
 * at_transaction_end sends the notifications when the transaction commits.  PREPARE forgets them,
 * because COMMIT PREPARED notifies all pipelines.
 */
static void
at_transaction_end(XactEvent event, void *arg pg_attribute_unused())
{
	ListCell *cell;

	switch (event)
	{
		case XACT_EVENT_COMMIT:
			if (survey_pending)
				request_survey(MyDatabaseId);
			survey_pending = false;
			foreach (cell, notify_pending)
				worker_notify(lfirst_int(cell));
			notify_pending = NIL;
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			survey_pending = false;
			notify_pending = NIL;
			break;
		default:
			break;
	}
}

/*
 * survey_at_commit has the launcher read this database's schedule again after the commit.
 */
void
survey_at_commit(void)
{
	survey_pending = worker_shared != NULL;
}

/*
 * worker_notify_at_commit has the pipeline's worker look for work after the commit.
 */
void
worker_notify_at_commit(int32 pipeline_id)
{
	MemoryContext caller;

	if (worker_shared == NULL)
		return;
	caller = MemoryContextSwitchTo(TopTransactionContext);
	notify_pending = list_append_unique_int(notify_pending, pipeline_id);
	MemoryContextSwitchTo(caller);
}

/*
 * notify_install registers the callback for the end of transactions.
 */
void
notify_install(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
}
