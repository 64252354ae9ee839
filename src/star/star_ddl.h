/*
 * star_ddl.h
 *		The schema of a pipeline: its tables and indexes made, all of it dropped.
 *
 * All of these run SQL as the current user: enter the owner's scope first.  The order of fact_event's
 * columns depends on the types of the keys (so that little is lost to padding): find columns by name.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_DDL_H
#define SESSIONIZE_STAR_DDL_H

#include "catalog/star_relation.h"

/*
 * Make the schema, its tables, their indexes, and the view "source", which has the query given.  Of the pipeline it
 * needs id, name, types and store_events.  Sets schema, source_view and dirty_log.  The other views are made by
 * star_create_views (star_views.h).
 */
extern void star_create(Pipeline *pipeline, const char *source_query);

/* Comment on the schema, on all of its relations, and on their less obvious columns. */
extern void star_comment(const Pipeline *pipeline);

/* Drop what star_create made and is still there, then the schema. */
extern void star_drop(const Pipeline *pipeline, bool cascade);

/*
 * The indexes of the facts and of dim_user, their constraints included: without them a first load is
 * faster.  Create makes those that are missing; drop leaves a constraint that something depends on.
 */
extern bool star_has_indexes(const Pipeline *pipeline);
extern void star_create_indexes(const Pipeline *pipeline);
extern void star_drop_indexes(const Pipeline *pipeline);

/*
 * Whether a table lacks its indexes because a rebuild that did not end has taken them away.  In a database that is being restored that
 * is known once the table's rows are there.
 */
extern bool star_is_marked_bare(const Pipeline *pipeline, StarRelationId table);

#endif /* SESSIONIZE_STAR_DDL_H */
