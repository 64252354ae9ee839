/*
 * detach.h
 *		Takes the raw table away from a pipeline.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DETACH_H
#define SESSIONIZE_DETACH_H

#include "catalog/pipeline.h"

/*
 * Detach a pipeline, which the caller has locked and owns, from its raw table: drop the triggers,
 * and take the table out of the view "source".  What its columns were taken from is kept as texts
 * that can be read under pinned settings.  Waits for whoever uses the table.
 */
extern void pipeline_detach(const Pipeline *pipeline);

/*
 * The same for a pipeline that has lost its view "source", which is made anew.  The texts stay as
 * they are.
 */
extern void pipeline_detach_lost(Pipeline *pipeline);

#endif /* SESSIONIZE_DETACH_H */
