/*
 * stored_star.h
 *		The rows of the star's tables, as they are before a rebuild or refresh writes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STORED_STAR_H
#define SESSIONIZE_STORED_STAR_H

#include "catalog/star_relation.h"
#include "spi/key_relation.h"
#include "star/star.h"
#include "star/stored_rows.h"

/* The rows of each table that is split into pieces; NULL if the pipeline doesn't use the table. */
typedef struct StoredStar
{
	StoredRows *rows[STAR_RELATION_COUNT];
} StoredStar;

/* Read the rows of the wanted pieces.  Runs as the pipeline's owner. */
extern void stored_star_read(StoredStar *star, MemoryContext parent, const Pipeline *pipeline,
							 int pieces, const bool *wanted, Size budget);

/* Read the rows of some keys in the active snapshot.  They must not outlive the transaction. */
extern void stored_star_read_keys(StoredStar *star, MemoryContext parent, const Pipeline *pipeline,
								  int pieces, const KeyRelation *keys, Size budget);

/* Leave out a piece's rows of some keys. */
extern void stored_star_leave_out(StoredStar *star, int piece, const StaleKeys *keys);

/*
 * Keep stored rows of some keys for which nothing is derived: star_writer_piece doesn't delete them
 * (stored_rows_set_aside).  Late rows are no part of this.
 */
extern void stored_star_set_aside(StoredStar *star, int piece, const StaleKeys *keys);
extern void stored_star_free(StoredStar *star);

#endif /* SESSIONIZE_STORED_STAR_H */
