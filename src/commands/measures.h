/*
 * measures.h
 *		Adds, changes and drops the measures of a pipeline.
 *
 * The caller has locked the pipeline, which it owns, and opened its raw table.  The functions that
 * change something note that the star has to be rebuilt, and return the pipeline as it is then.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_MEASURES_H
#define SESSIONIZE_MEASURES_H

#include "fmgr.h"
#include "utils/rel.h"

#include "catalog/definition.h"

/*
 * The measure that add_measure's arguments describe, without a number and attributes; reports
 * arguments that don't fit.
 */
extern MeasureDefinition measure_read(FunctionCallInfo fcinfo, const Pipeline *pipeline);

/* The pipeline's measure of a name; NULL if there is none. */
extern const MeasureDefinition *measure_find(const Pipeline *pipeline, const char *name);

/* Whether a measure that there is computes the same as a measure that was read. */
extern bool measure_is_same(const Pipeline *pipeline, Relation raw,
							const MeasureDefinition *present, const MeasureDefinition *wanted);

extern Pipeline *measure_add(Pipeline *pipeline, Relation raw, MeasureDefinition measure);

/* raw is NULL if the pipeline is detached from its raw table. */
extern Pipeline *measure_drop(Pipeline *pipeline, Relation raw, const MeasureDefinition *measure);

/*
 * The SQL, for the view "source", of a measure's value with its type, and of its filter; NULL if it
 * has none.
 */
extern char *measure_value_sql(Relation raw, const MeasureDefinition *measure, Oid *type);
extern char *measure_filter_sql(Relation raw, const MeasureDefinition *measure);

/*
 * Whether a measure has the kind, grain and cap of another one, and a value and a filter where that
 * has them.
 */
extern bool measure_has_form(const MeasureDefinition *measure, const MeasureDefinition *wanted);

/* Store the texts by which a measure that computes the same was given. */
extern void measure_note(const Pipeline *pipeline, const MeasureDefinition *present,
						 const MeasureDefinition *wanted);

/* Have a measure computed otherwise.  Its column stays, if its type does. */
extern Pipeline *measure_change(Pipeline *pipeline, Relation raw, const MeasureDefinition *present,
								MeasureDefinition wanted);

#endif /* SESSIONIZE_MEASURES_H */
