/*
 * difference_report.h
 *		Differences between the stored and the derived star, as rows of verify()'s result.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIFFERENCE_REPORT_H
#define SESSIONIZE_DIFFERENCE_REPORT_H

#include "nodes/execnodes.h"

#include "catalog/pipeline.h"
#include "star/star.h"

typedef struct DifferenceReport DifferenceReport;

/*
 * Make a report that adds the differences of one table to the function's result.  In
 * CurrentMemoryContext.
 */
extern DifferenceReport *
difference_report_create(ReturnSetInfo *result, const StarTable *table, const RowShape *shape);

/* The functions of a ComparisonSink, with a DifferenceReport as arg. */
extern void difference_report_missing(void *arg, const Datum *values, const bool *isnull);
extern void difference_report_different(void *arg, const Datum *values, const bool *isnull,
										TupleTableSlot *stored);
extern void difference_report_unexpected(void *arg, TupleTableSlot *stored);

/*
 * Report dimension members that are wrong in themselves: "unknown" members, and days of dim_date.
 * Runs as the pipeline's owner.
 */
extern void difference_report_members(ReturnSetInfo *result, const Pipeline *pipeline);

/* Report what is wrong in the tables of persons.  Runs as the pipeline's owner. */
extern void difference_report_persons(ReturnSetInfo *result, const Pipeline *pipeline);

/* Report the rows in which rollups differ from the facts. */
extern void difference_report_rollups(ReturnSetInfo *result, const Pipeline *pipeline);

#endif /* SESSIONIZE_DIFFERENCE_REPORT_H */
