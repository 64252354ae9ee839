/*
 * event_batch.h
 *		A batch of rows on their way from a source to a table of keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EVENT_BATCH_H
#define SESSIONIZE_EVENT_BATCH_H

#include "postgres.h"

#include "utils/memutils.h"

#include "core/interval_set.h"
#include "utils/key_type.h"

#define EVENT_BATCH_SIZE  256
#define EVENT_BATCH_BYTES (256 * 1024)

typedef struct EventBatch
{
	int count;
	Size bytes;        /* approximate size of the keys */
	MemoryContext cxt; /* the keys' memory, reset after each batch */
	Datum keys[EVENT_BATCH_SIZE];
	bool nulls[EVENT_BATCH_SIZE];
	SzInterval islands[EVENT_BATCH_SIZE]; /* an event is an island of length zero */
	uint64 hashes[EVENT_BATCH_SIZE];      /* for the consumer's use */
} EventBatch;

/*
 * event_batch_is_full tells whether a batch must be consumed before the next row is added.
 */
static inline bool
event_batch_is_full(const EventBatch *batch)
{
	return batch->count == EVENT_BATCH_SIZE || batch->bytes >= EVENT_BATCH_BYTES;
}

/*
 * event_batch_reset makes a batch empty.
 */
static inline void
event_batch_reset(EventBatch *batch)
{
	MemoryContextReset(batch->cxt);
	batch->count = 0;
	batch->bytes = 0;
}

/* Copy a by-reference key of a row into the batch's memory. */
extern Datum event_batch_keep_key(EventBatch *batch, const KeyType *type, Datum key);

/*
 * event_batch_add adds a row to a batch that is not full.
 */
static inline void
event_batch_add(EventBatch *batch, const KeyType *type, Datum key, bool key_isnull,
				SzInterval island)
{
	if (!type->typbyval && !key_isnull)
		key = event_batch_keep_key(batch, type, key);
	batch->keys[batch->count] = key;
	batch->nulls[batch->count] = key_isnull;
	batch->islands[batch->count] = island;
	batch->count++;
}

/* Takes the rows of a batch, and leaves the batch empty. */
typedef void (*EventBatchConsumer)(void *arg, EventBatch *batch);

#endif /* SESSIONIZE_EVENT_BATCH_H */
