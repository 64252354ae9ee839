/*
 * sql.h
 *		Short ways to run SQL and to look up names in the catalogs.
 *
 * The text must be safe by itself: names go through quote_identifier, values through
 * quote_literal_cstr or parameters. Run it under pinned settings (scope.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SQL_H
#define SESSIONIZE_SQL_H

#include "postgres.h"

#include "nodes/primnodes.h"
#include "utils/relcache.h"

/*
 * Tests for NULL of a value whose type a user chooses. IS NULL would also be true for a composite
 * value whose fields are all NULL, and IS NOT NULL false for one with any NULL field. These two
 * tests are about the value itself, whatever its type is, and use an index as IS NULL does.
 */
#define SQL_IS_NULL     " IS NOT DISTINCT FROM NULL"
#define SQL_IS_NOT_NULL " IS DISTINCT FROM NULL"

/* Run one or more statements; returns the number of rows that the last one processed. */
extern uint64 sql_execute(const char *sql);

/* Like sql_execute, for a printf format. */
extern uint64 sql_executef(const char *format, ...) pg_attribute_printf(1, 2);

/*
 * Run a query that returns one row of bigints, in the active snapshot; false if it returns none.
 * See sql_bigints (statement.h).
 */
extern bool sql_query_bigints(const char *sql, int64 *numbers, int count);

/* schema.name, quoted where necessary; the OID for a relation that has been dropped. */
extern char *sql_qualified_name(Oid relation);

/* A schema's name, quoted where necessary; the OID for a schema that has been dropped. */
extern const char *sql_schema_name(Oid schema);

/* A collation's qualified name, quoted where necessary. */
extern char *sql_collation_name(Oid collation);

/* A type's name for DDL, with COLLATE "C" if the type has collations. */
extern char *sql_column_type(Oid type);

/* Parse a table's name, with or without a schema, as SQL does. Errors call it argument argname. */
extern RangeVar *sql_parse_table_name(const char *name, const char *argname);

/* A relation's owner; InvalidOid if there is no such relation. */
extern Oid sql_relation_owner(Oid relation);

/* A schema's owner; InvalidOid if there is no such schema. */
extern Oid sql_schema_owner(Oid schema);

/* The names of a table's columns in SQL, separated by commas; without generated ones if wanted. */
extern char *sql_column_list(Relation table, bool only_stored);

#endif /* SESSIONIZE_SQL_H */
