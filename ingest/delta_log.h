/*
 * delta_log.h
 *		The log of a table of Delta Lake: its versions, and which files are the table.
 *
 * A version is a file of actions in JSON, which is there whole or not at all.  Protocol: reader
 * version 1, writer version 2.  What other writers have done that leaves the rows as they are, such
 * as putting files together, is followed; that they have changed rows is told.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_DELTA_LOG_H
#define INGEST_DELTA_LOG_H

#include <jansson.h>

#include "duckdb_session.h"
#include "lake_storage.h"
#include "random_uuid.h"

typedef struct DeltaLog
{
	LakeStorage *storage;
	DuckdbSession *session; /* reads and writes checkpoints */
	Failure *failure;
	char *folder; /* of the log, with its "/" */

	int64_t version; /* the last one; -1: there is no log */
	int64_t checkpoint;
	json_t *protocol;
	json_t *metadata;
	json_t *live;    /* path: the add action of a file that is part of the table */
	json_t *removed; /* path: the remove action of one that was */
	json_t *txns;    /* the application's id: the txn action */

	char token[UUID_SIZE];     /* of the last export; empty: none */
	int64_t token_version;     /* the version that it made */
	int64_t changed_by_others; /* a later version in which others changed rows; -1: none */
} DeltaLog;

/* Read the log of the table in a folder of the storage. */
extern bool delta_log_open(DeltaLog *log, LakeStorage *storage, DuckdbSession *session,
						   const char *table, Failure *failure);

/* Add the txn action by which an export is known again. */
extern bool delta_log_sign(const DeltaLog *log, json_t *actions, const char *token);

/*
 * Make the next version of these actions, which are an array.  LAKE_EXISTS: another one was first;
 * LAKE_UNSURE: it may be there.
 */
extern LakeResult delta_log_commit(DeltaLog *log, json_t *actions);

/*
 * Write a checkpoint, from which on readers need not read older versions; remove versions that have
 * been behind a checkpoint for so many seconds.
 */
extern bool delta_log_checkpoint(DeltaLog *log, int64_t keep);

extern void delta_log_free(DeltaLog *log);

/* Take an action into account: for delta_checkpoint.c. */
extern bool delta_log_apply(DeltaLog *log, json_t *action);

/* Read the checkpoint of a version. */
extern bool delta_checkpoint_read(DeltaLog *log, int64_t version);

#endif /* INGEST_DELTA_LOG_H */
