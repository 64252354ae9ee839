/*
 * rebuild_need.c
 *		Notes that a pipeline needs a rebuild.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "pipeline/rebuild_need.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "pipeline/catalog.h"
#include "utils/builtins.h"

static const char *const need_names[] = {
	[NEED_ROWS_ADDED] = "rows added",
	[NEED_ROWS_REMOVED] = "rows removed",
	[NEED_NOT_CAPTURED] = "not captured",
};

/*
 * note writes a note, where the statement has it written.
 */
static void
note(const char *sql, int32 pipeline, RebuildNeed need, const char *detail)
{
	Oid types[] = {INT4OID, TEXTOID, TEXTOID};
	Datum values[] = {Int32GetDatum(pipeline), CStringGetTextDatum(need_names[need]),
					  CStringGetTextDatum(detail)};
	OwnerScope scope;

	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args(sql, lengthof(types), types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not write sessionize.rebuild_need");
	SPI_finish();
	owner_scope_leave(&scope);
}

/*
 * rebuild_need_note notes that a pipeline needs a rebuild.
 */
void
rebuild_need_note(int32 pipeline, RebuildNeed need, const char *detail)
{
	note("INSERT INTO sessionize.rebuild_need (pipeline_id, need, detail) VALUES ($1, $2, $3)", pipeline,
		 need, detail);
}

/*
 * rebuild_need_note_lost_log notes that changes could not be logged.
 */
void
rebuild_need_note_lost_log(int32 pipeline)
{
	note("INSERT INTO sessionize.rebuild_need (pipeline_id, need, detail) SELECT $1, $2, $3 "
		 "FROM sessionize.pipeline AS p WHERE p.pipeline_id = $1 AND NOT EXISTS "
		 "(SELECT FROM sessionize.rebuild_need AS n WHERE n.pipeline_id = $1 AND n.need = $2 AND n.detail = "
		 "$3)",
		 pipeline, NEED_NOT_CAPTURED, "the pipeline had no dirty log");
}
