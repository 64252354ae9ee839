/*
 * dirty_set.c
 *		Dirty keys, merged by key, in memory and beyond work_mem in a temporary file.
 *
 * Entries first go to a short queue. When it is full, its keys are looked up in the hash together,
 * with prefetches, so that the memory accesses overlap: a hash of thousands of keys is in no cache,
 * and waiting for it would be most of the cost of a row. A transaction of one row needs no hash at
 * all.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "capture/dirty_set.h"
#include "dirty/dirty_key.h"
#include "utils/key_hash.h"

/* The queue's size in entries and in bytes of keys. An entry with a longer key is not queued. */
#define QUEUE_ENTRIES 32
#define QUEUE_BYTES   2048

/* The range of event time that is kept with each key. */
typedef struct Range
{
	TimestampTz lo;
	TimestampTz hi;
} Range;

/* An entry in the queue. */
typedef struct Queued
{
	DirtyKey dirty;
	uint64 hash;
} Queued;

struct DirtySet
{
	KeyType type;
	MemoryContext parent;
	MemoryContext context; /* of the hash, reset by a spill; NULL before the first hash */
	KeyHash ranges;
	BufFile *spill; /* NULL if nothing was spilled */
	int64 spilled;  /* entries before spill_offset; a failed spill may leave more behind */
	int spill_file;
	off_t spill_offset;
	int nqueued;
	Size nbytes; /* how many of bytes[] are in use */
	Queued queue[QUEUE_ENTRIES];
	char bytes[QUEUE_BYTES] pg_attribute_aligned(MAXIMUM_ALIGNOF);
};

/* An entry in the file. The bytes of a key that is passed by reference follow. */
typedef struct SpilledKey
{
	Range range;
	Datum key; /* if passed by value */
	Size size;
	bool isnull;
} SpilledKey;

/*
 * dirty_set_create returns an empty set.
 */
DirtySet *
dirty_set_create(Oid key_type)
{
	DirtySet *set = palloc(sizeof(DirtySet));

	memset(set, 0, offsetof(DirtySet, queue));
	set->parent = CurrentMemoryContext;
	key_type_init_id(&set->type, key_type);
	return set;
}

/*
 * dirty_set_pack returns a key in the form in which it can be added.
 */
Datum
dirty_set_pack(const DirtySet *set, Datum key)
{
	return key_type_pack(&set->type, key);
}

/*
 * begin_hash creates an empty hash.
 */
static void
begin_hash(DirtySet *set)
{
	if (set->context == NULL)
		set->context =
			AllocSetContextCreate(set->parent, "sessionize dirty keys", ALLOCSET_DEFAULT_SIZES);
	key_hash_init(&set->ranges, &set->type, sizeof(Range), set->context);
}

/*
 * create_spill creates the file. It belongs to the whole transaction, so that it outlives the
 * current subtransaction.
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
 * seek_spill goes to a place in the file.
 */
static void
seek_spill(DirtySet *set, int file, off_t offset)
{
	if (BufFileSeek(set->spill, file, offset, SEEK_SET) != 0)
		ereport(ERROR, (errcode_for_file_access(),
						errmsg("could not seek in temporary file of dirty session keys: %m")));
}

/*
 * spill_hash moves the entries from the hash to the file.
 */
static void
spill_hash(DirtySet *set)
{
	if (set->spill == NULL)
		set->spill = create_spill();
	seek_spill(set, set->spill_file, set->spill_offset);
	for (uint32 i = 0; i < set->ranges.count; i++)
	{
		KeyEntry *entry = key_hash_entry(&set->ranges, i);
		SpilledKey spilled;

		memset(&spilled, 0, sizeof(spilled));
		spilled.range = *(Range *) key_hash_payload(entry);
		spilled.isnull = entry->isnull;
		if (!entry->isnull)
		{
			spilled.size = key_type_size(&set->type, entry->key);
			if (spilled.size == 0)
				spilled.key = entry->key;
		}
		BufFileWrite(set->spill, &spilled, sizeof(spilled));
		if (spilled.size > 0)
			BufFileWrite(set->spill, DatumGetPointer(entry->key), spilled.size);
	}
	BufFileTell(set->spill, &set->spill_file, &set->spill_offset);
	set->spilled += set->ranges.count;
	MemoryContextReset(set->context);
	begin_hash(set);
}

/*
 * make_room makes sure that n more keys fit into the hash and that the hash fits into work_mem.
 */
static void
make_room(DirtySet *set, uint32 n)
{
	Size limit = (Size) work_mem * 1024;
	Size used = MemoryContextMemAllocated(set->context, false);

	/* while the hash doubles, both the old and the new table exist */
	if (set->ranges.count + n > set->ranges.capacity)
		used += key_hash_reserve_size(&set->ranges, n);
	if (used > limit && set->ranges.count > 0)
		spill_hash(set);
	key_hash_reserve(&set->ranges, n);
}

