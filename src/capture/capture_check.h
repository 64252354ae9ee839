/*
 * capture_check.h
 *		Whether what changes in a raw table is logged, and the error where it is not.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_CHECK_H
#define SESSIONIZE_CAPTURE_CHECK_H

#include "catalog/pipeline.h"

/* Whether capture_check finds nothing to report. */
extern bool capture_is_intact(const Pipeline *pipeline);

/*
 * An error that says what to type where not every change is logged (capture_intact.h).  Cheap when called
 * again and again: what was right stays right until one of the tables changes.  A pipeline that comes out
 * of a dump has its tables watched from here on, if its triggers have not had that done already.
 */
extern void capture_check(const Pipeline *pipeline);

/* The error for a pipeline whose view "source" or dirty log is not there or not as create_pipeline made it. */
extern void capture_report_unlogged(const Pipeline *pipeline);

#endif /* SESSIONIZE_CAPTURE_CHECK_H */
