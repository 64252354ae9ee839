/*
 * stale_keys.h
 *		The session keys whose rows of the star may be behind the raw rows, in one snapshot: those in the dirty
 *		log, those that failed, and those with rows in a partition whose DETACH CONCURRENTLY is not finished.  For
 *		all others the star is what the raw rows say.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STALE_KEYS_H
#define SESSIONIZE_STALE_KEYS_H

#include "catalog/pipeline.h"
#include "spi/claimed_keys.h"
#include "utils/key_hash.h"

typedef struct StaleKeys
{
	KeyType type;
	KeyHash keys;
	bool has_null; /* also what has no key */
} StaleKeys;

/*
 * Find them in the active snapshot, into CurrentMemoryContext; NULL where nothing says which they are: the
 * pipeline's raw table is not captured, or its star was never built, or needs a rebuild for another reason.  As the pipeline's owner.
 */
extern StaleKeys *stale_keys_load(const Pipeline *pipeline);

/* The same, but also of a star that is being built, newest first: then the keys that are not done are among them (backfill.h). */
extern StaleKeys *stale_keys_load_unbuilt(const Pipeline *pipeline);

/* A set without any, in CurrentMemoryContext; add a key to it. */
extern StaleKeys *stale_keys_create(const Pipeline *pipeline);
extern void stale_keys_add(StaleKeys *stale, Datum key, bool isnull);

/* Whether a key, in any form, is among them. */
extern bool stale_keys_has(const StaleKeys *stale, Datum key, bool isnull);

/* All of them as rows. */
extern ClaimedKeys *stale_keys_table(const StaleKeys *stale, const Pipeline *pipeline);

#endif /* SESSIONIZE_STALE_KEYS_H */
