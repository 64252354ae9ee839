/*
 * pending.c
 *		The dirty keys of the transaction at hand, until it commits.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "pipeline/pending.h"

#include "access/xact.h"
#include "functions/key_hash.h"
#include "miscadmin.h"
#include "pipeline/rebuild_need.h"
#include "storage/buffile.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "worker/notify.h"

/* What the hash keeps with a key. */
typedef struct Range
{
	TimestampTz lo;
	TimestampTz hi;
} Range;

typedef struct PendingLog
{
	struct PendingLog *next;
	DirtyLog log;
	MemoryContext context; /* of the hash, reset when it is spilled */
	KeyType key_type;
	ValueType value_type;
	KeyHash ranges;
	BufFile *spill; /* NULL: nothing spilled */
	int64 spilled;  /* entries, up to the place below: what a failed spill has left there does not count */
	int spill_file;
	off_t spill_offset;
	bool any_forgotten;
	KeyHash forgotten; /* keys that are not to be logged: a SubTransactionId, invalid where they are again */
} PendingLog;

/* An entry in the file: this, and the bytes of a key passed by reference. */
typedef struct SpilledKey
{
	Range range;
	Datum key; /* passed by value */
	Size size;
	bool isnull;
} SpilledKey;

/* In TopTransactionContext, as all that belongs to them. */
static PendingLog *pending_logs = NULL;

/*
 * begin_hash makes an empty hash.
 */
static void
begin_hash(PendingLog *pending)
{
	key_hash_init(&pending->ranges, &pending->key_type, sizeof(Range), pending->context);
}

/*
 * make_pending adds a log to those of the transaction.
 */
static PendingLog *
make_pending(const DirtyLog *log)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	PendingLog *pending = palloc0(sizeof(PendingLog));

	pending->log = *log;
	pending->context =
		AllocSetContextCreate(TopTransactionContext, "sessionize dirty keys", ALLOCSET_DEFAULT_SIZES);
	dirty_key_type_init(&pending->key_type, log->key_type);
	value_type_init(&pending->value_type, log->key_type);
	begin_hash(pending);
	pending->next = pending_logs;
	pending_logs = pending;
	MemoryContextSwitchTo(caller);
	return pending;
}

/*
 * find_pending returns the transaction's entries of a log, NULL where there are none.
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
 * forgotten_by returns the place that says which subtransaction forgot a key, NULL where none has.
 */
static SubTransactionId *
forgotten_by(const PendingLog *pending, Datum key, bool isnull)
{
	KeyEntry *entry;

	if (!pending->any_forgotten || isnull)
		return NULL;
	entry = key_hash_find(&pending->forgotten, key, false, key_hash_of(&pending->forgotten, key, false));
	return entry == NULL ? NULL : key_hash_payload(entry);
}

/*
 * is_forgotten tells whether a key is not to be logged.
 */
static bool
is_forgotten(const PendingLog *pending, Datum key, bool isnull)
{
	const SubTransactionId *by = forgotten_by(pending, key, isnull);

	return by != NULL && *by != InvalidSubTransactionId;
}

/*
 * create_spill makes the file.  It belongs to the whole transaction, so that the end of a subtransaction
 * leaves it alone.
 */
static BufFile *
create_spill(void)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	ResourceOwner owner = CurrentResourceOwner;
	BufFile *file;

	CurrentResourceOwner = TopTransactionResourceOwner;
	PG_TRY();
	{
		file = BufFileCreateTemp(false);
	}
	PG_FINALLY();
	{
		CurrentResourceOwner = owner;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	return file;
}

/*
 * seek goes to a place in the file.
 */
static void
seek(PendingLog *pending, int file, off_t offset)
{
	if (BufFileSeek(pending->spill, file, offset, SEEK_SET) != 0)
		ereport(ERROR, (errcode_for_file_access(),
						errmsg("could not seek in temporary file of dirty session keys: %m")));
}

/*
 * spill moves the entries from memory to the file.
 */
static void
spill(PendingLog *pending)
{
	if (pending->spill == NULL)
		pending->spill = create_spill();
	seek(pending, pending->spill_file, pending->spill_offset);
	for (uint32 i = 0; i < pending->ranges.count; i++)
	{
		KeyEntry *entry = key_hash_entry(&pending->ranges, i);
		SpilledKey spilled;

		memset(&spilled, 0, sizeof(spilled));
		spilled.range = *(Range *) key_hash_payload(entry);
		spilled.isnull = entry->isnull;
		if (!entry->isnull)
		{
			spilled.size = key_type_size(&pending->key_type, entry->key);
			if (spilled.size == 0)
				spilled.key = entry->key;
		}
		BufFileWrite(pending->spill, &spilled, sizeof(spilled));
		if (spilled.size > 0)
			BufFileWrite(pending->spill, DatumGetPointer(entry->key), spilled.size);
	}
	BufFileTell(pending->spill, &pending->spill_file, &pending->spill_offset);
	pending->spilled += pending->ranges.count;
	MemoryContextReset(pending->context);
	begin_hash(pending);
}

/*
 * make_room makes sure that another key fits into the hash, and the hash into work_mem.
 */
static void
make_room(PendingLog *pending)
{
	Size limit = (Size) work_mem * 1024;
	Size used = MemoryContextMemAllocated(pending->context, false);

	/* while it doubles, the old and the new half are there at once */
	if (pending->ranges.count == pending->ranges.capacity)
		used += key_hash_reserve_size(&pending->ranges, 1);
	if (used > limit && pending->ranges.count > 0)
		spill(pending);
	key_hash_reserve(&pending->ranges, 1);
}

