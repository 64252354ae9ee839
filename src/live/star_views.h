/*
 * star_views.h
 *		The wide views of a pipeline's schema.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_VIEWS_H
#define SESSIONIZE_STAR_VIEWS_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "catalog/pipeline.h"
#include "star/star.h"

/*
 * Make or replace the views sessions and events, their live forms sessions_live and events_live,
 * and the views of versions (version_views.h).  Their text depends on the gap.  The pipeline
 * must have its id, name, types, rules.gap and store_events.  Runs as the pipeline's owner, with
 * pinned settings.
 */
extern void star_create_views(const Pipeline *pipeline);

/*
 * Append the parts of the query that a stored view is made of: the value of a column, and FROM with
 * the fact "f", and the dimensions of its columns by their numbers, such as "d3".
 */
extern void star_view_append_value(StringInfo sql, const Pipeline *pipeline, const StarView *view,
								   const StarViewColumn *column);
extern void star_view_append_from(StringInfo sql, const Pipeline *pipeline, const StarView *view);

/*
 * Lock the views, and then fact_session, against everybody: in the order in which queries lock
 * them. The views may be made anew, fact_session never is.
 */
extern void star_lock_views(const Pipeline *pipeline);

/*
 * Add the columns to the views that were hidden until the star was built; runs as the pipeline's
 * owner. Returns false if that failed, for instance because the views were in use.
 */
extern bool star_show_hidden(const Pipeline *pipeline);

/*
 * Drop and make the views anew, which CREATE OR REPLACE VIEW can't do if they lose a column.
 * Privileges on them are kept; an error if something else depends on them.
 */
extern void star_recreate_views(const Pipeline *pipeline);

/*
 * The two halves of it, so that tables can be changed in between: the first returns the privileges
 * on the views, for the second.
 */
extern List *star_drop_views(const Pipeline *pipeline);
extern void star_restore_views(const Pipeline *pipeline, const List *grants);

#endif /* SESSIONIZE_STAR_VIEWS_H */
