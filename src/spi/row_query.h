/*
 * row_query.h
 *		A query whose rows are passed to a C function one by one.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROW_QUERY_H
#define SESSIONIZE_ROW_QUERY_H

#include "postgres.h"

#include "executor/tuptable.h"

#include "spi/statement.h"

/*
 * Receives each row. The slot's contents, and what the visitor allocates in CurrentMemoryContext,
 * are valid until the visitor returns.
 */
typedef void (*RowVisitor)(void *arg, TupleTableSlot *slot);

/*
 * row_query runs a query in the active snapshot, read-only and with a serial plan, and passes each
 * row to the visitor while the query is running.
 */
extern void row_query(const char *query, RowVisitor visitor, void *arg);

/*
 * Like row_query, but inside the caller's SPI connection, where relations may be registered, and
 * with parameters. The plan is made for their values.
 */
extern void row_query_connected(const char *query, SqlValues values, RowVisitor visitor, void *arg);

/* A relation's qualified name, quoted for SQL; an error if there is no such relation. */
extern char *relation_name(Oid relation);

#endif /* SESSIONIZE_ROW_QUERY_H */
