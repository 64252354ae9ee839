/*
 * rejected.h
 *		Requests that were rejected: sessionize.ingest_rejected.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REJECTED_H
#define SESSIONIZE_REJECTED_H

#include "ingest/ingest_position.h"
#include "ingest/request_batch.h"

/* Keep the requests of a batch that have failed; position is where the batch begins. */
extern void rejected_keep(const IngestKey *key, const char *position, const RequestBatch *batch);

/*
 * Add rejected requests of a key with ids above after to a batch, and lock them; those that others
 * have locked are left out.  Returns the id of the last one, 0 if there is none.
 */
extern int64 rejected_take(const IngestKey *key, int64 after, int64 limit, RequestBatch *batch);

/*
 * After the batch was tried again: delete those that have not failed, and note of the others why
 * they have.
 */
extern void rejected_settle(const RequestBatch *batch);

#endif /* SESSIONIZE_REJECTED_H */
