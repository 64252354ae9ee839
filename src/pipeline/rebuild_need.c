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
#include "pipeline/sql.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

static const char *const need_names[] = {
	[NEED_ROWS_ADDED] = "rows added",
	[NEED_ROWS_REMOVED] = "rows removed",
	[NEED_ROWS_CHANGED] = "rows changed",
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
rebuild_need_note(const PipelineRef *pipeline, RebuildNeed need, const char *detail)
{
	note("INSERT INTO sessionize.rebuild_need (pipeline_id, need, detail) VALUES ($1, $2, $3)", pipeline->id,
		 need, detail);
	ereport(NOTICE, (errmsg("pipeline \"%s\" needs a rebuild", pipeline->name), errdetail("%s", detail),
					 errhint("CALL sessionize.rebuild(%s);", quote_literal_cstr(pipeline->name))));
}

/*
 * rebuild_need_any tells whether the active snapshot sees a note.
 */
bool
rebuild_need_any(const Pipeline *pipeline)
{
	OwnerScope scope;
	int64 needs = 0;

	extension_scope_enter(&scope);
	(void) sql_query_bigints(
		psprintf("SELECT count(*) FROM sessionize.rebuild_need AS n WHERE n.pipeline_id = %d", pipeline->id),
		&needs, 1);
	owner_scope_leave(&scope);
	return needs > 0;
}

/*
 * rebuild_need_seen returns the ids of the notes that may be forgotten.
 *
 * Not if the snapshot sees the triggers disabled: what is missed from then on until they are enabled is
 * missed after the note that they were not.
 */
ArrayType *
rebuild_need_seen(const Pipeline *pipeline)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid type = INT4OID;
	Datum id = Int32GetDatum(pipeline->id);
	ArrayType *ids = NULL;
	OwnerScope scope;
	Datum value;
	bool isnull;

	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args("SELECT array_agg(need_id) FROM sessionize.rebuild_need WHERE pipeline_id = $1 "
							  "AND (SELECT bool_and(t.tgenabled = 'A') FROM pg_trigger AS t "
							  "WHERE t.tgfoid = 'sessionize.capture()'::regprocedure "
							  "AND t.tgargs = convert_to($1::text, 'UTF8') || decode('00', 'hex'))",
							  1, &type, &id, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read sessionize.rebuild_need");
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		ids = DatumGetArrayTypePCopy(value);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	owner_scope_leave(&scope);
	return ids;
}

/*
 * rebuild_need_forget deletes notes.
 */
void
rebuild_need_forget(ArrayType *ids)
{
	Oid type = INT8ARRAYOID;
	Datum value = PointerGetDatum(ids);
	OwnerScope scope;

	if (ids == NULL)
		return;
	extension_scope_enter(&scope);
	SPI_connect();
	if (SPI_execute_with_args("DELETE FROM sessionize.rebuild_need WHERE need_id = ANY ($1)", 1, &type,
							  &value, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "could not write sessionize.rebuild_need");
	SPI_finish();
	owner_scope_leave(&scope);
}

/*
 * rebuild_need_note_lost_log notes that changes could not be logged.
 */
void
rebuild_need_note_lost_log(int32 pipeline)
{
	/* at a transaction's end there is none */
	PushActiveSnapshot(GetTransactionSnapshot());
	note("INSERT INTO sessionize.rebuild_need (pipeline_id, need, detail) SELECT $1, $2, $3 "
		 "FROM sessionize.pipeline AS p WHERE p.pipeline_id = $1 AND NOT EXISTS "
		 "(SELECT FROM sessionize.rebuild_need AS n WHERE n.pipeline_id = $1 AND n.need = $2 AND n.detail = "
		 "$3)",
		 pipeline, NEED_NOT_CAPTURED, "Its dirty log was not there.");
	PopActiveSnapshot();
}
