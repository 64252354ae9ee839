/*
 * rebuild_need.h
 *		Changes that the dirty log does not tell of, so that only a rebuild makes the star right.
 *
 * Each note is a row of sessionize.rebuild_need, written as the owner of the extension's tables.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_NEED_H
#define SESSIONIZE_REBUILD_NEED_H

#include "postgres.h"

#include "utils/array.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"

typedef enum RebuildNeed
{
	NEED_ROWS_ADDED,   /* rows came without a row trigger: a partition was attached */
	NEED_ROWS_REMOVED, /* rows went without one: a partition was detached, dropped or truncated */
	NEED_ROWS_CHANGED, /* rows changed without one: a column came, went or got another type */
	NEED_NOT_CAPTURED  /* changes may have been missed */
} RebuildNeed;

/*
 * Note that a pipeline needs a rebuild, and why, and raise a NOTICE. The note replaces one with the
 * same text, and the oldest of its kind if there are a hundred.
 */
extern void rebuild_need_note(const PipelineRef *pipeline, RebuildNeed need, const char *detail);

/* Note that changes could not be logged, without a message to the session that made them. */
extern void rebuild_need_note_missed(int32 pipeline, const char *detail);

/* The detail for a pipeline whose view or dirty log is the reason. */
#define REBUILD_NEED_LOST                                                                          \
	"Its view \"source\" or its table \"dirty\" was not there, not as create_pipeline made it, "   \
	"or locked "                                                                                   \
	"for "                                                                                         \
	"too long, or an expression of the view failed."

/* Whether the active snapshot sees a note of the pipeline. */
extern bool rebuild_need_any(const Pipeline *pipeline);

/*
 * The ids of the pipeline's notes that the active snapshot sees, in CurrentMemoryContext; NULL if
 * there are none.
 */
extern ArrayType *rebuild_need_ids(const Pipeline *pipeline);

/* Delete notes; ids may be NULL. */
extern void rebuild_need_forget(ArrayType *ids);

#endif /* SESSIONIZE_REBUILD_NEED_H */
