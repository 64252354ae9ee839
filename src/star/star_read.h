/*
 * star_read.h
 *		Reading the rows of the star's tables.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_READ_H
#define SESSIONIZE_STAR_READ_H

#include "catalog/pipeline.h"
#include "spi/key_relation.h"
#include "star/star.h"
#include "star/stored_rows.h"

/* Read the table's rows, in that shape; see StoredQuery (stored_rows.h) for the arguments. */
extern StoredRows *star_read_rows(MemoryContext parent, const Pipeline *pipeline, const StarTable *table,
								  int pieces, const bool *wanted, Size budget, bool read_only);

/* Read the rows of all but some keys, in the active snapshot. */
extern StoredRows *star_read_settled(MemoryContext parent, const Pipeline *pipeline, const StarTable *table,
									 int pieces, const bool *wanted, const StaleKeys *stale, Size budget);

/* Read the rows of some keys and of parts of keys, in the active snapshot; they belong to the transaction. */
extern StoredRows *star_read_keys(MemoryContext parent, const Pipeline *pipeline, const StarTable *table,
								  int pieces, const KeyRelation *keys, Size budget);

#endif /* SESSIONIZE_STAR_READ_H */
