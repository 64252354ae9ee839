/*
 * dimensions.h
 *		Adds, changes and drops the user's own dimensions of a pipeline.
 *
 * All is as in measures.h.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIMENSIONS_H
#define SESSIONIZE_DIMENSIONS_H

#include "fmgr.h"
#include "utils/rel.h"

#include "catalog/definition.h"

/* The dimension that add_dimension's arguments describe, without a number and attributes. */
extern DimensionDefinition dimension_read(FunctionCallInfo fcinfo, const Pipeline *pipeline);

/* The pipeline's dimension of a name; NULL if there is none. */
extern const DimensionDefinition *dimension_find(const Pipeline *pipeline, const char *name);

/* Whether a dimension that there is has the same members as a dimension that was read. */
extern bool
dimension_is_same(const Pipeline *pipeline, Relation raw, const DimensionDefinition *present,
				  const DimensionDefinition *wanted);

/* Whether a dimension differs from another one in the expressions of its attributes alone. */
extern bool
dimension_has_form(const DimensionDefinition *dimension, const DimensionDefinition *wanted);

extern Pipeline *dimension_add(Pipeline *pipeline, Relation raw, DimensionDefinition dimension);

/* raw is NULL if the pipeline is detached from its raw table. */
extern Pipeline *
dimension_drop(Pipeline *pipeline, Relation raw, const DimensionDefinition *dimension);

/*
 * Give a dimension other attributes. Its table and keys stay, if only expressions change, and these
 * keep their types.
 */
extern Pipeline *dimension_change(Pipeline *pipeline, Relation raw,
								  const DimensionDefinition *present, DimensionDefinition wanted);

/* Store the texts of a dimension that has the form of the present one. */
extern void dimension_note(const Pipeline *pipeline, const DimensionDefinition *present,
						   const DimensionDefinition *wanted);

/* The SQL, for the view "source", of an attribute with its type. */
extern char *dimension_value_sql(Relation raw, const MemberAttribute *attribute, Oid *type);

#endif /* SESSIONIZE_DIMENSIONS_H */
