/*
 * export_database.h
 *		An export's two connections to the database: one reads a snapshot, the other keeps account.
 *
 * The database knows what is to be exported: docs/reference/export.md has its functions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_EXPORT_DATABASE_H
#define INGEST_EXPORT_DATABASE_H

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdint.h>

#include "failure.h"
#include "lake_table.h"
#include "parquet_rows.h"
#include "random_uuid.h"

typedef struct ExportDatabase
{
	const char *pipeline;
	const char *name;
	const atomic_bool *stop;
	Failure *failure;
	PGconn *reader;
	PGconn *keeper;

	char *location;
	char token[UUID_SIZE];    /* of the last export that was finished; empty: none */
	char intended[UUID_SIZE]; /* of the last one that was intended; empty: none */
	bool erases;              /* this one is to erase session keys, if it has not finished */
	char *summary;            /* of the last one that was finished: a JSON object */
	char time[40];            /* of the snapshot, ISO 8601 */
} ExportDatabase;

/* A day of a table that differs from what was last exported, or might. */
typedef struct ExportChange
{
	char *table;
	char day[16]; /* YYYY-MM-DD; empty: the table has no days, or its rows have none */
	int64_t rows;
	char *fingerprint; /* of a table without days; else NULL */
} ExportChange;

typedef struct ExportChanges
{
	ExportChange *changes;
	size_t count;
} ExportChanges;

/* Connect, and become the one exporter. */
extern bool export_database_open(ExportDatabase *database, const char *conninfo);
extern void export_database_close(ExportDatabase *database);

/* Take the snapshot that all is read in, in place of the one there was. */
extern bool export_database_snapshot(ExportDatabase *database);

/* Make the tables, which the caller frees one by one. */
extern bool export_database_tables(ExportDatabase *database, LakeTable **tables, size_t *count);

/* What export_intend() is to be told, which the caller frees; and whether session keys were erased. */
extern bool export_database_notes(ExportDatabase *database, char **notes, bool *erases);

extern bool export_database_changes(ExportDatabase *database, bool whole, ExportChanges *changes);
extern void export_changes_free(ExportChanges *changes);

/* Read the rows of some days, an array in PostgreSQL's text form; NULL: all rows. */
extern bool export_database_read(ExportDatabase *database, const LakeTable *table, const char *days,
								 ParquetRows *rows);

extern bool export_database_intend(ExportDatabase *database, const char *token, const char *notes);
extern bool
export_database_finish(ExportDatabase *database, const char *token, const char *summary);

/* Have the database remember why the export failed, if it can. */
extern void export_database_fail(ExportDatabase *database, const char *message);

#endif /* INGEST_EXPORT_DATABASE_H */
