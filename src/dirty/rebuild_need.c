/*
 * rebuild_need.c
 *		Notes that a pipeline needs a rebuild.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "dirty/rebuild_need.h"
#include "spi/scope.h"
#include "spi/statement.h"
#include "utils/subtransaction.h"

static const char *const need_names[] = {
	[NEED_ROWS_ADDED] = "rows added",
	[NEED_ROWS_REMOVED] = "rows removed",
	[NEED_ROWS_CHANGED] = "rows changed",
	[NEED_NOT_CAPTURED] = "not captured",
};

/*
 * How many notes of each kind a pipeline keeps. One is enough to cause a rebuild; the others tell
 * users why.
 */
#define NOTES_KEPT "100"

/* A note being written. */
typedef struct Note
{
	int32 pipeline;
	RebuildNeed need;
	const char *detail;
} Note;

/*
 * count_notes counts a pipeline's notes that the active snapshot sees.
 */
static int64
count_notes(int32 pipeline)
{
	int64 notes = 0;

	(void) extension_bigints(
		"SELECT count(*) FROM sessionize.rebuild_need AS n WHERE n.pipeline_id = $1", SQL_READ_ONLY,
		SQL_VALUES(SQL_INT4(pipeline)), &notes, 1);
	return notes;
}

/* A note's pipeline, need and detail as the parameters of a statement. */
#define NOTE_VALUES(note)                                                                          \
	SQL_VALUES(SQL_INT4((note)->pipeline), SQL_TEXT(need_names[(note)->need]),                     \
			   SQL_TEXT((note)->detail))

/*
 * delete_former deletes earlier notes with the same text, and the oldest of the same kind if there
 * are too many. It skips notes that another transaction is deleting, because collectors of raw rows
 * must not wait for each other here.
 */
static void
delete_former(void *arg)
{
	const Note *note = arg;

	sql_run(
		"DELETE FROM sessionize.rebuild_need WHERE need_id IN ("
		"SELECT n.need_id FROM sessionize.rebuild_need AS n WHERE n.pipeline_id = $1 AND n.need = "
		"$2 AND (n.detail = $3 OR n.need_id < (SELECT m.need_id FROM sessionize.rebuild_need AS m "
		"WHERE m.pipeline_id = $1 AND m.need = $2 ORDER BY m.need_id DESC OFFSET " NOTES_KEPT
		" - 2 LIMIT 1)) FOR UPDATE OF n SKIP LOCKED)",
		SQL_READ_WRITE, NOTE_VALUES(note));
}

/*
 * write_note writes a note, if the pipeline still exists.
 *
 * An earlier note with the same text is replaced and not kept: a rebuild that is at work may have
 * seen it, and would delete it in the end.
 */
static void
write_note(const Note *note)
{
	OwnerScope scope;

	/* at a transaction's end no snapshot is active */
	PushActiveSnapshot(GetLatestSnapshot());
	extension_scope_enter(&scope);
	if (count_notes(note->pipeline) > 0)
		(void) try_whatever_fails(delete_former, unconstify(Note *, note), NULL);
	sql_run("INSERT INTO sessionize.rebuild_need (pipeline_id, need, detail) SELECT $1, $2, $3 "
			"FROM sessionize.pipeline AS p WHERE p.pipeline_id = $1",
			SQL_READ_WRITE, NOTE_VALUES(note));
	owner_scope_leave(&scope);
	PopActiveSnapshot();
}

/*
 * rebuild_need_note notes that a pipeline needs a rebuild, and tells the user.
 */
void
rebuild_need_note(const PipelineRef *pipeline, RebuildNeed need, const char *detail)
{
	write_note(&(Note){pipeline->id, need, detail});
	ereport(NOTICE,
			(errmsg("pipeline \"%s\" needs a rebuild", pipeline->name), errdetail("%s", detail),
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
 * rebuild_need_any tells whether the pipeline has a note.
 */
bool
rebuild_need_any(const Pipeline *pipeline)
{
	return count_notes(pipeline->id) > 0;
}

/*
 * rebuild_need_ids returns the ids of the pipeline's notes.
 */
ArrayType *
rebuild_need_ids(const Pipeline *pipeline)
{
	bool isnull;
	Datum ids = extension_value(
		"SELECT array_agg(need_id) FROM sessionize.rebuild_need WHERE pipeline_id = $1",
		SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline->id)), &isnull);

	return isnull ? NULL : DatumGetArrayTypeP(ids);
}

/*
 * rebuild_need_forget deletes notes.
 */
void
rebuild_need_forget(ArrayType *ids)
{
	if (ids != NULL)
		extension_run("DELETE FROM sessionize.rebuild_need WHERE need_id = ANY ($1)",
					  SQL_READ_WRITE,
					  SQL_VALUES(SQL_DATUM(INT8ARRAYOID, PointerGetDatum(ids), false)));
}
