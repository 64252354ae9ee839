/*
 * dirty.h
 *		A pipeline's dirty log: of which keys raw rows have changed, and in which range of event
 *		time.
 *
 * If raw rows of a key (NULL: rows without a key) with event times from lo to hi are inserted,
 * updated or deleted, the transaction that does it adds a row (lane, session_key, lo, hi,
 * logged_at) to the table NAME.dirty. The log may cover more than has changed, but never less. A
 * refresh deletes rows from the log and derives their keys again.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRTY_H
#define SESSIONIZE_DIRTY_H

#include "postgres.h"

#include "catalog/pipeline.h"
#include "compat.h"
#include "dirty/dirty_key.h"

/* A pipeline's dirty log, for code that knows no more of the pipeline. */
typedef struct DirtyLog
{
	int32 pipeline; /* id */
	Oid table;      /* InvalidOid if lost; then only a need of a rebuild is noted */
	Oid key_type;
} DirtyLog;

/* The OID of the log's table; InvalidOid if it is gone. */
extern Oid dirty_table(const Pipeline *pipeline);

/*
 * The log's rows for a query: "ONLY name.dirty AS d WHERE ...". The query reads from the first
 * block in which its snapshot can see a row. Further conditions follow with AND.
 */
extern char *dirty_rows_sql(const Pipeline *pipeline);

/* Raise the error for a log that is gone, or is not as create_pipeline made it. */
pg_noreturn extern void dirty_report_lost(const Pipeline *pipeline);

/*
 * Appending needs no privileges and fires no triggers. dirty_append_begin returns NULL if the table
 * is gone or is not as create_pipeline made it. If dirty_append_may_fail returns true, somebody has
 * changed the table so that the following steps may raise an error.
 */
typedef struct DirtyAppend DirtyAppend;

extern DirtyAppend *dirty_append_begin(Oid table, Oid key_type);
extern bool dirty_append_may_fail(const DirtyAppend *append);
extern void dirty_append(DirtyAppend *append, const DirtyKey *dirty);
extern void dirty_append_end(DirtyAppend *append);

#endif /* SESSIONIZE_DIRTY_H */
