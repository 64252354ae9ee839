/*
 * rows_kept.c
 *		Errors for statements that did not write or delete all of their rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "spi/rows_kept.h"

/*
 * report_rows_not_written reports a table into which not all rows were written.
 */
void
report_rows_not_written(const char *table)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("could not write all rows of %s", table), errhint(ROWS_KEPT_HINT ".")));
	pg_unreachable();
}

/*
 * report_rows_not_deleted reports a table from which not all rows were deleted.
 */
void
report_rows_not_deleted(const char *table)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("could not delete all rows of %s", table), errhint(ROWS_KEPT_HINT ".")));
	pg_unreachable();
}
