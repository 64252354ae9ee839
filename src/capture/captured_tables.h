/*
 * captured_tables.h
 *		Which tables a pipeline's capture watches: the table sessionize.captured_table.
 *
 * They are the raw table and its partitions as capture knows of them.  What the catalogs say besides tells
 * what has come or gone without an event trigger.  The table is not dumped, for it has OIDs: so a pipeline
 * that comes out of a dump has no row in it, or those of the triggers that came after the pipeline.
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
	Oid row_trigger; /* that for deleted rows which it had last; InvalidOid: not known */
} CapturedTable;

/* A pipeline's watched tables as the active snapshot sees them, in the order of their OIDs. */
extern List *captured_tables_read(int32 pipeline);

/* Their OIDs alone. */
extern List *captured_tables_load(int32 pipeline);

/*
 * Watch members from now on, with the triggers they have: they have just become part of the raw table, or got
 * their triggers.
 */
extern void captured_tables_add(int32 pipeline, const List *members);

/* The triggers of members are found to be right: note them where it is not known which they have. */
extern void captured_tables_learn(int32 pipeline, const List *members);

/* Tables have lost triggers, as was noted: whichever they get next are right. */
extern void captured_tables_forget_triggers(const List *oids);

/*
 * The same for members that come out of a dump with their triggers: the pipeline's star has rows of
 * theirs, and nobody knows yet whether these have come along.
 */
extern void captured_tables_add_restored(int32 pipeline, const List *members);

/* Don't watch tables any more. */
extern void captured_tables_remove(int32 pipeline, const List *oids);

/* What is known of a pipeline's tables that come out of a dump. */
typedef struct RestoredTables
{
	int64 tables;      /* how many wait to be compared with the star; 0: no more tables come out of a dump */
	int64 blocks;      /* that they had when their triggers came */
	TimestampTz since; /* when the first of these came */
} RestoredTables;

extern RestoredTables captured_tables_restored(int32 pipeline);

/* The star stands for no other rows than theirs, or is going to. */
extern void captured_tables_settle(int32 pipeline);

/* The pipelines (PipelineRef *) that watch any of the tables, as they are now; in CurrentMemoryContext. */
extern List *captured_tables_pipelines(const List *oids);

/* Whether the database has no pipeline, as far as a glance tells that takes no time. */
extern bool captured_tables_none(void);

#endif /* SESSIONIZE_CAPTURED_TABLES_H */
