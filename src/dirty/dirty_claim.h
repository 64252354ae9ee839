/*
 * dirty_claim.h
 *		Deleting rows from a pipeline's dirty log, to derive their keys again.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRTY_CLAIM_H
#define SESSIONIZE_DIRTY_CLAIM_H

#include "catalog/pipeline.h"
#include "dirty/dirty_key.h"
#include "dirty/large_keys.h"

/* What a claim deleted from the log. */
typedef struct DirtyClaim
{
	DirtyKey *keys; /* each key once, nearly in the order of the star's indexes */
	int64 nkeys;
	int64 rows;            /* the number of log rows */
	TimestampTz logged_at; /* of the oldest row; DT_NOEND if there are none */
	bool complete;         /* the snapshot sees no other row of these lanes, but for large keys */
	bool large_left;       /* rows of large keys are left */
} DirtyClaim;

/*
 * dirty_claim deletes the log's rows in the given lanes (bit 0 is lane 0) that the active snapshot
 * sees, except for those of large keys, and returns them merged by key, in CurrentMemoryContext. It
 * stops after max_keys keys (0: no limit). The caller must hold the locks of these lanes until the
 * end of its transaction, and must have taken the snapshot, in which "large" was loaded, after
 * these locks.
 */
extern DirtyClaim *
dirty_claim(const Pipeline *pipeline, uint32 lanes, int64 max_keys, const LargeKeys *large);

/*
 * Like dirty_claim, for all rows of the large key that comes first in the log. The claim is empty
 * if the log has no large key.
 */
extern DirtyClaim *dirty_claim_large(const Pipeline *pipeline, const LargeKeys *large);

/* Delete all rows of one key, which is packed; returns how many there were. */
extern int64 dirty_claim_key(const Pipeline *pipeline, Datum key);

#endif /* SESSIONIZE_DIRTY_CLAIM_H */
