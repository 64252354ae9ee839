/*
 * loaded_at.h
 *		The column loaded_at of a pipeline's facts.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LOADED_AT_H
#define SESSIONIZE_LOADED_AT_H

#include "catalog/pipeline.h"

/*
 * Add the column to the facts of a pipeline and to the views over them, or drop it, as wanted, if
 * the pipeline doesn't have it so.  The star stays as it is.  The caller owns the pipeline and has
 * locked it.
 */
extern void loaded_at_change(const char *pipeline_name, bool wanted);

#endif /* SESSIONIZE_LOADED_AT_H */
