/*
 * pending_keys.c
 *		The dirty keys of the current transaction, until it commits.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "capture/dirty_set.h"
#include "capture/pending_keys.h"
#include "counters/counters.h"
#include "dirty/changed_rows.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"
#include "dirty/rebuild_need.h"
#include "utils/key_hash.h"
#include "utils/subtransaction.h"
#include "wakeup/notify.h"

/* What a subtransaction, with those inside of it that have committed, has changed. */
typedef struct ChangedBy
{
	struct ChangedBy *outer;
	SubTransactionId by;
	ChangedRows rows;
} ChangedBy;

typedef struct PendingLog
{
	struct PendingLog *next;
	DirtyLog log;
	DirtySet *keys;
	int64 written; /* entries written at the end of the transaction */
	int64 usecs;   /* the time that this took */
	bool any_forgotten;
	KeyType key_type;   /* of the hash "forgotten" */
	KeyHash forgotten;  /* who forgot a key: SubTransactionId, invalid for none */
	ChangedBy *changed; /* the innermost first, with a greater id than those outside of it */
} PendingLog;

/* A log that is being written. */
typedef struct Appending
{
	PendingLog *pending;
	DirtyAppend *append;
} Appending;

/* In TopTransactionContext, with all that they refer to. */
static PendingLog *pending_logs = NULL;

/*
 * make_pending adds a log to the transaction's logs.
 */
static PendingLog *
make_pending(const DirtyLog *log)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	PendingLog *pending = palloc0(sizeof(PendingLog));

	pending->log = *log;
	pending->keys = dirty_set_create(log->key_type);
	pending->next = pending_logs;
	pending_logs = pending;
	MemoryContextSwitchTo(caller);
	return pending;
}

/*
 * find_pending returns the transaction's entries of a log; NULL if there are none.
 */
static PendingLog *
find_pending(const DirtyLog *log)
{
	for (PendingLog *pending = pending_logs; pending != NULL; pending = pending->next)
		if (pending->log.pipeline == log->pipeline && pending->log.table == log->table &&
			pending->log.key_type == log->key_type)
			return pending;
	return NULL;
}

/*
 * forgotten_by returns where the hash has the subtransaction that forgot a key; NULL if none has.
 */
static SubTransactionId *
forgotten_by(const PendingLog *pending, Datum key, bool isnull)
{
	return pending->any_forgotten && !isnull ? key_hash_lookup(&pending->forgotten, key) : NULL;
}

/*
 * pending_keys_add adds an entry.
 */
void
pending_keys_add(const DirtyLog *log, const DirtyKey *dirty)
{
	PendingLog *pending = find_pending(log);
	SubTransactionId *forgotten;
	DirtyKey packed = *dirty;

	if (pending == NULL)
		pending = make_pending(log);
	if (!packed.isnull)
		packed.key = dirty_set_pack(pending->keys, packed.key);
	forgotten = forgotten_by(pending, packed.key, packed.isnull);
	if (forgotten != NULL)
		*forgotten = InvalidSubTransactionId;
	dirty_set_add(pending->keys, &packed);
}

/*
 * changed_by returns what the log has as changed by a subtransaction, which is the innermost.
 */
static ChangedRows *
changed_by(PendingLog *pending, SubTransactionId by)
{
	ChangedBy *changed = pending->changed;

	if (changed == NULL || changed->by != by)
	{
		changed = MemoryContextAllocZero(TopTransactionContext, sizeof(ChangedBy));
		changed->by = by;
		changed->outer = pending->changed;
		pending->changed = changed;
	}
	return &changed->rows;
}

/*
 * pending_keys_count counts changed rows.
 */
void
pending_keys_count(const DirtyLog *log, const ChangedRows *rows)
{
	PendingLog *pending = find_pending(log);

	if (pending == NULL)
		pending = make_pending(log);
	changed_rows_add(changed_by(pending, GetCurrentSubTransactionId()), rows);
}

/*
 * end_changed takes what a subtransaction has changed off the list, and adds it to what the parent
 * has changed; parent invalid: it is rolled back.
 */
static void
end_changed(PendingLog *pending, SubTransactionId mine, SubTransactionId parent)
{
	while (pending->changed != NULL && pending->changed->by >= mine)
	{
		ChangedBy *changed = pending->changed;

		pending->changed = changed->outer;
		if (parent != InvalidSubTransactionId)
			changed_rows_add(changed_by(pending, parent), &changed->rows);
		pfree(changed);
	}
}

/*
 * begin_forgotten creates the empty hash of forgotten keys.
 */
static void
begin_forgotten(PendingLog *pending)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

	key_type_init_id(&pending->key_type, pending->log.key_type);
	key_hash_init(&pending->forgotten, &pending->key_type, sizeof(SubTransactionId),
				  TopTransactionContext);
	MemoryContextSwitchTo(caller);
}

/*
 * pending_keys_forget forgets a key's entries.
 */
