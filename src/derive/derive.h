/*
 * derive.h
 *		From raw rows to events, sessions and user versions: the pure function that all of the star
 *		is computed by.
 *
 * A derivation reads the pipeline's source once, in one snapshot, and splits the rows by a hash of
 * the session key into pieces, which lie in memory up to a budget and in temporary files beyond
 * it.  Then, piece by piece, each key's rows are sorted by (event_time, event_id, raw_id),
 * deduplicated and folded, and the results are handed to a sink.  Surrogate keys are not known
 * here: the output is in natural keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DERIVE_H
#define SESSIONIZE_DERIVE_H

#include "utils/snapshot.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"

#include "catalog/pipeline.h"
#include "derive/derived.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"
#include "utils/key_type.h"
#include "window/window.h"

typedef struct Derivation Derivation;

/* Called every few thousand rows of derive_read. */
typedef void (*DeriveProgress)(void *arg, int64 rows_read);

/*
 * For all functions here the caller works as the pipeline's owner (owner_scope_enter).
 *
 * derive_begin prepares a derivation in a child of parent.  When parent is reset or deleted, after
 * an error too, the derivation and its temporary files are gone.  pieces is a power of two up to
 * DERIVE_MAX_PIECES, or 0 to choose a number from the size of the source and the budget, which is
 * in bytes.
 */
#define DERIVE_MAX_PIECES 1024

extern Derivation *
derive_begin(const Pipeline *pipeline, MemoryContext parent, int pieces, Size budget);

/*
 * A sample of the keys: of so many pieces those that "wanted" has a flag for, the first ones, as
 * many as make up this part of the keys. It is always the same keys of a type.
 */
#define DERIVE_SAMPLE_PIECES 256

extern bool *derive_sample(double part);

/* About how many rows a piece may have to be derived in memory with this budget. */
extern int64 derive_piece_rows(Size budget);

/*
 * To be called before rows are read, by the moving of a seal: with_sealed, the sink gets the sealed
 * rows with their places and clocks; otherwise no sealed rows are read.
 */
extern void derive_for_seal(Derivation *derivation, bool with_sealed);

/*
 * Read the source in this snapshot.  Rows that no event can be made of go to the quarantine.
 * Rows that are filtered are counted, and belong to no piece.
 * wanted, if not NULL, has a flag for each piece: rows of the other pieces go into the digests
 * only.  If an expression of the view fails on a row, the source is read a second time, more
 * slowly, and the count given to progress starts from 0 again.
 */
extern void derive_read(Derivation *derivation, Snapshot snapshot, const bool *wanted,
						DeriveProgress progress, void *progress_arg);

/*
 * Read the rows of these keys only; all pieces are wanted.  keys must stay until the function
 * returns.
 */
extern void derive_read_keys(Derivation *derivation, Snapshot snapshot, const KeyRelation *keys);

/*
 * Have the keys that have a window derived in their windows alone.  To be called before the rows
 * are read; windows must stay until derive_end.  If the pipeline has a seal, every key that is read
 * must have a window.  derive_check_windows, to be called before derive_piece, finds out which of a
 * piece's windows hold, that is, give the same star as their whole keys (window.h).  derive_piece
 * leaves out the keys whose windows do not hold.
 */
extern void derive_use_windows(Derivation *derivation, Windows *windows);
extern void derive_check_windows(Derivation *derivation, int piece);

/* How the derivation reads the source; lives as long as the derivation. */
extern const SourceMapping *derive_mapping(const Derivation *derivation);

extern int derive_pieces(const Derivation *derivation);
extern PieceDigest derive_digest(const Derivation *derivation, int piece);

/* raw_rows, quarantined, filtered and warned for all pieces, wanted or not; the other counts are 0. */
extern const DeriveCounts *derive_read_counts(const Derivation *derivation);

/*
 * The quarantined rows of derive_read: the stored columns of faulty rows (faulty_row.h), and the
 * raw row as jsonb.  They belong to the transaction that has read the source.
 * It must call derive_quarantine_end before it commits, even if it does not use the rows.
 */
extern Tuplestorestate *derive_quarantine(Derivation *derivation, TupleDesc *desc);
extern void derive_quarantine_end(Derivation *derivation);

/*
 * Hand the events, sessions and users of a piece to the sink, and free the piece's memory and
 * files.  To be called once for each wanted piece.  counts is set, not added to.
 */
extern void
derive_piece(Derivation *derivation, int piece, const DeriveSink *sink, DeriveCounts *counts);

/* For DeriveSink's failed: nothing is done about a key that can't be derived. */
extern void derive_ignore_failed(void *arg, Datum session_key, const char *message);

/* Free everything, including temporary files.  May be called after an error. */
extern void derive_end(Derivation *derivation);

#endif /* SESSIONIZE_DERIVE_H */
