/*
 * live.h
 *		The views of a pipeline that also show what is not refreshed yet.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LIVE_H
#define SESSIONIZE_LIVE_H

#include "pipeline/pipeline.h"

#define LIVE_SESSIONS_VIEW "sessions_live"
#define LIVE_EVENTS_VIEW   "events_live"

/* Make the views, as the current user, when the star and its dirty log are there. */
extern void live_create_views(const Pipeline *pipeline);

#endif /* SESSIONIZE_LIVE_H */
