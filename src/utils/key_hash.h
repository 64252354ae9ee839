/*
 * key_hash.h
 *		A hash table from the values of a key column to a payload of the caller's.
 *
 * The table uses open addressing over slots of eight bytes, each with half of the hash and the
 * number of an entry. The entries are an array in the order of insertion. The table is meant to be
 * filled in batches, with prefetches, so that the memory accesses of many rows overlap:
 *
 * 		key_hash_reserve(table, n);
 * 		for each of n rows: hash it, key_hash_prefetch_slot
 * 		for each of n rows: key_hash_prefetch_entry
 * 		for each of n rows: key_hash_insert, use the entry
 *
 * Entries move only in key_hash_reserve. All memory is in one context. The caller may reset this
 * context and then initialize the table again.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_HASH_H
#define SESSIONIZE_KEY_HASH_H

#include "utils/key_type.h"

/* An entry. The caller's payload follows. */
typedef struct KeyEntry
{
	Datum key;    /* packed, in the table's memory */
	uint32 spare; /* the half of the hash that is not in the slot */
	bool isnull;
} KeyEntry;

typedef struct KeySlot
{
	uint32 tag;   /* upper half of the hash */
	uint32 entry; /* number of the entry + 1; 0 for a free slot */
} KeySlot;

typedef struct KeyHash
{
	const KeyType *type;
	MemoryContext cxt;
	KeySlot *slots;
	char *entries; /* aligned to a cache line, within entries_raw */
	char *entries_raw;
	Size entry_size;
	uint32 count;    /* entries in use */
	uint32 capacity; /* entries for which there is memory */
	uint32 nslots;   /* a power of two */
	int shift;       /* 32 - log2(nslots): a tag's home slot is tag >> shift */
	char *bytes;     /* where the next key's bytes go */
	Size bytes_left;
} KeyHash;

/* The hash of the NULL key. */
#define KEY_HASH_NULL UINT64CONST(0x9e3779b97f4a7c15)

/* Initialize an empty table in cxt, with payload_size bytes for the caller after each KeyEntry. */
extern void
key_hash_init(KeyHash *table, const KeyType *type, Size payload_size, MemoryContext cxt);

/* Make sure that n more keys fit. key_hash_reserve_size returns how much memory this would add. */
extern void key_hash_reserve(KeyHash *table, uint32 n);
extern Size key_hash_reserve_size(const KeyHash *table, uint32 n);

/*
 * Return the key's entry. If there is none, add one and set *found to false; the caller must set
 * its payload. The key is packed; the table copies it.
 */
extern KeyEntry *key_hash_insert(KeyHash *table, Datum key, bool isnull, uint64 hash, bool *found);

/* The key's entry; NULL if there is none. */
extern KeyEntry *key_hash_find(const KeyHash *table, Datum key, bool isnull, uint64 hash);

/*
 * key_hash_of returns the hash of a packed key or of NULL.
 */
static inline uint64
key_hash_of(const KeyHash *table, Datum key, bool isnull)
{
	return isnull ? KEY_HASH_NULL : key_type_hash(table->type, key);
}

/*
 * key_hash_entry returns an entry by its number, from 0 to count - 1 in the order of insertion.
 */
static inline KeyEntry *
key_hash_entry(const KeyHash *table, uint32 number)
{
	return (KeyEntry *) (table->entries + number * table->entry_size);
}

/*
 * key_hash_payload returns an entry's payload.
 */
static inline void *
key_hash_payload(KeyEntry *entry)
{
	return entry + 1;
}

/*
 * key_hash_add returns the payload of a key, which it adds if necessary; *found tells whether the
 * key was there.
 */
static inline void *
key_hash_add(KeyHash *table, Datum key, bool isnull, bool *found)
{
	key_hash_reserve(table, 1);
	return key_hash_payload(
		key_hash_insert(table, key, isnull, key_hash_of(table, key, isnull), found));
}

/*
 * key_hash_lookup returns the payload of a key that is not NULL; NULL if the key is not in the
 * table.
 */
static inline void *
key_hash_lookup(const KeyHash *table, Datum key)
{
	KeyEntry *entry = key_hash_find(table, key, false, key_hash_of(table, key, false));

	return entry == NULL ? NULL : key_hash_payload(entry);
}

/*
 * key_hash_prefetch_slot prefetches the slot where the search for a hash begins.
 */
static inline void
key_hash_prefetch_slot(const KeyHash *table, uint64 hash)
{
	__builtin_prefetch(&table->slots[(uint32) (hash >> 32) >> table->shift]);
}

/*
 * key_hash_prefetch_entry prefetches the entry that the search for a hash will probably find.
 */
static inline void
key_hash_prefetch_entry(const KeyHash *table, uint64 hash)
{
	uint32 tag = (uint32) (hash >> 32);
	uint32 mask = table->nslots - 1;
	uint32 i = tag >> table->shift;

	while (table->slots[i].entry != 0 && table->slots[i].tag != tag)
		i = (i + 1) & mask;
	if (table->slots[i].entry != 0)
		__builtin_prefetch(key_hash_entry(table, table->slots[i].entry - 1), 1);
}

#endif /* SESSIONIZE_KEY_HASH_H */
