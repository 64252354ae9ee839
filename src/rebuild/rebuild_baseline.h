/*
 * rebuild_baseline.h
 *		What a rebuild's snapshot sees of a pipeline's dirty rows, notes that a rebuild is needed,
 *		and failed keys.  When the rebuild has finished, these are outdated.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_BASELINE_H
#define SESSIONIZE_REBUILD_BASELINE_H

#include "catalog/pipeline.h"

typedef struct RebuildBaseline RebuildBaseline;

/*
 * Note what the active snapshot sees, in CurrentMemoryContext.  The caller works as the pipeline's
 * owner.
 */
extern RebuildBaseline *rebuild_baseline_read(const Pipeline *pipeline);

/*
 * Delete the dirty rows, the notes, and the failed keys that have not failed again since.  If the
 * rebuild was resumed, the dirty rows stay, and all failed keys are tried again by the next refresh.
 * The caller works as the pipeline's owner and holds the write turn.
 */
extern void
rebuild_baseline_forget(const RebuildBaseline *seen, const Pipeline *pipeline, bool resumed);

#endif /* SESSIONIZE_REBUILD_BASELINE_H */
