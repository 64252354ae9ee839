/*
 * refresh_batch.h
 *		Derives a set of session keys anew and writes the differences, in one transaction.
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
	StarRows before; /* that the star accounted for, of the batch's keys */
	int64 failed_keys;
} BatchCounts;

/* How much of a key is derived. */
typedef enum BatchMode
{
	BATCH_WINDOWS, /* a window, if one can be found (window.h) */
	BATCH_WHOLE,   /* all of it, since its other rows in the star may be wrong */
	/* all of it, and the key is noted (refreshed_keys.h): a rebuild is at work */
	BATCH_BESIDE
} BatchMode;

typedef struct RefreshBatch RefreshBatch;

/* Create in a child of parent, for any number of batches.  budget is in bytes. */
extern RefreshBatch *refresh_batch_create(MemoryContext parent, Size budget);

/* What to refresh. */
typedef struct BatchRequest
{
	const Pipeline *pipeline;
	DirtyKey *keys; /* are reordered */
	int64 nkeys;
	BatchMode mode;
	KeyMeter *meter; /* counts the raw rows read of each key; may be NULL */
} BatchRequest;

/*
 * Bring the keys' part of the star up to date with the raw rows, and add to the counts.  The caller
 * has locked the lanes of all keys, or the large keys for a single one, and has claimed the keys;
 * it works as the pipeline's owner.  The rows are read in a new snapshot.
 *
 * A key that fails because of its data is noted (failed_keys.h), and the others go on.
 */
extern void
refresh_batch_run(RefreshBatch *batch, const BatchRequest *request, BatchCounts *counts);

#endif /* SESSIONIZE_REFRESH_BATCH_H */
