/*
 * event_batch.h
 *		Some rows on their way from a source to the table of keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EVENT_BATCH_H
#define SESSIONIZE_EVENT_BATCH_H

#include "postgres.h"

#include "core/interval_set.h"

#define EVENT_BATCH_SIZE  256
#define EVENT_BATCH_BYTES (256 * 1024)

typedef struct EventBatch
{
	int count;
	Size bytes;        /* of the keys, roughly */
	MemoryContext cxt; /* their memory, reset after each batch */
	Datum keys[EVENT_BATCH_SIZE];
	bool nulls[EVENT_BATCH_SIZE];
	SzInterval islands[EVENT_BATCH_SIZE]; /* an event is an island of length zero */
	uint64 hashes[EVENT_BATCH_SIZE];      /* for the consumer's use */
} EventBatch;

/*
 * event_batch_is_full tells whether a batch should be consumed before the next row.
 */
static inline bool
event_batch_is_full(const EventBatch *batch)
{
	return batch->count == EVENT_BATCH_SIZE || batch->bytes >= EVENT_BATCH_BYTES;
}

/* Takes the rows of a batch in, and leaves it empty. */
typedef void (*EventBatchConsumer)(void *arg, EventBatch *batch);

#endif /* SESSIONIZE_EVENT_BATCH_H */
