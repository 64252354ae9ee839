/*
 * key_hash.c
 *		A hash table from the values of a key column to a payload of the caller's.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "utils/key_hash.h"

#define CACHE_LINE    64
#define MIN_SLOTS     16
#define MIN_KEY_CHUNK 1024
#define MAX_KEY_CHUNK (256 * 1024)

/*
 * slots_for returns the number of slots for so many entries; at most three quarters of them are
 * used.
 */
static uint32
slots_for(uint32 entries)
{
	return Max(MIN_SLOTS, pg_nextpower2_32(entries + entries / 3 + 1));
}

/*
 * key_hash_init initializes an empty table.
 */
void
key_hash_init(KeyHash *table, const KeyType *type, Size payload_size, MemoryContext cxt)
{
	memset(table, 0, sizeof(KeyHash));
	table->type = type;
	table->cxt = cxt;
	table->entry_size = MAXALIGN(sizeof(KeyEntry) + payload_size);
	table->nslots = MIN_SLOTS;
	table->shift = 32 - pg_leftmost_one_pos32(MIN_SLOTS);
	table->slots = MemoryContextAllocZero(cxt, MIN_SLOTS * sizeof(KeySlot));
}

/*
 * grow_slots moves the slots to a larger array.
 */
static void
grow_slots(KeyHash *table, uint32 nslots)
{
	KeySlot *slots;
	int shift = 32 - pg_leftmost_one_pos32(nslots);

	slots = MemoryContextAllocExtended(table->cxt, nslots * sizeof(KeySlot),
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < table->nslots; i++)
	{
		uint32 at;

		if (table->slots[i].entry == 0)
			continue;
		at = table->slots[i].tag >> shift;
		while (slots[at].entry != 0)
			at = (at + 1) & (nslots - 1);
		slots[at] = table->slots[i];
	}
	pfree(table->slots);
	table->slots = slots;
	table->nslots = nslots;
	table->shift = shift;
}

/*
 * grow_entries enlarges the memory of the entries, which stay aligned to a cache line.
 */
static void
grow_entries(KeyHash *table, uint32 capacity)
{
	Size size = capacity * table->entry_size + CACHE_LINE;
	Size offset = 0;

	if (table->entries_raw == NULL)
		table->entries_raw = MemoryContextAllocHuge(table->cxt, size);
	else
	{
		offset = table->entries - table->entries_raw;
		table->entries_raw = repalloc_huge(table->entries_raw, size);
	}
	table->entries = (char *) TYPEALIGN(CACHE_LINE, table->entries_raw);
	if (table->entries != table->entries_raw + offset)
		memmove(table->entries, table->entries_raw + offset, table->count * table->entry_size);
	table->capacity = capacity;
}

/*
 * capacity_for returns the capacity needed for n more keys.
 */
static uint32
capacity_for(const KeyHash *table, uint32 n)
{
	if (table->count + (uint64) n > PG_UINT32_MAX / 4)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many session keys in memory at once"),
						errhint("Lower work_mem, so that some of them are processed later.")));
	return Max(table->capacity, pg_nextpower2_32(Max(table->count + n, 1)));
}

/*
 * key_hash_reserve_size returns how much memory key_hash_reserve would add.
 */
Size
key_hash_reserve_size(const KeyHash *table, uint32 n)
{
	uint32 capacity = capacity_for(table, n);
	uint32 nslots = slots_for(table->count + n);
	Size size = (capacity - table->capacity) * table->entry_size;

	if (nslots > table->nslots)
		size += (nslots - table->nslots) * sizeof(KeySlot);
	return size;
}

/*
 * key_hash_reserve makes sure that n more keys fit.
 */
void
key_hash_reserve(KeyHash *table, uint32 n)
{
	uint32 capacity = capacity_for(table, n);
	uint32 nslots = slots_for(table->count + n);

	if (capacity > table->capacity)
		grow_entries(table, capacity);
	if (nslots > table->nslots)
		grow_slots(table, nslots);
}

/*
 * copy_key copies a packed key to the table's memory. Small keys share a chunk of memory.
 */
static Datum
copy_key(KeyHash *table, Datum key)
{
	Size size = key_type_size(table->type, key);
	Size room = MAXALIGN(size);
	char *copy;

	if (size == 0)
		return key;
	if (room > MIN_KEY_CHUNK / 4)
		copy = MemoryContextAllocHuge(table->cxt, size);
	else
	{
		if (room > table->bytes_left)
		{
			table->bytes_left =
				Min(MAX_KEY_CHUNK, Max(MIN_KEY_CHUNK, pg_nextpower2_32(table->count + 1)));
			table->bytes = MemoryContextAlloc(table->cxt, table->bytes_left);
		}
		copy = table->bytes;
		table->bytes += room;
		table->bytes_left -= room;
	}
	key_type_store(table->type, key, copy);
	return PointerGetDatum(copy);
}

/*
 * add_entry appends an entry and sets the free slot to it.
 */
static KeyEntry *
add_entry(KeyHash *table, KeySlot *slot, Datum key, bool isnull, uint64 hash)
{
	KeyEntry *entry;

	Assert(table->count < table->capacity);
	entry = key_hash_entry(table, table->count);
	entry->key = isnull ? (Datum) 0 : copy_key(table, key);
	entry->isnull = isnull;
	entry->spare = (uint32) hash;
	slot->tag = (uint32) (hash >> 32);
	slot->entry = ++table->count;
	return entry;
}

/*
 * find_slot returns the slot of the key's entry, or the free slot for it.
 */
static inline KeySlot *
find_slot(const KeyHash *table, Datum key, bool isnull, uint64 hash)
{
	uint32 tag = (uint32) (hash >> 32);
	uint32 mask = table->nslots - 1;
	uint32 i;

	for (i = tag >> table->shift; table->slots[i].entry != 0; i = (i + 1) & mask)
	{
		KeyEntry *entry;

		if (table->slots[i].tag != tag)
			continue;
		entry = key_hash_entry(table, table->slots[i].entry - 1);
		if (entry->isnull == isnull && (isnull || key_type_equal(table->type, entry->key, key)))
			break;
	}
	return &table->slots[i];
}

/*
 * key_hash_find returns the key's entry; NULL if there is none.
 */
KeyEntry *
key_hash_find(const KeyHash *table, Datum key, bool isnull, uint64 hash)
{
	KeySlot *slot = find_slot(table, key, isnull, hash);

	return slot->entry != 0 ? key_hash_entry(table, slot->entry - 1) : NULL;
}

/*
 * key_hash_insert returns the key's entry, which it adds if there is none.
 */
KeyEntry *
key_hash_insert(KeyHash *table, Datum key, bool isnull, uint64 hash, bool *found)
{
	KeySlot *slot = find_slot(table, key, isnull, hash);

	*found = slot->entry != 0;
	return *found ? key_hash_entry(table, slot->entry - 1)
				  : add_entry(table, slot, key, isnull, hash);
}
