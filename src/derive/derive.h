/*
 * derive.h
 *		From raw rows to events, sessions and user versions: the pure function all of the star is.
 *
 * A derivation reads the pipeline's source once, in one snapshot, and splits it by a hash of the
 * session key into pieces that lie in memory up to a budget and in temporary files beyond it.  Then,
 * piece by piece, each key's rows come out in (event_time, event_id, raw_id) order, are deduplicated
 * and folded, and what they amount to is handed to a sink.  Surrogate keys are not known here: the
 * output is in natural keys.
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
 * The caller of all these works as the pipeline's owner (owner_scope_enter).
 *
 * derive_begin prepares a derivation in a child of parent; when parent is reset or deleted, after an error too,
 * the derivation is gone with its temporary files.  pieces is a power of two up to DERIVE_MAX_PIECES, 0 to
 * choose one from the size of the source and the budget, which is in bytes.
 */
#define DERIVE_MAX_PIECES 1024

extern Derivation *derive_begin(const Pipeline *pipeline, MemoryContext parent, int pieces, Size budget);

/* How many rows may be derived in memory at once with such a budget, roughly. */
extern int64 derive_piece_rows(Size budget);

/*
 * Have the sink's sealed rows say where they lie and what their clocks said, or have no sealed rows read at all.
 * Before anything is read.
 */
extern void derive_for_seal(Derivation *derivation, bool with_sealed);

/*
 * derive_read reads the source, once, in the given snapshot.  Rows that no event can be made of go to
 * the quarantine.  wanted, if not NULL, has a flag for each piece: the others are digested, not kept.
 * Only when an expression of the view fails on a row the source is read again, more slowly; progress then
 * counts from 0 again.
 */
extern void derive_read(Derivation *derivation, Snapshot snapshot, const bool *wanted,
						DeriveProgress progress, void *progress_arg);

/* The same for the rows of some keys only, all pieces wanted.  The keys must stay until it returns. */
extern void derive_read_keys(Derivation *derivation, Snapshot snapshot, const KeyRelation *keys);

/*
 * The keys that have a window are derived in that part alone; where there is a seal, that must be all keys that are read.  To be
 * called before the rows are read; the windows must stay until derive_end.  derive_check_windows, before derive_piece, finds out which of a piece's windows hold (window.h); the keys
 * of the others are left out.
 */
extern void derive_use_windows(Derivation *derivation, Windows *windows);
extern void derive_check_windows(Derivation *derivation, int piece);

/* How the derivation reads the source; lives as long as it. */
extern const SourceMapping *derive_mapping(const Derivation *derivation);

extern int derive_pieces(const Derivation *derivation);
extern PieceDigest derive_digest(const Derivation *derivation, int piece);

/* raw_rows and quarantined of all pieces, wanted or not; the other counts are 0. */
extern const DeriveCounts *derive_read_counts(const Derivation *derivation);

/*
 * The quarantined rows of derive_read: (raw_id text, session_key, reason text, detail text,
 * received_at timestamptz, row jsonb).  They belong to the transaction that read, which must call
 * derive_quarantine_end, whether it has looked at them or not, before it commits.
 */
extern Tuplestorestate *derive_quarantine(Derivation *derivation, TupleDesc *desc);
extern void derive_quarantine_end(Derivation *derivation);

/*
 * derive_piece hands the piece's events, sessions and users to the sink and frees its memory and files:
 * once for each wanted piece.  counts is set, not added to.
 */
extern void derive_piece(Derivation *derivation, int piece, const DeriveSink *sink, DeriveCounts *counts);

/* Free everything, temporary files included; also after an error. */
extern void derive_end(Derivation *derivation);

#endif /* SESSIONIZE_DERIVE_H */
