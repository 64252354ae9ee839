/*
 * stale_keys.h
 *		A set of session keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STALE_KEYS_H
#define SESSIONIZE_STALE_KEYS_H

#include "catalog/pipeline.h"
#include "spi/key_relation.h"
#include "utils/key_hash.h"

typedef struct StaleKeys
{
	KeyType type;
	KeyHash keys;
	bool has_null; /* whether the rows without a key are in the set, too */
} StaleKeys;

/* An empty set, in CurrentMemoryContext; add a key to it. */
extern StaleKeys *stale_keys_create(const Pipeline *pipeline);
extern void stale_keys_add(StaleKeys *stale, Datum key, bool isnull);

/* Whether a key, packed or not, is in the set. */
extern bool stale_keys_has(const StaleKeys *stale, Datum key, bool isnull);

/* The keys as a relation for queries. */
extern KeyRelation *stale_keys_table(const StaleKeys *stale, const Pipeline *pipeline);

#endif /* SESSIONIZE_STALE_KEYS_H */
