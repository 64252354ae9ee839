/*
 * session_source.h
 *		Reads the key and time columns of a relation, once, in any order.
 *
 * Tables, materialized views, partitioned tables and inheritance trees are read through their table
 * access method; views, foreign tables, distributed tables and whatever has row-level security for the
 * current user through a query.  Either way what is read is what SELECT would give the current user in the same snapshot.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_SOURCE_H
#define SESSIONIZE_SESSION_SOURCE_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/snapshot.h"

#include "functions/event_batch.h"
#include "functions/row_steps.h"
#include "utils/key_type.h"

typedef struct SessionSource
{
	Oid relid;
	const char *key; /* names of the columns */
	const char *ts;
	Oid key_type;
	Oid key_collation;
	List *tables;    /* what to read through the access method, or NIL */
	bool by_query;   /* ask a query instead */
	RowSteps *steps; /* NULL, or steps whose mask is wanted of each row */
	bool every_row;  /* with steps: also rows that satisfy none */
} SessionSource;

/*
 * Lock the relation as SELECT does, find the columns, and check that the current user may read them.
 * Everything that is wrong with the arguments is an error with a hint.
 */
extern void session_source_open(SessionSource *source, Oid relid, const char *key, const char *ts);

/*
 * Ask for the steps that each row satisfies, as the number of events of its island; for rows that satisfy
 * none only if every_row.  To be called after session_source_open, with the same checks.
 */
extern void session_source_set_steps(SessionSource *source, ArrayType *texts, bool every_row);

/*
 * Give all rows with a time to the consumer, in batches, and return how many there were.  The batch and
 * its context are the caller's.
 */
extern int64 session_source_read(const SessionSource *source, const KeyType *type, Snapshot snapshot,
								 EventBatch *batch, EventBatchConsumer consume, void *arg);

#endif /* SESSIONIZE_SESSION_SOURCE_H */
