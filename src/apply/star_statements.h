/*
 * star_statements.h
 *		The SQL that writes a star table from the rows of a tuplestore (sql_rows.h), which are in
 *		the table's shape.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_STATEMENTS_H
#define SESSIONIZE_STAR_STATEMENTS_H

#include "catalog/pipeline.h"
#include "star/star.h"

/* Insert the rows, except those that violate a unique index. */
extern char *star_insert_sql(const StarTable *table, const Pipeline *pipeline, const char *rows);

/* Update or delete the stored rows with the ctid and xmin of these rows. */
extern char *star_update_sql(const StarTable *table, const Pipeline *pipeline, const char *rows);
extern char *star_delete_sql(const StarTable *table, const Pipeline *pipeline, const char *rows);

/* Delete all rows that have the value of one of these rows in their first column. */
extern char *
star_delete_same_sql(const StarTable *table, const Pipeline *pipeline, const char *rows);

/*
 * Write session_alias: for each deleted session, the earliest session of its key that overlaps it.
 * added: the new sessions.
 */
extern char *star_alias_sql(const Pipeline *pipeline, const char *deleted, const char *added);

#endif /* SESSIONIZE_STAR_STATEMENTS_H */
