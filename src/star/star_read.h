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

/* The sequence of a table's surrogate key. */
extern Oid star_sequence(const Pipeline *pipeline, const StarTable *table);

/*
 * Read a table's rows in the shape of star_row_shape().  The arguments are those of StoredQuery
 * (stored_rows.h).
 */
extern StoredRows *
star_read_rows(MemoryContext parent, const Pipeline *pipeline, const StarTable *table, int pieces,
			   const bool *wanted, Size budget, bool read_only);

/* Read the rows in the active snapshot, except those of stale keys. */
extern StoredRows *
star_read_settled(MemoryContext parent, const Pipeline *pipeline, const StarTable *table,
				  int pieces, const bool *wanted, const StaleKeys *stale, Size budget);

/*
 * Read the rows of some keys, and of parts of keys, in the active snapshot.  The result must not
 * outlive the transaction.
 */
extern StoredRows *
star_read_keys(MemoryContext parent, const Pipeline *pipeline, const StarTable *table, int pieces,
			   const KeyRelation *keys, Size budget);

#endif /* SESSIONIZE_STAR_READ_H */
