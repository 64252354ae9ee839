/*
 * dirty_look.h
 *		A look at a pipeline's dirty log by somebody who is not its owner: for the status and the survey.
 *
 * The log is a table of the owner's, who may do with it what he likes.  So nothing of his is run:
 * no view, policy, cast, constraint, operator class or domain.  The rows are read by the table
 * access method, whatever the privileges are.  And nobody is waited for: a lock that is not to be
 * had at once is a result.
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
	DIRTY_LOCKED, /* another session has a lock that keeps readers out, or waits for one */
	DIRTY_LOST    /* it is gone, or is not as create_pipeline made it: kind, owner, columns, persistence */
} DirtyState;

/* What is in the log. */
typedef struct DirtyCounts
{
	int64 rows;
	int64 keys;        /* the rows without a key count as one */
	int64 large_keys;  /* those of them that are large */
	TimestampTz since; /* when the oldest row was logged; DT_NOEND without any */
} DirtyCounts;

/*
 * dirty_look_count counts what is in the log as the active snapshot sees it.  large: the texts
 * (char *) of the pipeline's large keys.  Two keys are the same where their type says so, if all
 * that it says it by came with the server, else where their bytes are the same.
 */
extern DirtyState dirty_look_count(Pipeline *pipeline, List *large, DirtyCounts *counts);

/* dirty_look_any tells whether there is any row; *any is set for a log that is readable. */
extern DirtyState dirty_look_any(Pipeline *pipeline, bool *any);

#endif /* SESSIONIZE_DIRTY_LOOK_H */
