/*
 * extension_sql.h
 *		Statements over the extension's own tables.
 *
 * Each function does the work of its namesake in statement.h, which has the prefix sql_, but as the
 * owner of the extension's tables, under pinned settings.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EXTENSION_SQL_H
#define SESSIONIZE_EXTENSION_SQL_H

#include "spi/statement.h"

extern uint64 extension_run(const char *sql, SqlAccess access, SqlValues values);

/* The visitor, too, runs as the owner of the extension's tables. */
extern uint64 extension_visit(const char *sql, SqlAccess access, SqlValues values,
							  SqlRowVisitor visitor, void *arg);
extern bool
extension_bigints(const char *sql, SqlAccess access, SqlValues values, int64 *numbers, int count);
extern Datum extension_value(const char *sql, SqlAccess access, SqlValues values, bool *isnull);

/* The ids, of type integer, that a query finds as of now, which may be later than the snapshot. */
extern List *extension_ids_now(const char *sql, SqlValues values);

#endif /* SESSIONIZE_EXTENSION_SQL_H */
