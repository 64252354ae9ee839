/*
 * duckdb_session.h
 *		A database of DuckDB's in a temporary folder, and statements in it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_DUCKDB_SESSION_H
#define INGEST_DUCKDB_SESSION_H

#include <stdint.h>

#include "duckdb_library.h"
#include "text.h"

typedef struct DuckdbSession
{
	const DuckdbLibrary *library;
	duckdb_database database;
	duckdb_connection connection;
	const char *folder; /* for what it writes */
	int64_t paths;      /* that were made for files there */
	Failure *failure;
} DuckdbSession;

typedef struct DuckdbSettings
{
	const char *library; /* see duckdb_library() */
	const char *folder;  /* where the database is made; the caller removes it */
	int64_t memory;      /* bytes */
	int64_t threads;
} DuckdbSettings;

/* A value of a row, of type VARCHAR; bytes is NULL for NULL, and has no final zero. */
typedef struct DuckdbText
{
	const char *bytes;
	size_t length;
} DuckdbText;

/* Takes a row; false ends the statement, after it has said why. */
typedef bool (*DuckdbRow)(void *context, const DuckdbText *values);

extern bool
duckdb_session_open(DuckdbSession *session, const DuckdbSettings *settings, Failure *failure);
extern void duckdb_session_close(DuckdbSession *session);

/*
 * Make the path of a file or folder in the session's folder, which none had before: DuckDB keeps what
 * it has read of a file, and may take another one of the same path for it.  The caller frees it.
 */
extern bool duckdb_session_path(DuckdbSession *session, const char *suffix, Text *path);

/* Run a statement, whose rows, if they are of interest, have columns of type VARCHAR only. */
extern bool
duckdb_session_run(DuckdbSession *session, const char *sql, DuckdbRow take, void *context);

#endif /* INGEST_DUCKDB_SESSION_H */
