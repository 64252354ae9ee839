/*
 * dirty.h
 *		A pipeline's dirty log: which keys' raw rows have changed, over which range of event time.
 *
 * The table NAME.dirty has a row (lane, session_key, lo, hi, logged_at) when raw rows of a key (NULL: rows
 * without one) with event times between lo and hi were inserted, updated or deleted; written by the
 * transaction that did it.  It may say more than has changed, never less.  A refresh takes rows out and derives
 * their keys again.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRTY_H
#define SESSIONIZE_DIRTY_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "catalog/pipeline.h"
#include "compat.h"
#include "dirty/dirty_key.h"

/* A pipeline's dirty log, for who knows no more of the pipeline. */
typedef struct DirtyLog
{
	int32 pipeline; /* id */
	Oid table;      /* InvalidOid: the pipeline has lost it; only that is noted then */
	Oid key_type;
} DirtyLog;

/* The log's table; InvalidOid where it is gone. */
extern Oid dirty_table(const Pipeline *pipeline);

/*
 * The log's rows for a query: "ONLY name.dirty AS d WHERE ...", which reads from where the query's snapshot can see any.  Conditions
 * follow with AND.
 */
extern char *dirty_rows_sql(const Pipeline *pipeline);

/* The error where it is gone, or is not as create_pipeline made it. */
pg_noreturn extern void dirty_report_lost(const Pipeline *pipeline);

/*
 * Appending needs no privileges and fires no triggers.  dirty_append_begin returns NULL where the table
 * is gone or is not as create_pipeline made it.  Where dirty_append_may_fail, what somebody has done to the
 * table may make the next steps an error.
 */
typedef struct DirtyAppend DirtyAppend;

extern DirtyAppend *dirty_append_begin(Oid table, Oid key_type);
extern bool dirty_append_may_fail(const DirtyAppend *append);
extern void dirty_append(DirtyAppend *append, const DirtyKey *dirty);
extern void dirty_append_end(DirtyAppend *append);

#endif /* SESSIONIZE_DIRTY_H */
