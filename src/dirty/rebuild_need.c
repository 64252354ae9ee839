/*
 * rebuild_need.c
 *		Notes that a pipeline needs a rebuild.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "dirty/rebuild_need.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "utils/subtransaction.h"

static const char *const need_names[] = {
	[NEED_ROWS_ADDED] = "rows added",
	[NEED_ROWS_REMOVED] = "rows removed",
	[NEED_ROWS_CHANGED] = "rows changed",
	[NEED_NOT_CAPTURED] = "not captured",
};

/* Notes kept of each kind for a pipeline: one has it rebuilt, the others are for who wants to know why. */
#define NOTES_KEPT "100"

/* A note being written. */
typedef struct Note
{
	int32 pipeline;
	RebuildNeed need;
	const char *detail;
} Note;

/*
 * execute runs a statement with a note's pipeline, need and detail as parameters, inside an SPI connection.
 */
static void
execute(const char *sql, const Note *note)
{
	Oid types[] = {INT4OID, TEXTOID, TEXTOID};
	Datum values[] = {Int32GetDatum(note->pipeline), CStringGetTextDatum(need_names[note->need]),
					  CStringGetTextDatum(note->detail)};

	if (SPI_execute_with_args(sql, lengthof(types), types, values, NULL, false, 0) < 0)
		elog(ERROR, "could not write sessionize.rebuild_need");
}

/*
 * delete_former deletes the same note of before, and the oldest of its kind where there are many.  Not those
 * that another transaction is deleting: collectors of raw rows come here, and must not wait for each other.
 */
static void
delete_former(void *arg)
{
	execute("DELETE FROM sessionize.rebuild_need WHERE need_id IN ("
			"SELECT n.need_id FROM sessionize.rebuild_need AS n WHERE n.pipeline_id = $1 AND n.need = $2 "
			"AND (n.detail = $3 OR n.need_id < (SELECT m.need_id FROM sessionize.rebuild_need AS m "
			"WHERE m.pipeline_id = $1 AND m.need = $2 ORDER BY m.need_id DESC OFFSET " NOTES_KEPT
			" - 2 LIMIT 1)) FOR UPDATE OF n SKIP LOCKED)",
			(const Note *) arg);
}

/*
 * write_note writes a note, if the pipeline is still there.
 *
 * The same one of before is replaced, not left as it is: a rebuild that is at work may have seen it, and
 * forget it in the end.
 */
static void
write_note(const Note *note)
{
	OwnerScope scope;
	int64 former = 0;

	/* at a transaction's end no snapshot is active */
	PushActiveSnapshot(GetLatestSnapshot());
	extension_scope_enter(&scope);
	SPI_connect();
	(void) sql_fetch_bigints(
		psprintf("SELECT count(*) FROM sessionize.rebuild_need AS n WHERE n.pipeline_id = %d",
				 note->pipeline),
		&former, 1);
	if (former > 0)
		(void) try_whatever_fails(delete_former, unconstify(Note *, note), NULL);
	execute("INSERT INTO sessionize.rebuild_need (pipeline_id, need, detail) SELECT $1, $2, $3 "
			"FROM sessionize.pipeline AS p WHERE p.pipeline_id = $1",
			note);
	SPI_finish();
	owner_scope_leave(&scope);
	PopActiveSnapshot();
}

/*
 * rebuild_need_note notes that a pipeline needs a rebuild.
 */
void
rebuild_need_note(const PipelineRef *pipeline, RebuildNeed need, const char *detail)
{
	write_note(&(Note){pipeline->id, need, detail});
	ereport(NOTICE, (errmsg("pipeline \"%s\" needs a rebuild", pipeline->name), errdetail("%s", detail),
					 errhint("CALL sessionize.rebuild(%s);", quote_literal_cstr(pipeline->name))));
}

/*
 * rebuild_need_note_missed notes that changes could not be logged.
 */
void
rebuild_need_note_missed(int32 pipeline, const char *detail)
{
	write_note(&(Note){pipeline, NEED_NOT_CAPTURED, detail});
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
 * rebuild_need_ids returns the ids of the notes that the active snapshot sees.
 */
ArrayType *
rebuild_need_ids(const Pipeline *pipeline)
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
	if (SPI_execute_with_args("SELECT array_agg(need_id) FROM sessionize.rebuild_need WHERE pipeline_id = $1",
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
