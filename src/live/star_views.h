/*
 * star_views.h
 *		The wide views of a pipeline's schema.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_VIEWS_H
#define SESSIONIZE_STAR_VIEWS_H

#include "catalog/pipeline.h"

/*
 * Make the views sessions and events, and as they would be if refreshed now, sessions_live and events_live; or make
 * them anew, for their text depends on the gap.  Of the pipeline it needs id, name, types, rules.gap and
 * store_events.  As the pipeline's owner, under pinned settings.
 */
extern void star_create_views(const Pipeline *pipeline);

#endif /* SESSIONIZE_STAR_VIEWS_H */
