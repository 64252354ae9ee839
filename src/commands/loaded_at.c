/*
 * loaded_at.c
 *		The column loaded_at of a pipeline's facts, added and dropped.
 *
 * Rows that were written before have NULL in it: nobody knows when they were.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/star_relation.h"
#include "commands/loaded_at.h"
#include "commands/own_columns.h"
#include "live/star_views.h"
#include "star/star.h"
#include "star/star_ddl.h"

/*
 * check_name reports a measure or dimension that has the column's name.
 */
static void
check_name(const Pipeline *pipeline)
{
	for (int i = 0; i < VIEW_COUNT; i++)
		if (own_column_is_taken(pipeline, star_view(pipeline, i), STAR_LOADED_AT))
			ereport(
				ERROR,
				(errcode(ERRCODE_DUPLICATE_COLUMN),
				 errmsg("the %s of pipeline \"%s\" have a column \"%s\" already",
						i == VIEW_EVENTS ? "events" : "sessions", pipeline->name, STAR_LOADED_AT),
				 errhint("Drop the measure or dimension with this column, and add it under "
						 "another name.")));
}

/*
 * facts_change calls a function for each fact of a pipeline and the column.
 */
static void
facts_change(const Pipeline *pipeline,
			 void (*change)(const Pipeline *pipeline, StarRelationId relation, const char *name))
{
	for (int i = 0; i < VIEW_COUNT; i++)
	{
		StarRelationId fact = star_view(pipeline, i)->fact;

		if (star_relation_is_used(pipeline, fact))
			change(pipeline, fact, STAR_LOADED_AT);
	}
}

/*
 * add_column adds the column.  In the views it follows the columns that every pipeline has, so the
 * views have to be made anew if they have others.
 */
static void
add_column(const Pipeline *pipeline)
{
	star_lock_views(pipeline);
	facts_change(pipeline, star_add_column);
	facts_change(pipeline, star_comment_columns);
	if (pipeline->definition != NULL || pipeline->has_identity)
	{
		star_recreate_views(pipeline);
		return;
	}
	star_create_views(pipeline);
	for (int i = 0; i < VIEW_COUNT; i++)
	{
		star_comment_columns(pipeline, star_view(pipeline, i)->relation, STAR_LOADED_AT);
		star_comment_columns(pipeline, star_view(pipeline, i)->live, STAR_LOADED_AT);
	}
}

/*
 * loaded_at_change adds or drops the column.
 */
void
loaded_at_change(const char *pipeline_name, bool wanted)
{
	Pipeline *pipeline = pipeline_load_detached(pipeline_name);
	OwnerScope scope;

	if (pipeline->has_loaded_at == wanted)
		return;
	if (wanted)
		check_name(pipeline);
	owner_scope_enter(&scope, pipeline);
	catalog_set_loaded_at(pipeline->id, wanted);
	pipeline = own_load_changed(pipeline);
	if (wanted)
		add_column(pipeline);
	else
	{
		star_recreate_views(pipeline);
		facts_change(pipeline, star_drop_column);
	}
	owner_scope_leave(&scope);
}
