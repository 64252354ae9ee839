/*
 * source_check.h
 *		Whether a pipeline's view "source" is as create_pipeline makes it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SOURCE_CHECK_H
#define SESSIONIZE_SOURCE_CHECK_H

#include "pipeline/pipeline.h"
#include "utils/relcache.h"

/*
 * Return the number of the raw table in the view's query, and report a view whose query is not one row for each row of the raw table, or whose columns have other names or
 * types: its owner can alter it and replace it by another.
 */
extern Index source_check(const Pipeline *pipeline, Relation view);

#endif /* SESSIONIZE_SOURCE_CHECK_H */
