/*
 * parallel_read.h
 *		Reading the tables of a source with parallel workers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PARALLEL_READ_H
#define SESSIONIZE_PARALLEL_READ_H

#include "access/parallel.h"

#include "catalog/pipeline.h"
#include "source/record.h"
#include "source/source_mapping.h"

/* The leader, which processes all rows, can't keep up with more workers. */
#define PARALLEL_READ_MAX_WORKERS 4

/*
 * Read all rows of the tables. The rows of workers are passed on as records. Returns false, and
 * reads nothing, if there is no shared memory for parallel workers.
 */
extern bool parallel_read(const Pipeline *pipeline, const SourceMapping *mapping, List *tables,
						  int workers, const RowTaker *taker);

/* The entry point of a parallel worker. */
extern PGDLLEXPORT void sessionize_read_worker(dsm_segment *segment, shm_toc *toc);

#endif /* SESSIONIZE_PARALLEL_READ_H */
