/*
 * piece_failures.h
 *		The keys of a rebuild's piece that can't be derived. What the star has of them stays as it
 *		is.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PIECE_FAILURES_H
#define SESSIONIZE_PIECE_FAILURES_H

#include "apply/star_writer.h"
#include "catalog/pipeline.h"
#include "star/stored_star.h"

typedef struct PieceFailures PieceFailures;

/*
 * Have the writer note the keys of a piece that fail, in CurrentMemoryContext, and keep the stored
 * rows of these keys.
 */
extern PieceFailures *
piece_failures_begin(StarWriter *writer, StoredStar *stored, int piece, const Pipeline *pipeline);

/*
 * To be called when the piece is written: record the keys as failed keys, and return their number.
 */
extern int64 piece_failures_end(PieceFailures *failures);

#endif /* SESSIONIZE_PIECE_FAILURES_H */
