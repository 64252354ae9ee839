/*
 * alter_mapping.h
 *		Changes what a pipeline's columns are taken from.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ALTER_MAPPING_H
#define SESSIONIZE_ALTER_MAPPING_H

#include "utils/rel.h"

#include "catalog/pipeline.h"
#include "commands/changed_mapping.h"

/*
 * Report a change that can't be made: of the key, if the raw table has no index for it; or one that
 * makes other rows of those that are sealed.  To be called once collectors are kept away, if the
 * change is of what capture logs.
 */
extern void
alter_mapping_check(const Pipeline *pipeline, Relation raw, const ChangedMapping *mapping);

/*
 * Make the change, as the pipeline's owner: in the view "source", and in the columns of tables that
 * have the type of a key or an id.  Where a type changes, the star's views are dropped and made
 * anew.  changed is the pipeline with the change.
 */
extern void alter_mapping_apply(const Pipeline *pipeline, const Pipeline *changed, Relation raw,
								const ChangedMapping *mapping);

/*
 * Give the columns of the star's tables the types that they have in another pipeline with the same
 * definition, and convert their values.  Part of alter_mapping_apply.
 */
extern void alter_mapping_types(const Pipeline *before, const Pipeline *after);

#endif /* SESSIONIZE_ALTER_MAPPING_H */
