/*
 * rollups.h
 *		Creates and drops the rollups of a pipeline.
 *
 * The caller has locked the pipeline, which it owns.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROLLUPS_H
#define SESSIONIZE_ROLLUPS_H

#include "fmgr.h"

#include "catalog/rollup_definition.h"

/* The rollup that create_rollup's arguments describe; reports arguments that are not valid. */
extern RollupDefinition rollup_read(FunctionCallInfo fcinfo, const Pipeline *pipeline);

/*
 * Create and fill a rollup, or drop one; return the pipeline as it is then.  If not is_filled, the
 * next refresh fills it.
 */
extern Pipeline *rollup_create(Pipeline *pipeline, RollupDefinition rollup);
extern Pipeline *rollup_drop(Pipeline *pipeline, const RollupDefinition *rollup);

/* Whether two rollups are of the same, by the same. */
extern bool rollup_is_same(const RollupDefinition *a, const RollupDefinition *b);

/* A rollup that is made of a column of the sessions or events; NULL if there is none. */
extern const RollupDefinition *
rollup_of_column(const Pipeline *pipeline, bool of_events, const char *column);

/* Report a measure or dimension that a rollup is made of, so that it can't be dropped. */
extern void rollup_check_unused(const Pipeline *pipeline, bool of_events, const char *column,
								const char *what, const char *name);

#endif /* SESSIONIZE_ROLLUPS_H */
