/*
 * export_run.h
 *		What the steps of an export have in common: its tables, and what is to be done with each.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_EXPORT_RUN_H
#define INGEST_EXPORT_RUN_H

#include "delta_log.h"
#include "export_database.h"
#include "options.h"

/* A day that is written anew. */
typedef struct ExportDay
{
	char day[16]; /* YYYY-MM-DD; empty: the table has no days, or its rows have none */
	int64_t rows;
} ExportDay;

typedef struct ExportTable
{
	LakeTable table;
	DeltaLog log;
	json_t *schema;
	bool new_schema; /* the log has another one, or none */
	bool whole;      /* all days are written, and all files there were are removed */
	ExportDay *days;
	size_t day_count;
	char *fingerprint; /* of a table without days, if it has changed */

	/* what was written */
	json_t *adds;
	json_t *files; /* the names of objects that no log names yet */
	int64_t rows;
	int64_t bytes;
	int64_t removed; /* files */
} ExportTable;

typedef struct ExportRun
{
	const Options *options;
	const atomic_bool *stop;
	Failure *failure;
	ExportDatabase database;
	LakeStorage *storage;
	DuckdbSession session;
	ExportTable *tables;
	size_t table_count;

	char token[UUID_SIZE]; /* by which this export is known in the logs */
	char files[UUID_SIZE]; /* what the names of its files have in them */
	bool settled;          /* an earlier export was finished by this one */
	char *notes;           /* for export_intend() */
	bool erases;           /* session keys were erased, so only live files stay */
	bool changed;          /* there is something to write */
} ExportRun;

/* export_plan.c: settle what an earlier export has left open, and find out what is to be written. */
extern bool export_settle(ExportRun *run);
extern bool export_plan(ExportRun *run);

/* export_write.c: put the files of all days into the lake. */
extern bool export_write(ExportRun *run);

/* Remove files that were put and that no log names. */
extern void export_unwrite(ExportRun *run);

/* export_commit.c: make the next version of each table's log, and the list of live files. */
extern bool export_commit(ExportRun *run);
extern bool export_list_files(ExportRun *run);

/* Write checkpoints of the logs now and then. */
extern bool export_checkpoint(ExportRun *run);

/* What export_finish() is told, which the caller frees; NULL: no memory. */
extern char *export_summary(const ExportRun *run);

/* export_vacuum.c: remove files that are no longer of use to anybody. */
extern bool export_vacuum(ExportRun *run);

/* export_find.c: look for a session key in all files; false, and the failure says so, if one has it. */
extern bool export_find(ExportRun *run);

/* The seconds that files are kept after a version has removed them. */
extern int64_t export_keep(const ExportRun *run);

/*
 * A step that a test can end or hold the program at, by PG_SESSIONIZE_EXPORT_POINT="NAME SIGNAL";
 * only in a program that was compiled with PAUSE_POINTS.
 */
#ifdef PAUSE_POINTS
extern void export_point(const char *name);
#else
#define export_point(name) ((void) (name))
#endif

#endif /* INGEST_EXPORT_RUN_H */
