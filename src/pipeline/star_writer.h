/*
 * star_writer.h
 *		The sink of a rebuild or refresh: what is derived, in natural keys, becomes rows of the star.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_WRITER_H
#define SESSIONIZE_STAR_WRITER_H

#include "pipeline/derive.h"
#include "pipeline/stored.h"
#include "pipeline/table_writer.h"

/* The rows of the star as they were before any was written. */
typedef struct StoredStar
{
	StoredRows *users;
	StoredRows *sessions;
	StoredRows *events; /* NULL where events are not stored */
	StoredRows *late;   /* NULL where there is no seal */
} StoredStar;

/* Read them, those of the wanted pieces; as the pipeline's owner. */
extern void stored_star_read(StoredStar *star, MemoryContext parent, const Pipeline *pipeline, int pieces,
							 const bool *wanted, Size budget);

/* The same for the rows of some keys, in the active snapshot; they belong to the transaction. */
extern void stored_star_read_keys(StoredStar *star, MemoryContext parent, const Pipeline *pipeline,
								  int pieces, const KeyTable *keys, Size budget);
extern void stored_star_free(StoredStar *star);

typedef struct StarWriter StarWriter;

/* A writer for many pieces, each in a transaction of its own.  As the pipeline's owner. */
extern StarWriter *star_writer_create(MemoryContext parent, const Pipeline *pipeline, Size budget);

/* Write one piece of the derivation; both counts are set. */
extern void star_writer_piece(StarWriter *writer, Derivation *derivation, int piece, StoredStar *stored,
							  DeriveCounts *derived, WriteCounts *written);

#endif /* SESSIONIZE_STAR_WRITER_H */
