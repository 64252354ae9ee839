/*
 * capture_check.h
 *		Whether every change of a raw table is logged, and the error if not.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_CHECK_H
#define SESSIONIZE_CAPTURE_CHECK_H

#include "catalog/pipeline.h"

/* Whether capture_check would raise no error. */
extern bool capture_is_intact(const Pipeline *pipeline);

/*
 * Error, with a hint, if not every change is logged (capture_intact.h). Repeated calls are cheap,
 * because a result is kept until one of the tables changes. The tables of a pipeline that was
 * restored from a dump are watched from the first call on, unless their triggers have seen to this.
 */
extern void capture_check(const Pipeline *pipeline);

/*
 * Raise the error for a pipeline that can't log any change: its view "source" or dirty log is gone,
 * or is not as create_pipeline made it, or its raw table is distributed by Citus. Returns if none
 * is so.
 */
extern void capture_report_unlogged(const Pipeline *pipeline);

#endif /* SESSIONIZE_CAPTURE_CHECK_H */
