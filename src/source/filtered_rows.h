/*
 * filtered_rows.h
 *		How many raw rows a pipeline's filter leaves out.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FILTERED_ROWS_H
#define SESSIONIZE_FILTERED_ROWS_H

#include "catalog/pipeline.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"

/*
 * Count, in the active snapshot, the rows for which the filter is not true: all, or those of the
 * keys.  A row on which the filter fails is not filtered, but belongs to the quarantine.
 */
extern int64
filtered_rows(const Pipeline *pipeline, const SourceMapping *mapping, const KeyRelation *keys);

#endif /* SESSIONIZE_FILTERED_ROWS_H */
