/*
 * sql_rows.h
 *		Statements over rows in a tuplestore.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SQL_ROWS_H
#define SESSIONIZE_SQL_ROWS_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "utils/tuplestore.h"

#include "spi/statement.h"

/* Rows that a statement finds by a name. */
typedef struct NamedRows
{
	const char *name;
	TupleDesc desc;
	Tuplestorestate *rows;
} NamedRows;

/* Let the statements of the current SPI connection find the rows. */
extern void sql_register_rows(const NamedRows *named);

/* Run a statement over several sets of rows; returns the number of rows it processed. */
extern uint64 sql_execute_with_named_rows(const char *sql, const NamedRows *named, int count);

/*
 * Like that, and pass the rows that the statement returns to the visitor (statement.h), which may
 * be NULL.
 */
extern uint64 sql_visit_with_named_rows(const char *sql, const NamedRows *named, int count,
										SqlRowVisitor visitor, void *arg);

/* Run a statement over rows with this name; returns the number of rows it processed. */
extern uint64
sql_execute_with_rows(const char *sql, const char *name, TupleDesc desc, Tuplestorestate *rows);

#endif /* SESSIONIZE_SQL_ROWS_H */
