/*
 * captured_tables.h
 *		The tables that a pipeline's capture watches: the table sessionize.captured_table.
 *
 * They are the raw table and its partitions as far as capture has noticed them. The difference to
 * the catalogs is what has come or gone without an event trigger. pg_dump does not dump the table,
 * since it has OIDs. So for a pipeline that was restored from a dump it has only the tables whose
 * triggers were restored later than the pipeline.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURED_TABLES_H
#define SESSIONIZE_CAPTURED_TABLES_H

#include "catalog/pipeline_catalog.h"
#include "catalog/raw_tree.h"

typedef struct CapturedTable
{
	Oid relid;
	Oid row_trigger; /* the last recorded trigger for deleted rows; InvalidOid: unknown */
} CapturedTable;

/* A pipeline's watched tables as the active snapshot sees them, in the order of their OIDs. */
extern List *captured_tables_read(int32 pipeline);

/* Like captured_tables_read, but as of now, which may be later than the snapshot. */
extern List *captured_tables_now(int32 pipeline);

/* The OIDs of watched tables, in their order. */
extern List *captured_tables_oids(const List *tables);

/*
 * Watch members from now on, and record their triggers: they have just become part of the raw
 * table, or got new triggers.
 */
extern void captured_tables_add(int32 pipeline, const List *members);

/* Record the triggers of members that are not recorded yet. They have been found to be right. */
extern void captured_tables_learn(int32 pipeline, const List *members);

/* Tables have lost triggers, which has been noted: accept the triggers that they get next. */
extern void captured_tables_forget_triggers(const List *oids);

/*
 * Watch members that were restored from a dump; they need not have all their triggers yet. The
 * pipeline's star has rows derived from them, but it is not known yet whether their own rows were
 * restored as well.
 */
extern void captured_tables_add_restored(int32 pipeline, const List *members);

/* Stop watching tables. */
extern void captured_tables_remove(int32 pipeline, const List *oids);

/* A pipeline's tables that were restored from a dump. */
typedef struct RestoredTables
{
	int64 tables;      /* how many have yet to be compared with the star */
	int64 blocks;      /* their size when their triggers were created */
	TimestampTz since; /* when the first of these triggers was created */
} RestoredTables;

extern RestoredTables captured_tables_restored(int32 pipeline);

/*
 * The star accounts for the rows of the restored tables, or a rebuild will see to it: no comparison
 * is needed any longer.
 */
extern void captured_tables_settle(int32 pipeline);

/*
 * The pipelines (PipelineRef *) that watch any of the tables, as of now; in CurrentMemoryContext.
 */
extern List *captured_tables_pipelines(const List *oids);

/*
 * Whether the database has no pipeline. The test is cheap: also false if there once was a pipeline.
 */
extern bool captured_tables_none(void);

#endif /* SESSIONIZE_CAPTURED_TABLES_H */
