/*
 * lake_export.h
 *		The extension's own table of exports, and the notes of the days that they lack.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LAKE_EXPORT_H
#define SESSIONIZE_LAKE_EXPORT_H

#include "nodes/pg_list.h"

#include "catalog/pipeline.h"
#include "spi/statement.h"

typedef struct LakeExport
{
	char *name;
	char *location;
	List *tables; /* names (char *) */
	int decimals;
	Datum summary;  /* jsonb, of the last export that has finished */
	Datum token;    /* uuid of that one; 0: none has */
	Datum intended; /* uuid of the last one that was intended; 0: none was */
	int64 erasures; /* that this one is to carry out, if it has not finished */
} LakeExport;

/* What the notes of an export say, in the active snapshot. */
typedef struct LakeNotes
{
	Datum date_keys; /* int[] */
	Datum user_keys; /* int[]: days of the facts that refer to these rows of dim_user */
	Datum ids;       /* int8multirange */
	int64 erasures;  /* of session keys */
} LakeNotes;

/* An export of a pipeline, in CurrentMemoryContext; an error with a hint if there is none. */
extern LakeExport *lake_export_get(const Pipeline *pipeline, const char *name, SqlAccess access);

/* The pipeline that is exported to a location; NULL if none is. */
extern char *lake_location_user(const char *location);

/* Write or remove the row of an export. */
extern void lake_export_add(const Pipeline *pipeline, const LakeExport *export);
extern void lake_export_remove(const Pipeline *pipeline, const char *name);

extern LakeNotes lake_notes_read(const Pipeline *pipeline, const char *name);

/* What the functions of the same names in SQL write. */
extern void lake_export_intend(const Pipeline *pipeline, const char *name, Datum token,
							   Datum note_ids, TimestampTz snapshot_at);
extern void lake_export_finish(const Pipeline *pipeline, const char *name, Datum summary);
extern void lake_export_fail(const Pipeline *pipeline, const char *name, const char *error);

#endif /* SESSIONIZE_LAKE_EXPORT_H */
