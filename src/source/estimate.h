/*
 * estimate.h
 *		Estimates of how many rows a source has.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ESTIMATE_H
#define SESSIONIZE_ESTIMATE_H

#include "catalog/pipeline.h"

/*
 * The rows of the raw table and, with a seal, the sealed rows, estimated by the statistics and the
 * present size of the tables as the planner does it. Locks the tables.
 */
extern double source_estimate(const Pipeline *pipeline);

/* The rows of the raw table by its statistics alone, without a lock; negative if there are none. */
extern int64 raw_table_estimate(Oid table);

#endif /* SESSIONIZE_ESTIMATE_H */
