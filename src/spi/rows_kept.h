/*
 * rows_kept.h
 *		Errors about a statement that was not let write, or delete, all of its rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROWS_KEPT_H
#define SESSIONIZE_ROWS_KEPT_H

#include "postgres.h"

/* What may be the cause, without the end of the sentence. */
#define ROWS_KEPT_HINT "Look for a trigger, a rule or a row-level security policy on that table"

/*
 * Report a table, by its name as SQL text, into which not all rows could be written, or of which
 * not all could be deleted.
 */
extern _Noreturn void report_rows_not_written(const char *table);
extern _Noreturn void report_rows_not_deleted(const char *table);

#endif /* SESSIONIZE_ROWS_KEPT_H */