/*
 * merge_entry merges an entry into the hash, which has room for it.
 */
static void
merge_entry(DirtySet *set, const Queued *queued)
{
	const DirtyKey *dirty = &queued->dirty;
	bool found;
	Range *range = key_hash_payload(
		key_hash_insert(&set->ranges, dirty->key, dirty->isnull, queued->hash, &found));

	range->lo = found ? Min(range->lo, dirty->lo) : dirty->lo;
	range->hi = found ? Max(range->hi, dirty->hi) : dirty->hi;
}

/*
 * merge_entries merges entries into the hash.
 */
static void
merge_entries(DirtySet *set, Queued *queued, int n)
{
	if (set->context == NULL)
		begin_hash(set);
	make_room(set, n);
	for (int i = 0; i < n; i++)
	{
		queued[i].hash = key_hash_of(&set->ranges, queued[i].dirty.key, queued[i].dirty.isnull);
		key_hash_prefetch_slot(&set->ranges, queued[i].hash);
	}
	for (int i = 0; i < n; i++)
		key_hash_prefetch_entry(&set->ranges, queued[i].hash);
	for (int i = 0; i < n; i++)
		merge_entry(set, &queued[i]);
}

/*
 * empty_queue merges the queue into the hash. If an error leaves all entries in the queue, they can
 * be merged again.
 */
static void
empty_queue(DirtySet *set)
{
	merge_entries(set, set->queue, set->nqueued);
	set->nqueued = 0;
	set->nbytes = 0;
}

/*
 * dirty_set_add adds an entry.
 */
void
dirty_set_add(DirtySet *set, const DirtyKey *dirty)
{
	Size size = dirty->isnull ? 0 : MAXALIGN(key_type_size(&set->type, dirty->key));
	Queued *queued;

	if (size > QUEUE_BYTES)
	{
		merge_entries(set, &(Queued){.dirty = *dirty}, 1);
		return;
	}
	if (set->nqueued == QUEUE_ENTRIES || set->nbytes + size > QUEUE_BYTES)
		empty_queue(set);
	queued = &set->queue[set->nqueued++];
	queued->dirty = *dirty;
	if (size == 0)
		return;
	key_type_store(&set->type, dirty->key, set->bytes + set->nbytes);
	queued->dirty.key = PointerGetDatum(set->bytes + set->nbytes);
	set->nbytes += size;
}

/*
 * read_bytes reads the given number of bytes from the file.
 */
static void
read_bytes(BufFile *file, void *to, Size size)
{
	if (BufFileRead(file, to, size) != size)
		ereport(ERROR, (errcode_for_file_access(),
						errmsg("could not read from temporary file of dirty session keys: %m")));
}

/*
 * give_spilled passes on the entries in the file.
 */
static void
give_spilled(DirtySet *set, DirtyTaker take, void *arg)
{
	char *buffer = NULL;
	Size room = 0;

	seek_spill(set, 0, 0);
	for (int64 i = 0; i < set->spilled; i++)
	{
		SpilledKey spilled;
		DirtyKey dirty;

		read_bytes(set->spill, &spilled, sizeof(spilled));
		if (spilled.size > room)
		{
			room = Max(spilled.size * 2, 1024);
			buffer = MemoryContextAllocHuge(set->parent, room);
		}
		if (spilled.size > 0)
			read_bytes(set->spill, buffer, spilled.size);
		dirty.key = spilled.size > 0 ? PointerGetDatum(buffer) : spilled.key;
		dirty.isnull = spilled.isnull;
		dirty.lo = spilled.range.lo;
		dirty.hi = spilled.range.hi;
		take(&dirty, arg);
	}
	BufFileClose(set->spill);
	set->spill = NULL;
}

/*
 * give_in_memory passes on the entries in the hash.
 */
static void
give_in_memory(DirtySet *set, DirtyTaker take, void *arg)
{
	for (uint32 i = 0; i < set->ranges.count; i++)
	{
		KeyEntry *entry = key_hash_entry(&set->ranges, i);
		Range *range = key_hash_payload(entry);
		DirtyKey dirty = {entry->key, entry->isnull, range->lo, range->hi};

		take(&dirty, arg);
	}
}

/*
 * dirty_set_give passes on all entries.
 */
void
dirty_set_give(DirtySet *set, DirtyTaker take, void *arg)
{
	if (set->context == NULL && set->nqueued == 1)
	{
		take(&set->queue[0].dirty, arg);
		return;
	}
	empty_queue(set);
	if (set->spill != NULL)
		give_spilled(set, take, arg);
	give_in_memory(set, take, arg);
}
