/*
 * direct_read.h
 *		Reading all rows of a pipeline's source straight from its tables, with the help of parallel workers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRECT_READ_H
#define SESSIONIZE_DIRECT_READ_H

#include "source/record.h"
#include "source/source_reader.h"

/*
 * Where rows go: each comes once, either as it is or as a record, all of it but id_hash.  A row that no event can be
 * made of comes as it is.  What is pointed to lives until the function returns.
 */
typedef struct RowTaker
{
	SourceRowVisitor row;
	void (*record)(void *arg, const Record *record);
	void *arg;
} RowTaker;

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
