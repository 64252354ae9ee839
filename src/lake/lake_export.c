/*
 * lake_export.c
 *		The extension's own table of exports, and the notes of the days that they lack.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/uuid.h"

#include "catalog/extension_sql.h"
#include "lake/lake_export.h"

/* What is kept of an error, in characters. */
#define ERROR_LENGTH "500"

/*
 * copy_uuid returns a copy of a column of type uuid; 0 for NULL.
 */
static Datum
copy_uuid(const SqlRow *row, int column)
{
	bool isnull;
	Datum value = sql_row_datum(row, column, &isnull);

	return isnull ? (Datum) 0 : datumCopy(value, false, UUID_LEN);
}

/*
 * copy_varlena returns a copy of a column of a type of variable length, which is not NULL.
 */
static Datum
copy_varlena(const SqlRow *row, int column)
{
	bool isnull;
	Datum value = sql_row_datum(row, column, &isnull);

	return PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
}

/*
 * read_export takes an export out of a row.
 */
static void
read_export(void *arg, const SqlRow *row)
{
	LakeExport *export = arg;

	export->location = sql_row_text(row, 1);
	export->tables = sql_row_texts(row, 2);
	export->decimals = sql_row_int4(row, 3);
	export->summary = copy_varlena(row, 4);
	export->token = copy_uuid(row, 5);
	export->intended = copy_uuid(row, 6);
	export->erasures = sql_row_int8(row, 7);
}

/*
 * lake_export_get returns an export.
 */
LakeExport *
lake_export_get(const Pipeline *pipeline, const char *name, SqlAccess access)
{
	LakeExport *export = palloc0(sizeof(LakeExport));

	if (extension_visit("SELECT e.location, e.tables, e.decimals, e.summary, e.token, e.intended, "
						"(SELECT count(*) FROM sessionize.export_note AS n WHERE n.erased "
						"AND n.pipeline_id = e.pipeline_id AND n.export_name = e.export_name "
						"AND n.note_id <@ e.intended_notes) "
						"FROM sessionize.export AS e WHERE e.pipeline_id = $1 "
						"AND e.export_name = $2",
						access, SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(name)), read_export,
						export) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("pipeline \"%s\" has no export \"%s\"", pipeline->name, name),
				 errhint("SELECT sessionize.create_export(%s, %s, '/path/to/a/directory'); "
						 "SELECT * FROM sessionize.export_status shows the exports there are.",
						 quote_literal_cstr(pipeline->name), quote_literal_cstr(name))));
	export->name = pstrdup(name);
	return export;
}

/*
 * lake_location_user returns the name of the pipeline that is exported to a location.
 */
char *
lake_location_user(const char *location)
{
	bool isnull;
	Datum name = extension_value("SELECT p.pipeline_name::text FROM sessionize.export AS e "
								 "JOIN sessionize.pipeline AS p USING (pipeline_id) "
								 "WHERE e.location = $1",
								 SQL_READ_WRITE, SQL_VALUES(SQL_TEXT(location)), &isnull);

	return isnull ? NULL : TextDatumGetCString(name);
}

/*
 * lake_export_add writes the row of an export.
 */
void
lake_export_add(const Pipeline *pipeline, const LakeExport *export)
{
	extension_run("INSERT INTO sessionize.export (pipeline_id, export_name, location, tables, "
				  "decimals) VALUES ($1, $2, $3, $4, $5)",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(export->name),
							 SQL_TEXT(export->location), SQL_TEXTS(export->tables),
							 SQL_INT4(export->decimals)));
}

/*
 * lake_export_remove removes an export and its notes.
 */
void
lake_export_remove(const Pipeline *pipeline, const char *name)
{
	extension_run("WITH notes AS (DELETE FROM sessionize.export_note WHERE pipeline_id = $1 "
				  "AND export_name = $2), erasures AS (DELETE FROM sessionize.export_erasure "
				  "WHERE pipeline_id = $1 AND export_name = $2) DELETE FROM sessionize.export "
				  "WHERE pipeline_id = $1 "
				  "AND export_name = $2",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(name)));
}

/*
 * read_notes takes the notes out of a row.
 */
static void
read_notes(void *arg, const SqlRow *row)
{
	*(LakeNotes *) arg = (LakeNotes){copy_varlena(row, 1), copy_varlena(row, 2),
									 copy_varlena(row, 3), sql_row_int8(row, 4)};
}

/*
 * lake_notes_read returns what the notes of an export say.
 */
LakeNotes
lake_notes_read(const Pipeline *pipeline, const char *name)
{
	LakeNotes notes;

	extension_visit("SELECT coalesce(array_agg(DISTINCT date_key) FILTER (WHERE date_key IS NOT "
					"NULL), '{}'), coalesce(array_agg(DISTINCT user_key) FILTER (WHERE user_key IS "
					"NOT NULL), '{}'), coalesce(range_agg(int8range(note_id, note_id, '[]')), "
					"'{}'), count(*) FILTER (WHERE erased) FROM sessionize.export_note "
					"WHERE pipeline_id = $1 AND export_name = $2",
					SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(name)), read_notes,
					&notes);
	return notes;
}

/*
 * lake_export_intend notes that an export is about to write.
 */
void
lake_export_intend(const Pipeline *pipeline, const char *name, Datum token, Datum note_ids,
				   TimestampTz snapshot_at)
{
	extension_run(
		"UPDATE sessionize.export SET (intended, intended_at, intended_notes) = "
		"($3, $5, $4) WHERE pipeline_id = $1 AND export_name = $2",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(name), SQL_DATUM(UUIDOID, token, false),
				   SQL_DATUM(INT8MULTIRANGEOID, note_ids, false), SQL_TIMESTAMPTZ(snapshot_at)));
}

/*
 * lake_export_finish notes that the export that was intended last has written all.
 */
void
lake_export_finish(const Pipeline *pipeline, const char *name, Datum summary)
{
	SqlValues values = SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(name));

	extension_run("WITH gone AS (DELETE FROM sessionize.export_note AS n USING sessionize.export "
				  "AS e WHERE e.pipeline_id = $1 AND e.export_name = $2 AND n.pipeline_id = "
				  "e.pipeline_id AND n.export_name = e.export_name AND n.note_id <@ "
				  "e.intended_notes RETURNING n.pipeline_id, n.export_name, n.erased, n.noted_at, "
				  "e.intended) INSERT INTO sessionize.export_erasure (pipeline_id, export_name, "
				  "erased_at, token) SELECT g.pipeline_id, g.export_name, g.noted_at, g.intended "
				  "FROM gone AS g WHERE g.erased ORDER BY g.noted_at",
				  SQL_READ_WRITE, values);
	extension_run(
		"UPDATE sessionize.export SET (token, snapshot_at, exported_at, summary, "
		"intended_notes, error) = (intended, intended_at, clock_timestamp(), "
		"summary || $3, NULL, NULL) WHERE pipeline_id = $1 AND export_name = $2",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(name), SQL_DATUM(JSONBOID, summary, false)));
}

/*
 * lake_export_fail notes that an export has failed.
 */
void
lake_export_fail(const Pipeline *pipeline, const char *name, const char *error)
{
	extension_run("UPDATE sessionize.export SET (failures, failed_at, error) = (failures + 1, "
				  "clock_timestamp(), left($3, " ERROR_LENGTH ")) "
				  "WHERE pipeline_id = $1 AND export_name = $2",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(name), SQL_TEXT(error)));
}
