/*
 * source_check.h
 *		Whether a pipeline's view "source" is as create_pipeline makes it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SOURCE_CHECK_H
#define SESSIONIZE_SOURCE_CHECK_H

#include "utils/relcache.h"

#include "catalog/pipeline.h"

/*
 * Return the number of the raw table in the view's query.  A view that is anything but one row for each row of that
 * table, or whose columns have other names or types, is an error: its owner can alter it and replace it.
 * So is a raw table that has been distributed to other servers.
 */
extern Index source_check(const Pipeline *pipeline, Relation view);

/* The same, but 0 for such a view: for who only follows what is written to the raw table. */
extern Index source_find(const Pipeline *pipeline, Relation view);

#endif /* SESSIONIZE_SOURCE_CHECK_H */
