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
#include "spi/claimed_keys.h"
#include "utils/value.h"
#include "window/window.h"

/* One deduplicated, valid event.  All that is pointed to lives until the callback returns. */
typedef struct DerivedEvent
{
	Datum session_key;
	TimestampTz event_time;
	Datum event_id;
	bool event_id_isnull;
	Datum raw_id;
	pg_uuid_t session_id;
	TextView event_name;
	TextView page;
	bool page_view;
	TimestampTz user_valid_from; /* which version of dim_user: (session_key, user_valid_from) */
} DerivedEvent;

/* One session, after its last event. */
typedef struct DerivedSession
{
	pg_uuid_t session_id;
	Datum session_key;
	TimestampTz started_at;
	TimestampTz ended_at;
	int64 events;
	int64 page_views;
	int64 distinct_pages;        /* among its page views */
	TextView entry_page;         /* of its first page view; NULL without one */
	TextView exit_page;          /* of its last */
	int64 duplicates;            /* raw rows that are duplicates of its events */
	int64 conflicts;             /* those of them whose payload differs from the event's */
	int64 shifted;               /* raw rows whose event time is not the one they give */
	TimestampTz copies_until;    /* the last duplicate, if it comes after ended_at; else DT_NOBEGIN */
	TimestampTz user_valid_from; /* version of the user at ended_at */
} DerivedSession;

/*
 * One version of a key's user.  The user at an instant is the last user_id, in the order of events, that an event
 * of the key up to and at that instant says; NULL before any does.  A version is valid from the first
 * instant with its user (DT_NOBEGIN for the key's first version) up to the next version's (DT_NOEND for the last).
 * So of several user_ids at one instant the last one counts, for all events of the instant.
 */
typedef struct DerivedUser
{
	Datum session_key;
	TextView user_id;
	TimestampTz valid_from;
	TimestampTz valid_to;
	bool is_first; /* of the key's that are derived */
} DerivedUser;

/* A raw row that the seal is about, or a sealed one. */
typedef struct DerivedRow
{
	Datum session_key;
	TimestampTz event_time;
	Datum event_id;
	bool event_id_isnull;
	Datum raw_id;
	TextView event_name;
	TextView user_id;
	TextView page;
	bool restart;
	bool page_view;
	TimestampTz occurred_at; /* DT_NOBEGIN: NULL, as the next two */
	TimestampTz sent_at;
	TimestampTz received_at;
	Oid table;
	ItemPointerData tid;
} DerivedRow;

/*
 * What a key amounts to: first its user's versions, at least one, then its sessions in ascending order, each
 * preceded by its events, and user_valid_from ascends with them.  Keys come one by one, in no order that means
 * anything.  Rows that the seal is about come before their key, or all before the first key.
 * A sink must not change the current memory context.
 */
typedef struct DeriveSink
{
	void (*event)(void *arg, const DerivedEvent *event); /* NULL: not wanted */
	void (*session)(void *arg, const DerivedSession *session);
	void (*user)(void *arg, const DerivedUser *user); /* likewise */

	/*
	 * A raw row before the seal's horizon that is not sealed; a sealed row, the first of those that are the same or
	 * not; and a raw row that is one of the sealed rows before it.  NULL: not wanted.
	 */
	void (*late)(void *arg, const DerivedRow *row);
	void (*sealed)(void *arg, const DerivedRow *row, bool is_first);
	void (*twin)(void *arg, const DerivedRow *row);
	void *arg;
} DeriveSink;

/*
 * raw_rows + sealed = events + duplicates + late + twins + quarantined, for each piece and so for all; without a seal
 * sealed, late and twins are 0.
 */
typedef struct DeriveCounts
{
	int64 raw_rows;
	int64 sealed; /* rows, of which an event can be made */
	int64 twins;  /* raw rows that are sealed */
	int64 late;   /* raw rows that are not, but before the horizon */
	int64 events;
	int64 duplicates;
	int64 conflicts; /* among duplicates: those whose payload is not the event's */
	int64 quarantined;
	int64 corrected; /* events whose device clock was off */
	int64 clamped;   /* events from the future */
	int64 sessions;
	int64 keys;
} DeriveCounts;

/*
 * An order-independent digest of a piece's source rows: of all the mapped columns decide.  Equal digests mean
 * equal results.  A row without a key, or with one that is too long, belongs to piece 0.
 */
typedef struct PieceDigest
{
	uint64 sum[2];
} PieceDigest;

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
extern void derive_read_keys(Derivation *derivation, Snapshot snapshot, const ClaimedKeys *keys);

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
 * The piece a session key belongs to, out of so many; the same on every machine and in every release for
 * keys of type text, uuid, bytea and the integer types, in one major release for others.
 */
extern int derive_piece_of(const Pipeline *pipeline, Datum session_key, int pieces);

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
