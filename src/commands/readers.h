/*
 * readers.h
 *		Readers of a pipeline's star (grant_reader).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_READERS_H
#define SESSIONIZE_READERS_H

#include "catalog/pipeline.h"
#include "catalog/star_relation.h"

/*
 * Let the roles that may read all other relations of the star read a new one as well.  Runs as the
 * pipeline's owner.
 */
extern void readers_add_relation(const Pipeline *pipeline, StarRelationId relation);

#endif /* SESSIONIZE_READERS_H */