/*
 * pending_add adds an entry.
 */
void
pending_add(const DirtyLog *log, const DirtyKey *dirty)
{
	PendingLog *pending = find_pending(log);
	SubTransactionId *forgotten;
	Datum key;
	Range *range;
	bool found;

	if (pending == NULL)
		pending = make_pending(log);
	key = dirty->isnull ? (Datum) 0 : value_flatten(&pending->value_type, dirty->key);
	forgotten = forgotten_by(pending, key, dirty->isnull);
	if (forgotten != NULL)
		*forgotten = InvalidSubTransactionId;
	make_room(pending);
	range = key_hash_payload(key_hash_insert(&pending->ranges, key, dirty->isnull,
											 key_hash_of(&pending->ranges, key, dirty->isnull), &found));
	range->lo = found ? Min(range->lo, dirty->lo) : dirty->lo;
	range->hi = found ? Max(range->hi, dirty->hi) : dirty->hi;
}

/*
 * pending_forget forgets a key's entries.
 */
void
pending_forget(const DirtyLog *log, Datum key)
{
	PendingLog *pending = find_pending(log);
	KeyEntry *entry;
	bool found;

	if (pending == NULL)
		return;
	if (!pending->any_forgotten)
		key_hash_init(&pending->forgotten, &pending->key_type, sizeof(SubTransactionId),
					  TopTransactionContext);
	pending->any_forgotten = true;
	key_hash_reserve(&pending->forgotten, 1);
	entry = key_hash_insert(&pending->forgotten, key, false, key_hash_of(&pending->forgotten, key, false),
							&found);
	*(SubTransactionId *) key_hash_payload(entry) = GetCurrentSubTransactionId();
}

/*
 * at_subtransaction_end takes back what a subtransaction has forgotten that is rolled back.  Those inside of it
 * have greater ids.
 */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mine,
					  SubTransactionId parent pg_attribute_unused(), void *arg pg_attribute_unused())
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	for (PendingLog *pending = pending_logs; pending != NULL; pending = pending->next)
	{
		for (uint32 i = 0; pending->any_forgotten && i < pending->forgotten.count; i++)
		{
			SubTransactionId *by = key_hash_payload(key_hash_entry(&pending->forgotten, i));

			if (*by >= mine)
				*by = InvalidSubTransactionId;
		}
	}
}

/*
 * read_bytes reads so many bytes of the file.
 */
static void
read_bytes(BufFile *file, void *to, Size size)
{
	if (BufFileRead(file, to, size) != size)
		ereport(ERROR, (errcode_for_file_access(),
						errmsg("could not read from temporary file of dirty session keys: %m")));
}

/*
 * append_spilled appends the entries in the file to the log.
 */
static void
append_spilled(PendingLog *pending, DirtyAppend *append)
{
	char *buffer = NULL;
	Size room = 0;

	seek(pending, 0, 0);
	for (int64 i = 0; i < pending->spilled; i++)
	{
		SpilledKey spilled;
		DirtyKey dirty;

		read_bytes(pending->spill, &spilled, sizeof(spilled));
		if (spilled.size > room)
		{
			room = Max(spilled.size * 2, 1024);
			buffer = MemoryContextAllocHuge(TopTransactionContext, room);
		}
		if (spilled.size > 0)
			read_bytes(pending->spill, buffer, spilled.size);
		dirty.key = spilled.size > 0 ? PointerGetDatum(buffer) : spilled.key;
		dirty.isnull = spilled.isnull;
		dirty.lo = spilled.range.lo;
		dirty.hi = spilled.range.hi;
		if (!is_forgotten(pending, dirty.key, dirty.isnull))
			dirty_append(append, &dirty);
	}
	BufFileClose(pending->spill);
	pending->spill = NULL;
}

/*
 * append_in_memory appends the entries in memory to the log.
 */
static void
append_in_memory(PendingLog *pending, DirtyAppend *append)
{
	for (uint32 i = 0; i < pending->ranges.count; i++)
	{
		KeyEntry *entry = key_hash_entry(&pending->ranges, i);
		Range *range = key_hash_payload(entry);
		DirtyKey dirty = {entry->key, entry->isnull, range->lo, range->hi};

		if (!is_forgotten(pending, dirty.key, dirty.isnull))
			dirty_append(append, &dirty);
	}
}

/*
 * write_log writes a log's entries to its table.  Where that is lost, only a rebuild can find the rows.
 */
static void
write_log(PendingLog *pending)
{
	DirtyAppend *append = dirty_append_begin(pending->log.table, pending->log.key_type);

	if (append == NULL)
	{
		rebuild_need_note_lost_log(pending->log.pipeline);
		return;
	}
	if (pending->spill != NULL)
		append_spilled(pending, append);
	append_in_memory(pending, append);
	dirty_append_end(append);
}

/*
 * write_logs writes all entries of the transaction.
 */
static void
write_logs(void)
{
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

	for (PendingLog *pending = pending_logs; pending != NULL; pending = pending->next)
		write_log(pending);
	MemoryContextSwitchTo(caller);
}

/*
 * notify_workers says that the entries can be seen now.
 */
static void
notify_workers(void)
{
	for (PendingLog *pending = pending_logs; pending != NULL; pending = pending->next)
		worker_notify(pending->log.pipeline);
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
			notify_workers();
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
 * pending_install has the logs written at the transaction's end.
 */
void
pending_install(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
