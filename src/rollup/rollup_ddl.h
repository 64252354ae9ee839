/*
 * rollup_ddl.h
 *		Makes and drops the tables and views of rollups.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROLLUP_DDL_H
#define SESSIONIZE_ROLLUP_DDL_H

#include "rollup/rollup.h"

/* Make the two tables of a rollup, with their comments.  The caller works as the owner. */
extern void rollup_create_tables(const Rollup *rollup);

/* Drop the views, if they exist, and the tables. */
extern void rollup_drop_relations(const Pipeline *pipeline, int place);

/* Make or replace the views of a rollup, NAME and NAME_live, or those of all. */
extern void rollup_create_view(const Rollup *rollup);
extern void rollup_create_views(const Pipeline *pipeline);

/* Comment on the two views of a rollup and their columns, or on those of all. */
extern void rollup_comment_view(const Rollup *rollup);
extern void rollup_comment_views(const Pipeline *pipeline);

#endif /* SESSIONIZE_ROLLUP_DDL_H */
