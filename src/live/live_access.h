/*
 * live_access.h
 *		Whether what is live of a pipeline can be derived, and for whom.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LIVE_ACCESS_H
#define SESSIONIZE_LIVE_ACCESS_H

#include "catalog/pipeline.h"
#include "catalog/star_relation.h"

/* Error if there is no pipeline of this id (NULL), or its objects are not as they must be. */
extern void live_check_pipeline(const Pipeline *pipeline, int32 id);

/* Error if the current user may not read a live view of the pipeline. */
extern void live_check_access(const Pipeline *pipeline, StarRelationId view);

/* Error if the star is not built, and not being built newest first, so that no key is right. */
extern void live_check_built(const Pipeline *pipeline);

#endif /* SESSIONIZE_LIVE_ACCESS_H */
