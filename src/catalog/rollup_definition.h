/*
 * rollup_definition.h
 *		The rollups of a pipeline: counts and sums by time and dimensions, as the user asked for.
 *
 * A rollup has two tables in the pipeline's schema, a view that adds them up, and one that adds what
 * is not refreshed yet.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROLLUP_DEFINITION_H
#define SESSIONIZE_ROLLUP_DEFINITION_H

#include "nodes/pg_list.h"

#include "catalog/pipeline.h"

/* The rollup that enable_event_counts() creates. */
#define EVENT_COUNTS_ROLLUP "event_counts_by_hour"

typedef struct RollupDefinition
{
	int number;
	const char *name;    /* also of the view */
	const char *live;    /* NAME_live, the view with what is not refreshed yet */
	const char *table;   /* rollup_NAME, one row for each combination */
	const char *changes; /* rollup_NAME_changes, differences that are not yet in the table */
	bool of_events;      /* counts events; else sessions */
	bool is_filled;      /* has what the star had when it was created */
	List *by;            /* char *: a grain of time, and dimensions */
	List *measures;      /* char * */
} RollupDefinition;

typedef struct RollupList
{
	int count;
	RollupDefinition rollups[ROLLUPS_MAX]; /* in the order of their numbers */
} RollupList;

/* The rollup of a name; NULL if there is none. */
extern const RollupDefinition *rollup_find(const Pipeline *pipeline, const char *name);

/* Set a rollup's name, with those of its tables.  The name is short enough (rollup_name_fits). */
extern bool rollup_name_fits(const char *name);
extern void rollup_set_name(RollupDefinition *rollup, const char *name);

/* What a rollup is, in words, for the comment on it; in CurrentMemoryContext. */
extern char *rollup_comment(const RollupDefinition *rollup);

#endif /* SESSIONIZE_ROLLUP_DEFINITION_H */
