/*
 * rows_kept.h
 *		Errors for statements that did not write or delete all of their rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROWS_KEPT_H
#define SESSIONIZE_ROWS_KEPT_H

#include "postgres.h"

/* A hint at possible causes, without the end of the sentence. */
#define ROWS_KEPT_HINT "Look for a trigger, a rule or a row-level security policy on that table"

/*
 * Report a table, named in SQL, into which not all rows were written, or from which not all were
 * deleted.
 */
extern _Noreturn void report_rows_not_written(const char *table);
extern _Noreturn void report_rows_not_deleted(const char *table);

#endif /* SESSIONIZE_ROWS_KEPT_H */
