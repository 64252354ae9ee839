/*
 * rows_kept.c
 *		Errors about a statement that was not let write, or delete, all of its rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "spi/rows_kept.h"

/*
 * report_rows_not_written reports a table into which not all rows could be written.
 */
void
report_rows_not_written(const char *table)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("could not write all rows of %s", table), errhint(ROWS_KEPT_HINT ".")));
	pg_unreachable();
}

/*
 * report_rows_not_deleted reports a table of which not all rows could be deleted.
 */
void
report_rows_not_deleted(const char *table)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("could not delete all rows of %s", table), errhint(ROWS_KEPT_HINT ".")));
	pg_unreachable();
}
