/*
 * estimate.h
 *		About how many rows a source has.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ESTIMATE_H
#define SESSIONIZE_ESTIMATE_H

#include "catalog/pipeline.h"

/*
 * By the statistics and the present size of the tables, as the planner estimates it: of the raw table, and with a
 * seal of the sealed rows.  Locks the tables.
 */
extern double source_estimate(const Pipeline *pipeline);

/* Of the raw table by its statistics alone, without a lock; negative where there are none. */
extern int64 raw_table_estimate(Oid table);

#endif /* SESSIONIZE_ESTIMATE_H */
