/*
 * star_writer.h
 *		The sink of a rebuild or refresh: what is derived, in natural keys, becomes rows of the star.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_WRITER_H
#define SESSIONIZE_STAR_WRITER_H

#include "apply/memory_plan.h"
#include "apply/table_writer.h"
#include "catalog/pipeline.h"
#include "derive/derive.h"
#include "star/star.h"
#include "star/stored_star.h"
#include "utils/key_meter.h"

/* Keys that are not to be written, whatever is derived of them. */
typedef struct LeftOut
{
	const StaleKeys *keys;
	StarRows rows; /* is set: the rows that stand for these keys in the derivation */
} LeftOut;

typedef struct StarWriter StarWriter;

/* A writer for many pieces, each in a transaction of its own.  As the pipeline's owner. */
extern StarWriter *star_writer_create(MemoryContext parent, const Pipeline *pipeline, WriterMemory memory);

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
