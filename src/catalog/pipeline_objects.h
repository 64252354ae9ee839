/*
 * pipeline_objects.h
 *		A pipeline's objects: its schema, views and tables, known by OID and not by name.
 *
 * So a schema, view or table that somebody creates under a name that has become free does not
 * become the pipeline's.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PIPELINE_OBJECTS_H
#define SESSIONIZE_PIPELINE_OBJECTS_H

#include "nodes/pg_list.h"

#include "catalog/pipeline.h"

/*
 * Complete a pipeline whose raw table, view, dirty log and owner are set from sessionize.pipeline:
 * find out which of them still exist, the schema and the present owner, and set the fault.
 */
extern void pipeline_find_objects(Pipeline *pipeline);

/* Error, with a hint, if the pipeline has a fault. */
extern void pipeline_check_objects(const Pipeline *pipeline);

/* The fault in a sentence, in CurrentMemoryContext; NULL if there is none. */
extern char *pipeline_fault_text(const Pipeline *pipeline);

/* What the user can do about the fault, in CurrentMemoryContext; NULL if there is none. */
extern char *pipeline_fault_hint(const Pipeline *pipeline);

/* The OIDs of the pipeline's views and tables that exist. */
extern List *pipeline_relations(const Pipeline *pipeline);

/*
 * The owners of the pipeline's schema, views and tables: one role, unless some were given to
 * another.
 */
extern List *pipeline_owners(const Pipeline *pipeline);

#endif /* SESSIONIZE_PIPELINE_OBJECTS_H */