void
pending_keys_forget(const DirtyLog *log, Datum key)
{
	PendingLog *pending = find_pending(log);
	SubTransactionId *by;
	bool found;

	if (pending == NULL)
		return;
	if (!pending->any_forgotten)
		begin_forgotten(pending);
	pending->any_forgotten = true;
	by = key_hash_add(&pending->forgotten, key, false, &found);
	*by = GetCurrentSubTransactionId();
}

/*
 * at_subtransaction_end undoes pending_keys_forget and pending_keys_count for a subtransaction that
 * is rolled back, and for its children, which have greater ids.
 */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent,
					  void *arg pg_attribute_unused())
{
	bool aborted = event == SUBXACT_EVENT_ABORT_SUB;

	if (!aborted && event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	for (PendingLog *pending = pending_logs; pending != NULL; pending = pending->next)
	{
		end_changed(pending, mine, aborted ? InvalidSubTransactionId : parent);
		if (!aborted)
			continue;
		for (uint32 i = 0; pending->any_forgotten && i < pending->forgotten.count; i++)
		{
			SubTransactionId *by = key_hash_payload(key_hash_entry(&pending->forgotten, i));

			if (*by >= mine)
				*by = InvalidSubTransactionId;
		}
	}
}

/*
 * append_key appends an entry to the log, unless its key is forgotten.
 */
static void
append_key(const DirtyKey *dirty, void *arg)
{
	Appending *appending = (Appending *) arg;
	const SubTransactionId *by = forgotten_by(appending->pending, dirty->key, dirty->isnull);

	if (by != NULL && *by != InvalidSubTransactionId)
		return;
	dirty_append(appending->append, dirty);
	appending->pending->written++;
}

/*
 * lock_table waits for a log's table.
 */
static void
lock_table(void *arg)
{
	LockRelationOid(((const PendingLog *) arg)->log.table, RowExclusiveLock);
}

/*
 * has_lock locks a log's table; false if this takes longer than lock_timeout, or is a deadlock.
 */
static bool
has_lock(PendingLog *pending)
{
	return ConditionalLockRelationOid(pending->log.table, RowExclusiveLock) ||
		   try_for_others(lock_table, pending) == TRY_DONE;
}

/*
 * append_keys appends all entries to an open log.
 */
static void
append_keys(Appending *appending)
{
	dirty_set_give(appending->pending->keys, append_key, appending);
	dirty_append_end(appending->append);
}

/*
 * append_all opens a log, if it exists and is fit, and appends all entries.
 */
static void
append_all(void *arg)
{
	Appending *appending = arg;

	appending->append =
		dirty_append_begin(appending->pending->log.table, appending->pending->log.key_type);
	if (appending->append != NULL)
		append_keys(appending);
}

/*
 * write_log writes a log's entries to its table. It returns NULL, or why this was not possible.
 */
static const char *
write_log(PendingLog *pending)
{
	Appending appending = {pending, NULL};

	if (!OidIsValid(pending->log.table))
		return REBUILD_NEED_LOST;
	if (!has_lock(pending))
		return "Its table \"dirty\" was locked for too long.";
	appending.append = dirty_append_begin(pending->log.table, pending->log.key_type);
	if (appending.append == NULL)
		return REBUILD_NEED_LOST;
	if (!dirty_append_may_fail(appending.append))
	{
		append_keys(&appending);
		return NULL;
	}
	dirty_append_end(appending.append);
	if (try_for_others(append_all, &appending) != TRY_DONE || appending.append == NULL)
		return "Its table \"dirty\" did not take a row: look at its indexes.";
	return NULL;
}

/*
 * write_logs writes all entries of the transaction, or notes that a rebuild is needed. It does so
 * in a snapshot: at a transaction's end there is none, but a TOAST table can't be written without
 * one, and functions of the key's type may run queries.
 */
static void
write_logs(void)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

	PushActiveSnapshot(GetTransactionSnapshot());
	for (PendingLog *pending = pending_logs; pending != NULL; pending = pending->next)
	{
		TimestampTz began = GetCurrentTimestamp();
		const char *problem = write_log(pending);

		if (problem != NULL)
			rebuild_need_note_missed(pending->log.pipeline, problem);
		if (pending->changed != NULL)
			changed_rows_note(pending->log.pipeline, &pending->changed->rows);
		pending->usecs = Max(GetCurrentTimestamp() - began, 0);
	}
	PopActiveSnapshot();
	MemoryContextSwitchTo(caller);
}

/*
 * at_transaction_end writes the logs, or forgets them.
 */
static void
at_transaction_end(XactEvent event, void *arg pg_attribute_unused())
{
	if (pending_logs == NULL)
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			write_logs();
			break;
		case XACT_EVENT_COMMIT:
			/* the entries are visible now */
			for (PendingLog *pending = pending_logs; pending != NULL; pending = pending->next)
			{
				worker_notify(pending->log.pipeline);
				count_captured(pending->log.pipeline, pending->written, pending->usecs);
			}
			pending_logs = NULL;
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			pending_logs = NULL;
			break;
		default:
			break;
	}
}

/*
 * pending_keys_install registers the callbacks for the end of transactions and subtransactions.
 */
void
pending_keys_install(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
