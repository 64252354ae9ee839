/*
 * rebuild_baseline.h
 *		What a rebuild's snapshot has seen of the news of a pipeline: the dirty log's rows, the notes that a rebuild
 *		is needed, the keys that failed.  When it has finished they are old.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_BASELINE_H
#define SESSIONIZE_REBUILD_BASELINE_H

#include "catalog/pipeline.h"

typedef struct RebuildBaseline RebuildBaseline;

/* Note what the active snapshot sees, in CurrentMemoryContext.  As the pipeline's owner. */
extern RebuildBaseline *rebuild_baseline_read(const Pipeline *pipeline);

/*
 * Delete it, and of the failed keys those that have not failed again since: all of them are right now.  With
 * dirty_rows false the dirty log keeps its rows.  As the pipeline's owner, while no refresh is at work.
 */
extern void rebuild_baseline_forget(const RebuildBaseline *seen, const Pipeline *pipeline, bool dirty_rows);

#endif /* SESSIONIZE_REBUILD_BASELINE_H */
