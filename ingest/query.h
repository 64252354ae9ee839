/*
 * query.h
 *		Statements for threads that must be able to end: none waits for the database longer than it is
 *		told to, or than the program runs.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_QUERY_H
#define INGEST_QUERY_H

#include <stdatomic.h>
#include <stdbool.h>

#include <libpq-fe.h>

/*
 * Connect within some seconds.  The result, which may be NULL, is no open connection if that fails;
 * PQerrorMessage() says why.
 */
extern PGconn *query_connect(const char *database, const char *application, double seconds,
							 const atomic_bool *stop);

/*
 * Run a statement with parameters in text.  NULL: there was no answer in time, or stop was set; the
 * connection is of no more use then.
 */
extern PGresult *query_run(PGconn *connection, const char *sql, int count,
						   const char *const *values, double seconds, const atomic_bool *stop);

/* Wait until the database says something, for some seconds or until stop is set. */
extern void query_wait(PGconn *connection, double seconds, const atomic_bool *stop);

#endif /* INGEST_QUERY_H */
