/*
 * row_query.h
 *		A query whose rows go to a C function one by one.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROW_QUERY_H
#define SESSIONIZE_ROW_QUERY_H

#include "postgres.h"

#include "executor/tuptable.h"

#include "spi/statement.h"

/* Gets each row; the slot's contents live until it returns, as does what it allocates in CurrentMemoryContext. */
typedef void (*RowVisitor)(void *arg, TupleTableSlot *slot);

/*
 * row_query runs a query in the active snapshot, read-only and in a serial plan, and has each row
 * visited while the query is running.
 */
extern void row_query(const char *query, RowVisitor visitor, void *arg);

/*
 * row_query_connected does so inside the caller's connection to SPI, where relations may be
 * registered, and with parameters, by whose values the plan is made.
 */
extern void row_query_connected(const char *query, SqlValues values, RowVisitor visitor, void *arg);

/* The quoted, qualified name of a relation. */
extern char *relation_name(Oid relation);

#endif /* SESSIONIZE_ROW_QUERY_H */
