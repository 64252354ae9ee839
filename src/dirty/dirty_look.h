/*
 * dirty_look.h
 *		Reading a pipeline's dirty log as a role that is not its owner: for the status and the
 *		survey.
 *
 * The log is a table of the pipeline's owner, who may change it at will. So nothing that the owner
 * may have defined is run: no view, policy, cast, constraint, operator class or domain. The rows
 * are read through the table access method, whatever the privileges are. No lock is waited for: if
 * one is not free, this is a result.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRTY_LOOK_H
#define SESSIONIZE_DIRTY_LOOK_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "catalog/pipeline.h"

typedef enum DirtyState
{
	DIRTY_READABLE,
	DIRTY_LOCKED, /* another session has, or waits for, a lock that excludes readers */
	DIRTY_LOST    /* gone, or changed in kind, owner, columns or persistence */
} DirtyState;

/* What is in the log. */
typedef struct DirtyCounts
{
	int64 rows;
	int64 keys;        /* distinct keys; all rows without a key count as one */
	int64 large_keys;  /* how many of the keys are large */
	TimestampTz since; /* when the oldest row was logged; DT_NOEND if there is none */
} DirtyCounts;

/*
 * dirty_look_count counts what the active snapshot sees in the log. large: the texts (char *) of
 * the pipeline's large keys. Keys are told apart by their type if all functions that this takes
 * came with the server, and else by their bytes.
 */
extern DirtyState dirty_look_count(Pipeline *pipeline, List *large, DirtyCounts *counts);

/* dirty_look_any tells whether there is any row. *any is false if the log is not readable. */
extern DirtyState dirty_look_any(Pipeline *pipeline, bool *any);

#endif /* SESSIONIZE_DIRTY_LOOK_H */
