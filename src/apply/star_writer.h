/*
 * star_writer.h
 *		The sink of a rebuild or refresh: what is derived, in natural keys, becomes rows of the star.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_WRITER_H
#define SESSIONIZE_STAR_WRITER_H

#include "apply/table_writer.h"
#include "derive/derive.h"
#include "star/star.h"
#include "star/stored.h"
#include "utils/key_meter.h"

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
								  int pieces, const ClaimedKeys *keys, Size budget);

/* Leave out a piece's rows of some keys. */
extern void stored_star_leave_out(StoredStar *star, int piece, const StaleKeys *keys);

/* The same for keys of which nothing is derived; star_writer_piece looks for them (stored.h). */
extern void stored_star_set_aside(StoredStar *star, int piece, const StaleKeys *keys);
extern void stored_star_free(StoredStar *star);

/* Keys that are not to be written, whatever is derived of them. */
typedef struct LeftOut
{
	const StaleKeys *keys;
	StarRows rows; /* is set: the rows that stand for these keys in the derivation */
} LeftOut;

typedef struct StarWriter StarWriter;

/* A writer for many pieces, each in a transaction of its own.  As the pipeline's owner. */
extern StarWriter *star_writer_create(MemoryContext parent, const Pipeline *pipeline, Size budget);

/* Have a meter told of each key's raw rows. */
extern void star_writer_set_meter(StarWriter *writer, KeyMeter *meter);

/* Have the entries of the index of session ids put into a queue; NULL: made at once. */
extern void star_writer_set_queue(StarWriter *writer, IndexQueue *queue);

/*
 * Write one piece of the derivation; both counts are set.  left_out may be NULL; what is stored of its keys has
 * been left out by stored_star_leave_out.
 */
extern void star_writer_piece(StarWriter *writer, Derivation *derivation, int piece, StoredStar *stored,
							  LeftOut *left_out, DeriveCounts *derived, WriteCounts *written);

#endif /* SESSIONIZE_STAR_WRITER_H */
