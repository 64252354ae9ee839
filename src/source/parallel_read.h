/*
 * parallel_read.h
 *		Reading the tables of a source together with parallel workers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PARALLEL_READ_H
#define SESSIONIZE_PARALLEL_READ_H

#include "access/parallel.h"

#include "catalog/pipeline.h"
#include "source/record.h"
#include "source/source_mapping.h"

/* What more workers make, the one process that puts it into pieces can't take. */
#define PARALLEL_READ_MAX_WORKERS 4

/*
 * Read all rows of the tables; false, and nothing is read, where there is no shared memory for it.  The workers' rows
 * come as records.
 */
extern bool parallel_read(const Pipeline *pipeline, const SourceMapping *mapping, List *tables, int workers,
						  const RowTaker *taker);

/* What a worker does. */
extern PGDLLEXPORT void sessionize_read_worker(dsm_segment *segment, shm_toc *toc);

#endif /* SESSIONIZE_PARALLEL_READ_H */
