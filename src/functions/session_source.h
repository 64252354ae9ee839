/*
 * session_source.h
 *		Reads the key and time columns of a relation, once, in any order.
 *
 * Tables, materialized views, partitioned tables and inheritance trees are read through their table
 * access method.  Views, foreign tables, distributed tables, and relations with row-level security
 * for the current user are read by a query.  In both cases the rows are those that SELECT would
 * return to the current user in the same snapshot.
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
	const char *key; /* names of columns */
	const char *ts;
	Oid key_type;
	Oid key_collation;
	List *tables;    /* the tables to read through the access method, or NIL */
	bool by_query;   /* read by a query instead */
	RowSteps *steps; /* conditions to compute for each row; NULL: none */
	bool every_row;  /* with steps: also return rows that satisfy none */
} SessionSource;

/*
 * Lock the relation as SELECT does, find the columns, and check that the current user may read
 * them.  Invalid arguments are errors with a hint.
 */
extern void session_source_open(SessionSource *source, Oid relid, const char *key, const char *ts);

/*
 * Have the steps that a row satisfies returned as the number of events of its island.  Rows that
 * satisfy none are only returned if every_row.  names are as in row_steps_create.  To be called
 * after session_source_open; makes the same checks.
 */
extern void session_source_set_steps(SessionSource *source, ArrayType *texts,
									 const char *const *names, bool every_row);

/*
 * Give all rows whose time is not NULL to the consumer, in batches, and return their number.  The
 * caller provides the batch and its memory context.
 */
extern int64
session_source_read(const SessionSource *source, const KeyType *type, Snapshot snapshot,
					EventBatch *batch, EventBatchConsumer consume, void *arg);

#endif /* SESSIONIZE_SESSION_SOURCE_H */
