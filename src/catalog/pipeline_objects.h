/*
 * pipeline_objects.h
 *		What belongs to a pipeline: its schema, views and tables, known by OID and not by name.
 *
 * Whoever makes a schema, view or table of a name that has become free does not make it the pipeline's.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PIPELINE_OBJECTS_H
#define SESSIONIZE_PIPELINE_OBJECTS_H

#include "nodes/pg_list.h"

#include "catalog/pipeline.h"

/*
 * Complete a pipeline whose raw table, view, dirty log and owner are set as sessionize.pipeline has them: find out
 * which of them still exist, its schema and its present owner, and set its fault.
 */
extern void pipeline_find_objects(Pipeline *pipeline);

/* Error, with what to do, unless the pipeline is whole. */
extern void pipeline_check_objects(const Pipeline *pipeline);

/* The fault in a sentence, NULL where there is none; in CurrentMemoryContext. */
extern char *pipeline_fault_text(const Pipeline *pipeline);

/* What to type about it, likewise. */
extern char *pipeline_fault_hint(const Pipeline *pipeline);

/* The OIDs of those of the pipeline's views and tables that exist. */
extern List *pipeline_relations(const Pipeline *pipeline);

/* The roles that own its schema, views and tables: one, unless somebody has given away a part of them. */
extern List *pipeline_owners(const Pipeline *pipeline);

#endif /* SESSIONIZE_PIPELINE_OBJECTS_H */
