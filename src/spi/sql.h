/*
 * sql.h
 *		One-line ways to run SQL and to find names in the catalogs.
 *
 * The text must be safe by itself: names through quote_identifier, values through quote_literal_cstr or
 * parameters.  Run it under pinned settings (scope.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SQL_H
#define SESSIONIZE_SQL_H

#include "postgres.h"

#include "nodes/primnodes.h"

/*
 * Conditions for a value of a type that a user chooses to be NULL. IS NULL would also be true of a
 * composite value whose fields are all NULL, and IS NOT NULL false of one that has any: these two
 * are about the value itself, whatever its type, and an index that begins with it is used as for IS
 * NULL.
 */
#define SQL_IS_NULL     " IS NOT DISTINCT FROM NULL"
#define SQL_IS_NOT_NULL " IS DISTINCT FROM NULL"

/* Run the statements of a text; returns the rows the last one processed. */
extern uint64 sql_execute(const char *sql);

/* The same for a printf format. */
extern uint64 sql_executef(const char *format, ...) pg_attribute_printf(1, 2);

/*
 * Run a query for one row of bigints in the active snapshot; false where there is none.  See
 * sql_bigints (statement.h).
 */
extern bool sql_query_bigints(const char *sql, int64 *numbers, int count);

/* schema.name, both quoted where they must be. */
extern char *sql_qualified_name(Oid relation);

/* A schema's name, quoted where it must be; of one that is gone meanwhile, as of such a relation, the OID. */
extern const char *sql_schema_name(Oid schema);

/* The same for a collation. */
extern char *sql_collation_name(Oid collation);

/* The type as DDL writes it, with COLLATE "C" where it has collations. */
extern char *sql_column_type(Oid type);

/* A table's name, maybe with a schema, as SQL reads it; argname is what an error calls it. */
extern RangeVar *sql_parse_table_name(const char *name, const char *argname);

/* A relation's owner, InvalidOid where there is no such relation. */
extern Oid sql_relation_owner(Oid relation);

/* The same for a schema. */
extern Oid sql_schema_owner(Oid schema);

#endif /* SESSIONIZE_SQL_H */
