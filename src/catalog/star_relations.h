/*
 * star_relations.h
 *		The tables and views of a pipeline's schema: their names and what they are.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_RELATIONS_H
#define SESSIONIZE_STAR_RELATIONS_H

#include "postgres.h"

typedef struct StarRelation
{
	const char *name;
	bool is_view;
	const char *comment;
} StarRelation;

#define STAR_RELATIONS 18

/* In an order in which they can be dropped: views before what they read. */
extern const StarRelation star_relations[STAR_RELATIONS];

/* The view that holds the pipeline's mapping, and the log of keys to refresh. */
#define SOURCE_VIEW "source"
#define DIRTY_TABLE "dirty"

#endif /* SESSIONIZE_STAR_RELATIONS_H */
