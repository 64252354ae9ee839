/*
 * behind_keys.h
 *		The session keys whose rows of the star may be behind the raw rows, in one snapshot.
 *
 * These are the keys in the dirty log, those that failed, and those with rows in a partition whose DETACH CONCURRENTLY
 * is not finished.  For all others the star is what the raw rows say.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BEHIND_KEYS_H
#define SESSIONIZE_BEHIND_KEYS_H

#include "catalog/pipeline.h"
#include "dirty/stale_keys.h"

/*
 * Find them in the active snapshot, into CurrentMemoryContext; NULL where nothing says which they are: the
 * pipeline's raw table is not captured, or its star was never built, or needs a rebuild for another reason.  As the pipeline's owner.
 */
extern StaleKeys *behind_keys_load(const Pipeline *pipeline);

/* The same, but also of a star that is being built, newest first: then the keys that are not done are among them (backfill.h). */
extern StaleKeys *behind_keys_load_unbuilt(const Pipeline *pipeline);

/* SQL of the rows (session_key) that say which keys the star does not have right, the NULL of rows without one among them. */
extern char *behind_keys_sql(const Pipeline *pipeline);

#endif /* SESSIONIZE_BEHIND_KEYS_H */
