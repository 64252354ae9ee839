/*
 * statement.h
 *		Statements with parameters, each in an SPI connection of its own.
 *
 * The statements run as the current role; the functions of extension_sql.h run them as the owner of
 * the extension's tables.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STATEMENT_H
#define SESSIONIZE_STATEMENT_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "nodes/pg_list.h"
#include "utils/timestamp.h"

/* A parameter's value and type. */
typedef struct SqlValue
{
	Oid type;
	Datum value;
	bool isnull;
} SqlValue;

/* The values of the parameters $1, $2, ... */
typedef struct SqlValues
{
	int count;
	const SqlValue *list;
} SqlValues;

/* A NULL pointer becomes an SQL NULL. */
#define SQL_BOOL(x)                      ((SqlValue){BOOLOID, BoolGetDatum(x), false})
#define SQL_INT4(x)                      ((SqlValue){INT4OID, Int32GetDatum(x), false})
#define SQL_INT8(x)                      ((SqlValue){INT8OID, Int64GetDatum(x), false})
#define SQL_OID(x)                       ((SqlValue){OIDOID, ObjectIdGetDatum(x), false})
#define SQL_TIMESTAMPTZ(x)               ((SqlValue){TIMESTAMPTZOID, TimestampTzGetDatum(x), false})
#define SQL_TEXT(string)                 sql_text_value(string)
#define SQL_INTERVAL(pointer)            sql_pointer_value(INTERVALOID, (pointer))
#define SQL_OIDS(list)                   sql_oids_value(list)
#define SQL_TEXTS(list)                  sql_texts_value(list)
#define SQL_NULL(typeoid)                ((SqlValue){(typeoid), (Datum) 0, true})
#define SQL_DATUM(typeoid, datum, is_it) ((SqlValue){(typeoid), (datum), (is_it)})

/*
 * A statement's parameters, as in sql_run(sql, SQL_READ_WRITE, SQL_VALUES(SQL_INT4(1),
 * SQL_TEXT("a"))).
 */
#define SQL_VALUES(...)                                                                            \
	((SqlValues){sizeof((SqlValue[]){__VA_ARGS__}) / sizeof(SqlValue), (SqlValue[]){__VA_ARGS__}})
#define SQL_NO_VALUES ((SqlValues){0, NULL})

extern SqlValue sql_text_value(const char *string);
extern SqlValue sql_pointer_value(Oid type, const void *pointer);
extern SqlValue sql_oids_value(const List *oids);

/* A list of strings as a parameter of type text[]. */
extern SqlValue sql_texts_value(const List *texts);

/* How a statement sees the database. */
typedef enum SqlAccess
{
	SQL_READ_ONLY,   /* in the active snapshot */
	SQL_READ_WRITE,  /* in a new snapshot, which sees the transaction's own changes */
	SQL_REPLACEABLE, /* like SQL_READ_WRITE, but a rule may replace the statement */
} SqlAccess;

/* A row that a statement returned. */
typedef struct SqlRow
{
	HeapTuple tuple;
	TupleDesc desc;
} SqlRow;

/* Receives each row after the statement has run, in the memory context of the function's caller. */
typedef void (*SqlRowVisitor)(void *arg, const SqlRow *row);

/* Run a statement; returns the number of rows it processed. */
extern uint64 sql_run(const char *sql, SqlAccess access, SqlValues values);

/*
 * Run a statement and pass the rows that it returns to the visitor; returns the number of rows it
 * processed.
 */
extern uint64
sql_visit(const char *sql, SqlAccess access, SqlValues values, SqlRowVisitor visitor, void *arg);

/*
 * Run a statement that returns one row of bigints, with 0 for NULL. Returns false, and leaves
 * numbers unchanged, if the statement returns no row.
 */
extern bool
sql_bigints(const char *sql, SqlAccess access, SqlValues values, int64 *numbers, int count);

/*
 * Run a statement that returns one row of one value, of which a copy in CurrentMemoryContext is
 * returned. NULL if the statement returns no row.
 */
extern Datum sql_value(const char *sql, SqlAccess access, SqlValues values, bool *isnull);

/*
 * Run a statement, for at most limit rows (0: all), inside the caller's SPI connection.
 * SPI_tuptable has the rows then; sql_visit_connected passes them to the visitor in a memory
 * context. For statements over relations that are registered in this connection.
 */
extern uint64 sql_run_connected(const char *sql, SqlAccess access, SqlValues values, long limit);
extern uint64 sql_visit_connected(const char *sql, SqlAccess access, SqlValues values,
								  SqlRowVisitor visitor, void *arg, MemoryContext context);
extern bool sql_bigints_connected(const char *sql, SqlAccess access, int64 *numbers, int count);

/*
 * Columns of a row, numbered from 1. The Datum is valid until the visitor returns; a text, or the
 * text form of any other type, is a copy in CurrentMemoryContext. An SQL NULL becomes NULL,
 * InvalidOid, 0 or false.
 */
extern Datum sql_row_datum(const SqlRow *row, int column, bool *isnull);
extern char *sql_row_text(const SqlRow *row, int column);

/* A column of type text[], without NULLs, as a list of strings. */
extern List *sql_row_texts(const SqlRow *row, int column);
extern Oid sql_row_oid(const SqlRow *row, int column);
extern int32 sql_row_int4(const SqlRow *row, int column);
extern int64 sql_row_int8(const SqlRow *row, int column);
extern bool sql_row_bool(const SqlRow *row, int column);

/*
 * A visitor that adds the row, which has the types of the result's columns, to the result of a
 * function that returns a set; arg is its ReturnSetInfo, with a tuplestore.
 */
extern void sql_row_put(void *arg, const SqlRow *row);

#endif /* SESSIONIZE_STATEMENT_H */
