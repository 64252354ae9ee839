/*
 * pipeline_catalog.h
 *		The extension's own table of pipelines.
 *
 * Everybody may read the table. It is written only by these functions, as the extension's owner.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PIPELINE_CATALOG_H
#define SESSIONIZE_PIPELINE_CATALOG_H

#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/timestamp.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_row.h"

/* Load a pipeline by name, in CurrentMemoryContext; an error with a hint if there is none. */
extern Pipeline *pipeline_load(const char *name);

/* Like pipeline_load, but no error for a pipeline that is detached from its raw table. */
extern Pipeline *pipeline_load_detached(const char *name);

/*
 * Load a pipeline again once a lock keeps it from changing; an error if its name now belongs to
 * another pipeline.
 */
extern Pipeline *pipeline_load_locked(const Pipeline *seen);

/* Load a pipeline that the current user owns, and lock it by one of the functions of lock.h. */
extern Pipeline *pipeline_load_owned(const char *name, void (*lock)(const Pipeline *pipeline));

/* Error unless the current user has the privileges of all owners of the pipeline's objects. */
extern void pipeline_check_owner(const Pipeline *pipeline);

/*
 * Load a pipeline that the current user owns, for a call, such as "sessionize.pause()", that changes
 * what the catalog has of it: an error in a transaction that only reads.  It may be detached.
 */
extern Pipeline *pipeline_load_for_change(const char *name, const char *call);

/*
 * Like pipeline_load, but return NULL if there is none, and load a pipeline even if it has a fault
 * (pipeline.h), with InvalidOid for objects that are gone.
 */
extern Pipeline *pipeline_find(const char *name);

/* Like pipeline_find, but an error with a hint if there is none. */
extern Pipeline *pipeline_get(const char *name);

/* Like pipeline_find, but by id, and as the active snapshot sees the pipeline. */
extern Pipeline *pipeline_find_by_id(int32 id);

/* Like pipeline_find_by_id, but as of now, which may be later than the transaction's snapshot. */
extern Pipeline *pipeline_find_now(int32 id);

/*
 * The result of a function that says something about the pipeline whose id is its argument; NULL if
 * the user may not know, if there is nothing to say, or after an error, because pipeline_status
 * asks for all pipelines.
 */
typedef const char *(*PipelineAnswer)(const Pipeline *pipeline);
extern Datum pipeline_ask(FunctionCallInfo fcinfo, PipelineAnswer answer);

/*
 * A loaded pipeline as the active snapshot sees it, whose rules and "built" may be older. Rows that
 * are read in a snapshot must be judged by the rules of that snapshot. The pipeline itself if the
 * snapshot does not see all of it.
 */
extern Pipeline *pipeline_as_seen(Pipeline *pipeline);

/* Set the types of the pipeline's columns from its view; false if the view has too few columns. */
extern bool pipeline_load_types(Pipeline *pipeline);

/* The little that code that watches raw tables has to know of a pipeline. */
typedef struct PipelineRef
{
	int32 id;
	char *name;
	bool has_raw_id; /* false: a row's raw id is a digest of all its columns */
	Oid source;      /* the raw table, which may be gone */
} PipelineRef;

/*
 * The pipelines (PipelineRef *) that capture changes of any of the tables, as of now; in
 * CurrentMemoryContext.
 */
extern List *catalog_pipelines_on(List *tables);

/* The pipeline with this id, as of now; NULL if there is none. */
extern PipelineRef *catalog_pipeline_ref(int32 id);

/* Record that changes of a pipeline's raw rows are logged, and the raw table's name. */
extern void catalog_set_capture(int32 id, const char *source_name);

/* Record a pipeline's raw table and its name; InvalidOid and NULL: it is detached. */
extern void catalog_set_source(int32 id, Oid source, const char *source_name);

/*
 * The name that the raw table had when the pipeline was created or capture was last enabled; NULL
 * if there is no such pipeline. In CurrentMemoryContext.
 */
extern char *catalog_source_name(int32 id);

/* The pipelines (PipelineRef *) whose raw table had this name when it was recorded. */
extern List *catalog_pipelines_named(const char *source_name);

/*
 * Set the pipeline's seal as the active snapshot sees it, in which sealed rows are to be read;
 * write the seal; remove it.
 */
extern void catalog_read_seal(Pipeline *pipeline);
extern void catalog_write_seal(int32 id, TimestampTz sealed_before, bool sealed_beyond);
extern void catalog_remove_seal(int32 id);

/* Add a pipeline. Returns its id, or 0 if the name is taken. */
extern int32 catalog_insert(const PipelineRow *row);

/* Record a pipeline's view, dirty log and owner. */
extern void catalog_set_objects(const Pipeline *pipeline);

/* Record a pipeline's view, dirty log and owner if view or owner differ from what is recorded. */
extern void catalog_sync_objects(const Pipeline *pipeline);

extern void catalog_delete(int32 id);

/*
 * Record that keys and users are linked to persons, by the limits in the pipeline; or no longer.
 */
extern void catalog_set_identity(const Pipeline *pipeline);
extern void catalog_forget_identity(const Pipeline *pipeline);

/*
 * Read the rules of a pipeline, and what its columns are taken from, into CurrentMemoryContext;
 * write them.
 */
extern void catalog_read_rules(int32 id, PipelineRow *row);
extern void catalog_write_rules(int32 id, const PipelineRow *row);

/* Record whether a pipeline's facts say when a row was written. */
extern void catalog_set_loaded_at(int32 id, bool loaded_at);

/* Write what a pipeline's columns are taken from, for display. */
extern void catalog_write_given(int32 id, const char *const given[SRC_NCOLUMNS]);

/* A pipeline's gap as the active snapshot sees it; NULL if there is no such pipeline. */
extern Interval *catalog_gap(int32 id);

#endif /* SESSIONIZE_PIPELINE_CATALOG_H */
