/*
 * copy_reader.h
 *		Reading what COPY ... TO STDOUT (FORMAT binary) sends.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_COPY_READER_H
#define INGEST_COPY_READER_H

#include <libpq-fe.h>
#include <stdatomic.h>

#include "parquet_rows.h"

/* Run the statement and add all rows that it sends. */
extern bool copy_read(PGconn *connection, const char *sql, const LakeTable *table,
					  ParquetRows *rows, const atomic_bool *stop, Failure *failure);

#endif /* INGEST_COPY_READER_H */
