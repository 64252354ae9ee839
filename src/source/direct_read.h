/*
 * direct_read.h
 *		Reading all raw rows of a pipeline directly from the tables, with the help of parallel
 *		workers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRECT_READ_H
#define SESSIONIZE_DIRECT_READ_H

#include "catalog/pipeline.h"
#include "source/record.h"
#include "source/source_mapping.h"

/*
 * Read all raw rows in the active snapshot. Errors of the view's expressions are raised. At most
 * max_parallel_maintenance_workers workers help if the tables are large enough and the expressions
 * are parallel safe.
 *
 * Returns false, and reads nothing, if the current user may not read the whole raw table, or if
 * some rows or columns are not stored in plain tables: then the view must be queried.
 */
extern bool direct_read(const Pipeline *pipeline, const SourceMapping *mapping,
						const RecordFormat *format, const RowTaker *taker);

#endif /* SESSIONIZE_DIRECT_READ_H */
