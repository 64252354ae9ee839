/*
 * pipeline_catalog.h
 *		The extension's own table of pipelines.
 *
 * Reading is for everybody, writing goes through here alone, as the extension's owner.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PIPELINE_CATALOG_H
#define SESSIONIZE_PIPELINE_CATALOG_H

#include "nodes/pg_list.h"
#include "utils/timestamp.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_row.h"

/* Load a pipeline by name, in CurrentMemoryContext; an error with a hint where there is none. */
extern Pipeline *pipeline_load(const char *name);

/*
 * Load a pipeline once more, now that a lock keeps it as it is; an error where the pipeline of its
 * name is another by now.
 */
extern Pipeline *pipeline_load_locked(const Pipeline *seen);

/* Error unless the current user has the privileges of the pipeline's owner. */
extern void pipeline_check_owner(const Pipeline *pipeline);

/*
 * As pipeline_load, but NULL where there is none, and it also finds a pipeline that has a fault (pipeline.h), with
 * InvalidOid for what is gone.
 */
extern Pipeline *pipeline_find(const char *name);

/* The same by id, as the active snapshot sees it. */
extern Pipeline *pipeline_find_by_id(int32 id);

/* The same as it is now, which may be younger than the transaction's snapshot. */
extern Pipeline *pipeline_find_now(int32 id);

/*
 * The same of one that is loaded: its rules, and whether it is built, may be newer than the active snapshot, and rows of then are
 * no evidence against them.
 */
extern Pipeline *pipeline_as_seen(Pipeline *pipeline);

/* Take the types of the pipeline's columns from its view; false where that has too few. */
extern bool pipeline_load_types(Pipeline *pipeline);

/* What little is to be known of a pipeline by who changes its raw table. */
typedef struct PipelineRef
{
	int32 id;
	char *name;
	bool has_raw_id; /* false: a row's id is a digest of all its columns */
	Oid source;      /* the raw table, which may be gone */
} PipelineRef;

/*
 * The pipelines (PipelineRef *) that capture what changes in any of the tables, as they are now; in
 * CurrentMemoryContext.
 */
extern List *catalog_pipelines_on(List *tables);

/* The pipeline of this id, as it is now; NULL where there is none. */
extern PipelineRef *catalog_pipeline_ref(int32 id);

/* Note that changes of a pipeline's raw rows are logged, and what their table is called. */
extern void catalog_set_capture(int32 id, const char *source_name);

/*
 * The name that a pipeline's raw table had when the pipeline was made, or last told to go on with it; NULL
 * where there is no such pipeline.  In CurrentMemoryContext.
 */
extern char *catalog_source_name(int32 id);

/* The pipelines (PipelineRef *) whose raw table had this name then. */
extern List *catalog_pipelines_named(const char *source_name);

/* Set the pipeline's seal as the active snapshot sees it, for who reads its rows in that; write it. */
extern void catalog_read_seal(Pipeline *pipeline);
extern void catalog_write_seal(int32 id, TimestampTz sealed_before, bool sealed_beyond);
extern void catalog_remove_seal(int32 id);

/* Add a pipeline; returns its id, 0 where the name is taken. */
extern int32 catalog_insert(const PipelineRow *row);

/* Note which view, dirty log and owner a pipeline has. */
extern void catalog_set_objects(const Pipeline *pipeline);

/* The same, unless that is noted already. */
extern void catalog_sync_objects(const Pipeline *pipeline);

extern void catalog_delete(int32 id);

/* Read the rules of a pipeline, into CurrentMemoryContext; write them. */
extern void catalog_read_rules(int32 id, PipelineRow *row);
extern void catalog_write_rules(int32 id, const PipelineRow *row);

/* A pipeline's gap as the active snapshot sees it, NULL where it has no such pipeline. */
extern Interval *catalog_gap(int32 id);

#endif /* SESSIONIZE_PIPELINE_CATALOG_H */
