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

/* Restore the members "unknown", and the columns of dim_date.  Runs as the owner. */
extern void star_repair_members(const Pipeline *pipeline);

/* Whether the star has no facts and no users.  Runs as the owner. */
extern bool star_is_empty(const Pipeline *pipeline);

/*
 * How many raw and sealed rows the star accounts for, in the active snapshot.  Runs as the owner.
 */
extern StarRows star_rows(const Pipeline *pipeline);

/*
 * Gather the planner's statistics of a relation, if it is a table whose statistics a rebuild
 * gathers and no other session locks it.  An error becomes a warning.  Runs as the owner.
 */
extern void star_analyze(const Pipeline *pipeline, StarRelationId relation);

#endif /* SESSIONIZE_STAR_UPKEEP_H */
