/*
 * failed_keys.h
 *		Session keys whose refresh failed because of their data. They are tried again a few times,
 *		then set aside.
 *
 * They are rows of sessionize.run_error, written in the caller's transaction.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FAILED_KEYS_H
#define SESSIONIZE_FAILED_KEYS_H

#include "catalog/pipeline.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"

/* A key is set aside after this many failures. */
#define FAILED_KEY_TRIES 3

/*
 * failed_keys_load returns the pipeline's failed keys as the active snapshot sees them, in
 * CurrentMemoryContext, and sets *count. The rows without a key count as one key. All functions are
 * called as the pipeline's owner.
 */
extern DirtyKey *failed_keys_load(const Pipeline *pipeline, int64 *count);

/* Record another failure of a key, and have the next refresh try it again unless it is set aside. */
extern void failed_keys_retry(const Pipeline *pipeline, const DirtyKey *key, const char *message);

/* Have the next refresh try all failed keys again as if they had never failed; returns how many. */
extern int64 failed_keys_retry_all(const Pipeline *pipeline);

/* Delete a key that has been derived without an error. */
extern void failed_keys_forget(const Pipeline *pipeline, const DirtyKey *key);

#endif /* SESSIONIZE_FAILED_KEYS_H */
