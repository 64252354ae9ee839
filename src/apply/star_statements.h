/*
 * star_statements.h
 *		The SQL that writes a star table from rows that lie in tuplestores (sql_rows.h), in the table's shape.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_STATEMENTS_H
#define SESSIONIZE_STAR_STATEMENTS_H

#include "catalog/pipeline.h"
#include "star/star.h"

/* Insert the rows; those that meet another one are left out. */
extern char *star_insert_sql(const StarTable *table, const Pipeline *pipeline, const char *rows);

/* Update, or delete, the rows that lie where these say and are still that version. */
extern char *star_update_sql(const StarTable *table, const Pipeline *pipeline, const char *rows);
extern char *star_delete_sql(const StarTable *table, const Pipeline *pipeline, const char *rows);

/* Delete the rows that have the first column's value of one of these. */
extern char *star_delete_same_sql(const StarTable *table, const Pipeline *pipeline, const char *rows);

/* Note, for sessions that were deleted, which session has their time now; added: those that are new. */
extern char *star_alias_sql(const Pipeline *pipeline, const char *deleted, const char *added);

#endif /* SESSIONIZE_STAR_STATEMENTS_H */
