/*
 * difference_report.h
 *		Differences between the star and what is derived, as rows of verify().
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIFFERENCE_REPORT_H
#define SESSIONIZE_DIFFERENCE_REPORT_H

#include "nodes/execnodes.h"

#include "catalog/pipeline.h"
#include "star/star.h"

typedef struct DifferenceReport DifferenceReport;

/* Differences of a table go to the function's result.  In CurrentMemoryContext. */
extern DifferenceReport *
difference_report_create(ReturnSetInfo *result, const StarTable *table, const RowShape *shape);

/* A ComparisonSink's functions; arg is a DifferenceReport. */
extern void difference_report_missing(void *arg, const Datum *values, const bool *isnull);
extern void
difference_report_different(void *arg, const Datum *values, const bool *isnull, TupleTableSlot *stored);
extern void difference_report_unexpected(void *arg, TupleTableSlot *stored);

/* Dimension members that are wrong by themselves, whatever refers to them.  As the pipeline's owner. */
extern void difference_report_members(ReturnSetInfo *result, const Pipeline *pipeline);

#endif /* SESSIONIZE_DIFFERENCE_REPORT_H */
