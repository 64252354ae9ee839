/*
 * star_writer.h
 *		The sink of a rebuild or refresh: writes what is derived, in natural keys, as rows of the
 *		star.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_WRITER_H
#define SESSIONIZE_STAR_WRITER_H

#include "apply/memory_plan.h"
#include "apply/table_writer.h"
#include "catalog/pipeline.h"
#include "derive/derive.h"
#include "identity/person_changes.h"
#include "star/star.h"
#include "star/stored_star.h"
#include "utils/key_meter.h"

/* Keys that are not written, whatever is derived of them. */
typedef struct LeftOut
{
	const StaleKeys *keys;
	StarRows rows; /* set: the rows that the derivation has of these keys */
} LeftOut;

typedef struct StarWriter StarWriter;

/*
 * A writer for many pieces, in one or more transactions.  The caller works as the pipeline's owner.
 */
extern StarWriter *
star_writer_create(MemoryContext parent, const Pipeline *pipeline, WriterMemory memory);

/* Have the raw rows of each key counted; NULL: no more. */
extern void star_writer_set_meter(StarWriter *writer, KeyMeter *meter);

/* Have the pairs of dim_user's rows that change added to persons; NULL: no more. */
extern void star_writer_set_persons(StarWriter *writer, PersonChanges *persons);

/*
 * Have a function called with each key that can't be derived (DeriveSink's failed), unless it is
 * left out; NULL: such a key is an error.
 */
typedef void (*FailedKeyTaker)(void *arg, Datum session_key, const char *message);

extern void star_writer_set_failed(StarWriter *writer, FailedKeyTaker failed, void *arg);

/* Have the entries of the index on session ids queued; NULL: made at once. */
extern void star_writer_set_queue(StarWriter *writer, IndexQueue *queue);

/*
 * Derive and write one piece, and set both counts.  left_out may be NULL; the stored rows of its
 * keys must have been left out by stored_star_leave_out.  The rollups, and the notes for exports,
 * lack the piece until star_writer_write_changes, which has to follow in the same subtransaction.
 */
extern void
star_writer_piece(StarWriter *writer, Derivation *derivation, int piece, StoredStar *stored,
				  LeftOut *left_out, DeriveCounts *derived, WriteCounts *written);

/*
 * Write what the pieces since the last call change in the rollups, and for exports on which days
 * they change something.  Once for all pieces of a subtransaction is much cheaper than for each: the
 * pieces have few groups that others lack.
 */
extern void star_writer_write_changes(StarWriter *writer);

#endif /* SESSIONIZE_STAR_WRITER_H */
