/*
 * large_keys.h
 *		Session keys whose refresh reads so many raw rows that no other key should wait for it.
 *
 * At any time one lock covers a key: for a large key the lock of the large keys, for every other
 * key its lane's lock. Whether a key is large is what the table sessionize.large_key says in a
 * snapshot that was taken after the lock. Only the holder of the lock that covers the key changes
 * this, in the transaction that has derived the key, so the next holder sees the change.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LARGE_KEYS_H
#define SESSIONIZE_LARGE_KEYS_H

#include "nodes/pg_list.h"

#include "catalog/pipeline.h"
#include "utils/key_hash.h"
#include "utils/key_meter.h"
#include "utils/key_type.h"

/* The lock of the large keys is the lock of one more lane (dirty_key.h). */
#define LARGE_KEYS_LANE 16

typedef struct LargeKeys
{
	KeyType type;
	KeyHash keys;
} LargeKeys;

/* The pipeline's large keys in the active snapshot, in CurrentMemoryContext. */
extern LargeKeys *large_keys_load(const Pipeline *pipeline);

/*
 * The texts (char *) of the pipeline's large keys, for code that must not call the input function
 * of a type that a user has created.
 */
extern List *large_keys_texts(const Pipeline *pipeline);

/* Whether a key, which is packed, is large. */
extern bool large_keys_has(const LargeKeys *large, Datum key);

/* Record that a key is large, or is not. The caller holds the lock that covers the key. */
extern void large_keys_note(const Pipeline *pipeline, Datum key, int64 raw_rows);
extern void large_keys_forget(const Pipeline *pipeline, Datum key);

/* Record all keys over a meter's limit as large. */
extern void large_keys_note_metered(const Pipeline *pipeline, const KeyMeter *meter);

#endif /* SESSIONIZE_LARGE_KEYS_H */
