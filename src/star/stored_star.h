/*
 * stored_star.h
 *		The rows of the star as they were before any was written.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STORED_STAR_H
#define SESSIONIZE_STORED_STAR_H

#include "catalog/star_relation.h"
#include "spi/key_relation.h"
#include "star/star.h"
#include "star/stored_rows.h"

/* Of each table whose rows belong to pieces; NULL where the pipeline has no use of the table. */
typedef struct StoredStar
{
	StoredRows *rows[STAR_RELATION_COUNT];
} StoredStar;

/* Read the rows of the wanted pieces; as the pipeline's owner. */
extern void stored_star_read(StoredStar *star, MemoryContext parent, const Pipeline *pipeline, int pieces,
							 const bool *wanted, Size budget);

/* The same for the rows of some keys, in the active snapshot; they belong to the transaction. */
extern void stored_star_read_keys(StoredStar *star, MemoryContext parent, const Pipeline *pipeline,
								  int pieces, const KeyRelation *keys, Size budget);

/* Leave out a piece's rows of some keys. */
extern void stored_star_leave_out(StoredStar *star, int piece, const StaleKeys *keys);

/* The same for keys of which nothing is derived; star_writer_piece looks for them (stored_rows.h). */
extern void stored_star_set_aside(StoredStar *star, int piece, const StaleKeys *keys);
extern void stored_star_free(StoredStar *star);

#endif /* SESSIONIZE_STORED_STAR_H */
