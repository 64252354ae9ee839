/*
 * rollup_sql.h
 *		The SQL that reads and writes a rollup's tables.  All functions return it in
 *		CurrentMemoryContext.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROLLUP_SQL_H
#define SESSIONIZE_ROLLUP_SQL_H

#include "access/tupdesc.h"

#include "rollup/rollup.h"

/* The name of differences that are appended to the table of changes. */
#define ROLLUP_ROWS "rollup_rows"

/* The definitions of the columns of both tables; and the names of those that tell rows apart. */
extern char *rollup_columns_sql(const Rollup *rollup);
extern char *rollup_key_list(const Rollup *rollup);

/*
 * The query of the view, which has no rows until the rollup is filled; or of its live form.
 */
extern char *rollup_view_sql(const Rollup *rollup, bool live);

/* The columns of either. */
extern TupleDesc rollup_view_desc(const Rollup *rollup);

/*
 * The query of what the rollup lacks because the keys in KEY_ROWS are not refreshed: their facts
 * are subtracted, and their rows in "derived", the name of rows with the columns of the live view
 * over the fact, are added.  It has the columns of the rollup's view.
 */
extern char *rollup_live_sql(const Rollup *rollup, const char *derived);

/*
 * Append the rows of the name ROLLUP_ROWS to the table of changes; and the columns that they have.
 */
extern char *rollup_insert_sql(const Rollup *rollup);
extern TupleDesc rollup_changes_desc(const Rollup *rollup);

/*
 * Subtract the facts of the keys in KEY_ROWS, which are about to be deleted.
 */
extern char *rollup_subtract_keys_sql(const Rollup *rollup);

/*
 * Add what the rollup lacks of the facts, in one snapshot.  Who writes facts with their differences
 * meanwhile does not change what is lacking.
 */
extern char *rollup_repair_sql(const Rollup *rollup);

/* Move the changes into the table, and return how many rows there are without any fact. */
extern char *rollup_merge_sql(const Rollup *rollup);

/* Delete these rows. */
extern char *rollup_sweep_sql(const Rollup *rollup);

/*
 * The rows in which the rollup differs from the facts: relation, difference, session key (NULL),
 * stored and expected, as verify() returns them.
 */
extern char *rollup_differences_sql(const Rollup *rollup);

#endif /* SESSIONIZE_ROLLUP_SQL_H */
