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
#include "catalog/star_relations.h"
#include "compat.h"
#include "dirty/dirty_key.h"
#include "dirty/large_keys.h"

/* A pipeline's dirty log, for who knows no more of the pipeline. */
typedef struct DirtyLog
{
	int32 pipeline; /* id */
	Oid table;      /* InvalidOid: the pipeline has lost it; only that is noted then */
	Oid key_type;
} DirtyLog;

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
 * dirty_claim deletes the log's rows of the given lanes (bit 0 is lane 0) that the active snapshot sees, but not those of large
 * keys, and returns them merged by key, in CurrentMemoryContext.  It stops after max_keys keys (0: no limit).  The caller
 * holds the locks of these lanes until the end of its transaction, and took the snapshot, by which large were loaded, after them.
 */
extern DirtyClaim *
dirty_claim(const Pipeline *pipeline, uint32 lanes, int64 max_keys, const LargeKeys *large);

/* The same for all rows of one of the large keys, that which has waited longest; of none, if the log has no large key. */
extern DirtyClaim *dirty_claim_large(const Pipeline *pipeline, const LargeKeys *large);

/* The same for the rows of one key, which is flat; returns how many there were. */
extern int64 dirty_claim_key(const Pipeline *pipeline, Datum key);

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
