/*
 * rollup_upkeep.h
 *		Fills, repairs and merges the rollups of a pipeline.  The caller works as the owner.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROLLUP_UPKEEP_H
#define SESSIONIZE_ROLLUP_UPKEEP_H

#include "catalog/pipeline.h"
#include "spi/key_relation.h"

/*
 * Add what a rollup, or all of them, lack of the facts.  Refreshes that know of the rollup may go
 * on meanwhile.  It waits for a merge.
 */
extern void rollup_repair(const Pipeline *pipeline, int place);
extern void rollups_repair(const Pipeline *pipeline);

/* Whether all tables of the rollups are empty. */
extern bool rollups_are_empty(const Pipeline *pipeline);

/*
 * Whether rollups_fill or rollups_merge may have something to do, as far as this pipeline tells,
 * which may have been loaded before the star was built.  Any user may ask.
 */
extern bool rollups_wait(const Pipeline *pipeline);

/*
 * Fill the rollups that were created without what the star had, if it is built, and have their
 * views show them, unless these are in use: then the next call does.  Returns whether there were
 * any.  The caller holds the lock of a refresh.
 */
extern bool rollups_fill(const Pipeline *pipeline);

/*
 * Merge the changes of each rollup that has many into its table, unless another session is at it.
 * Refreshes may go on meanwhile.
 */
extern void rollups_merge(const Pipeline *pipeline);

/* Subtract the facts of keys that are about to be erased. */
extern void rollups_subtract_keys(const Pipeline *pipeline, const KeyRelation *keys);

#endif /* SESSIONIZE_ROLLUP_UPKEEP_H */
