/*
 * star_upkeep.h
 *		What a rebuild does to the star as a whole.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_UPKEEP_H
#define SESSIONIZE_STAR_UPKEEP_H

#include "catalog/pipeline.h"
#include "star/star.h"

/* Bring back the unknown members, and the days of dim_date, as they were made.  As the owner. */
extern void star_repair_members(const Pipeline *pipeline);

/* Has the star no facts and no users at all?  As the owner. */
extern bool star_is_empty(const Pipeline *pipeline);

/* How many rows the star says it stands for, in the active snapshot.  As the owner. */
extern StarRows star_rows(const Pipeline *pipeline);

/*
 * Gather the planner's statistics of a relation, if it is a table whose statistics a rebuild gathers and nobody is in
 * the way; an error becomes a warning.  As the owner.
 */
extern void star_analyze(const Pipeline *pipeline, StarRelationId relation);

#endif /* SESSIONIZE_STAR_UPKEEP_H */
