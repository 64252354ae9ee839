/*
 * readers.h
 *		Readers of a pipeline's star (grant_reader).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_READERS_H
#define SESSIONIZE_READERS_H

#include "nodes/pg_list.h"

#include "catalog/pipeline.h"
#include "catalog/star_relation.h"

/*
 * Let the roles that may read all other relations of the star read new ones as well, a list of
 * StarRelationId.  Runs as the pipeline's owner.
 */
extern void readers_add_relations(const Pipeline *pipeline, const List *relations);

#endif /* SESSIONIZE_READERS_H */
