/*
 * large_keys.h
 *		Session keys whose refresh reads so many raw rows that others should not wait for it.
 *
 * Every key has one owner at a time.  A key that is large is worked on by whoever holds the lock of the large keys, every other
 * by whoever holds its lane's.  Which of both it is says the table sessionize.large_key in a snapshot taken after the
 * lock; and only the owner changes that, in the transaction that has done the work, so the next owner comes after it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LARGE_KEYS_H
#define SESSIONIZE_LARGE_KEYS_H

#include "nodes/pg_list.h"

#include "catalog/pipeline.h"
#include "spi/key_relation.h"
#include "utils/key_hash.h"
#include "utils/key_meter.h"
#include "utils/key_type.h"

/* The lock of the large keys is that of one more lane (dirty.h). */
#define LARGE_KEYS_LANE 16

typedef struct LargeKeys
{
	KeyType type;
	KeyHash keys;
} LargeKeys;

/* The pipeline's large keys in the active snapshot, in CurrentMemoryContext. */
extern LargeKeys *large_keys_load(const Pipeline *pipeline);

/*
 * The texts (char *) of all of them, for who must not make values of a type that somebody else has
 * made.
 */
extern List *large_keys_texts(const Pipeline *pipeline);

/* Whether a key, which is packed, is among them. */
extern bool large_keys_has(const LargeKeys *large, Datum key);

/* All of them as rows. */
extern KeyRelation *large_keys_table(const LargeKeys *large, const Pipeline *pipeline);

/* Note that a key is large, or still is; that it is not any more.  By its owner. */
extern void large_keys_note(const Pipeline *pipeline, Datum key, int64 raw_rows);
extern void large_keys_forget(const Pipeline *pipeline, Datum key);

/* Note all keys that were over a meter's limit. */
extern void large_keys_note_metered(const Pipeline *pipeline, const KeyMeter *meter);

#endif /* SESSIONIZE_LARGE_KEYS_H */
