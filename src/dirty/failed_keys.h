/*
 * failed_keys.h
 *		Session keys that could not be refreshed because of their data: tried again a few times, then set aside.
 *
 * They lie in sessionize.run_error.  What is written here belongs to the caller's transaction.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FAILED_KEYS_H
#define SESSIONIZE_FAILED_KEYS_H

#include "catalog/pipeline.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"

/* A key is tried so many times before it is set aside. */
#define FAILED_KEY_TRIES 3

/*
 * failed_keys_load returns the pipeline's failed keys, by the active snapshot and in CurrentMemoryContext, and
 * sets *count; the rows without a key are one of them.  Called as the pipeline's owner, as are the next two.
 */
extern DirtyKey *failed_keys_load(const Pipeline *pipeline, int64 *count);

/* Note that a key has failed once more.  Returns true where it is to be tried again by itself. */
extern bool failed_keys_note(const Pipeline *pipeline, const DirtyKey *key, const char *message);

/* Forget a key that did not fail any more. */
extern void failed_keys_forget(const Pipeline *pipeline, const DirtyKey *key);

#endif /* SESSIONIZE_FAILED_KEYS_H */
