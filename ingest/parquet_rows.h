/*
 * parquet_rows.h
 *		Rows of a table, as COPY's binary format has them, into a table of DuckDB's.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_PARQUET_ROWS_H
#define INGEST_PARQUET_ROWS_H

#include "duckdb_session.h"
#include "lake_table.h"

/* The table that rows are in until the next ones come; its columns are c0, c1 and so on. */
#define PARQUET_ROWS_TABLE "arrived"

/* A value as PostgreSQL sends it; length is -1 for NULL. */
typedef struct ParquetValue
{
	const char *bytes;
	int length;
} ParquetValue;

typedef struct ParquetRows ParquetRows;

/* Begin with an empty table; NULL, and the session's failure says why not. */
extern ParquetRows *parquet_rows_begin(DuckdbSession *session, const LakeTable *table);

/* Add a row, with a value for each column. */
extern bool parquet_rows_add(ParquetRows *rows, const ParquetValue *values);

/* All rows are there. */
extern bool parquet_rows_end(ParquetRows *rows);

extern void parquet_rows_free(ParquetRows *rows);

#endif /* INGEST_PARQUET_ROWS_H */
