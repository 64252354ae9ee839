/*
 * direct_read.h
 *		Reading all rows of a pipeline's source straight from its tables, with the help of parallel workers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRECT_READ_H
#define SESSIONIZE_DIRECT_READ_H

#include "catalog/pipeline.h"
#include "source/record.h"
#include "source/source_mapping.h"

/*
 * Read all rows in the active snapshot; errors of the view's expressions pass through.  Workers take part,
 * max_parallel_maintenance_workers at most, where the table is large enough and the expressions allow it.
 *
 * False, and nothing is read, where only a query of the view gives its rows: if the view is not what it was made as,
 * if the current user may not read all of the source, or if rows or columns lie elsewhere than in tables.
 */
extern bool direct_read(const Pipeline *pipeline, const SourceMapping *mapping, const RecordFormat *format,
						const RowTaker *taker);

#endif /* SESSIONIZE_DIRECT_READ_H */
