/*
 * parquet_files.h
 *		Parquet files of the rows that have arrived (parquet_rows.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_PARQUET_FILES_H
#define INGEST_PARQUET_FILES_H

#include "duckdb_session.h"
#include "lake_table.h"
#include "text.h"

/* A file that is written. */
typedef struct ParquetFile
{
	const char *path;
	int64_t rows;
	int64_t bytes;
	const char *stats; /* JSON, as Delta's log has it */
} ParquetFile;

/* Takes a file, which is removed afterwards if it is still there; false after it has failed. */
typedef bool (*ParquetTake)(void *context, const ParquetFile *file);

/*
 * Write the rows of a day (YYYY-MM-DD; NULL: those without one, or all rows of a table without days)
 * to files of about so many bytes, without the partition's column.  They are sorted by time, but for
 * what several threads write at once.  No rows make no file.
 */
extern bool parquet_files_write(DuckdbSession *session, const LakeTable *table, const char *day,
								int64_t file_bytes, ParquetTake take, void *context);

/* What a file has in it, read from the file: its rows, and the statistics of its columns. */
extern bool parquet_stats(DuckdbSession *session, const LakeTable *table, const char *path,
						  int64_t *rows, Text *stats);

#endif /* INGEST_PARQUET_FILES_H */
