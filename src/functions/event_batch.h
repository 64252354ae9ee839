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

#define EVENT_BATCH_SIZE 256

typedef struct EventBatch
{
	int count;
	MemoryContext cxt; /* the keys' memory, reset after each batch */
	Datum keys[EVENT_BATCH_SIZE];
	bool nulls[EVENT_BATCH_SIZE];
	SzInterval islands[EVENT_BATCH_SIZE]; /* an event is an island of length zero */
	uint64 hashes[EVENT_BATCH_SIZE];      /* for the consumer's use */
} EventBatch;

/* Takes the rows of a batch in, and leaves it empty. */
typedef void (*EventBatchConsumer)(void *arg, EventBatch *batch);

#endif /* SESSIONIZE_EVENT_BATCH_H */
