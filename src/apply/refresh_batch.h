/*
 * refresh_batch.h
 *		A set of session keys is derived anew and what differs is written, in one transaction.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REFRESH_BATCH_H
#define SESSIONIZE_REFRESH_BATCH_H

#include "apply/table_writer.h"
#include "catalog/pipeline.h"
#include "derive/derive.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"
#include "star/star.h"
#include "utils/key_meter.h"

typedef struct BatchCounts
{
	DeriveCounts derived;
	WriteCounts written;
	StarRows before; /* what the star stood for among the batch's keys, by its own account */
	int64 failed_keys;
} BatchCounts;

/* How much of a key is derived. */
typedef enum BatchMode
{
	BATCH_WINDOWS, /* a window, where one can be found (window.h) */
	BATCH_WHOLE,   /* all of it: what the star has elsewhere of the key may not be right */
	BATCH_BESIDE /* all of it, and that is noted (refreshed_keys.h), for the rebuild at work leaves these keys out */
} BatchMode;

typedef struct RefreshBatch RefreshBatch;

/* For any number of batches; in a child of parent.  budget is in bytes. */
extern RefreshBatch *refresh_batch_create(MemoryContext parent, Size budget);

/* What is refreshed. */
typedef struct BatchRequest
{
	const Pipeline *pipeline;
	DirtyKey *keys; /* which are reordered */
	int64 nkeys;
	BatchMode mode;
	KeyMeter *meter; /* is told of the raw rows that were read of each key; NULL: nobody is */
} BatchRequest;

/*
 * Bring the keys' rows to what the raw rows say, and add to the counts.  The caller holds the lanes of all
 * keys, or the lock of large keys for one, and claimed the keys before this transaction takes a new
 * snapshot here.  As the pipeline's owner.
 *
 * A key that fails because of its data is noted (failed_keys.h) and the others go on.
 */
extern void refresh_batch_run(RefreshBatch *batch, const BatchRequest *request, BatchCounts *counts);

#endif /* SESSIONIZE_REFRESH_BATCH_H */
