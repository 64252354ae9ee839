/*
 * dirty_claim.h
 *		Taking rows out of a pipeline's dirty log, to derive their keys again.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRTY_CLAIM_H
#define SESSIONIZE_DIRTY_CLAIM_H

#include "catalog/pipeline.h"
#include "dirty/dirty_key.h"
#include "dirty/large_keys.h"

/* What a claim took out of the log. */
typedef struct DirtyClaim
{
	DirtyKey *keys; /* each key once, in no order that means anything */
	int64 nkeys;
	int64 rows;            /* of the log */
	TimestampTz logged_at; /* the oldest of them; DT_NOEND without any */
	bool complete;   /* no row of these lanes that the snapshot sees is left, but for those of large keys */
	bool large_left; /* rows of large keys are left */
} DirtyClaim;

/*
 * dirty_claim deletes the log's rows of the given lanes (bit 0 is lane 0) that the active snapshot sees, but not those of large
 * keys, and returns them merged by key, in CurrentMemoryContext.  It stops after max_keys keys (0: no limit).  The caller
 * holds the locks of these lanes until the end of its transaction, and took the snapshot, by which large were loaded, after them.
 */
extern DirtyClaim *
dirty_claim(const Pipeline *pipeline, uint32 lanes, int64 max_keys, const LargeKeys *large);

/* The same for all rows of one of the large keys, that which has waited longest; of none, if the log has no large key. */
extern DirtyClaim *dirty_claim_large(const Pipeline *pipeline, const LargeKeys *large);

/* The same for the rows of one key, which is packed; returns how many there were. */
extern int64 dirty_claim_key(const Pipeline *pipeline, Datum key);

#endif /* SESSIONIZE_DIRTY_CLAIM_H */
