/*
 * derived.h
 *		What a derivation hands out: events, sessions, versions of users, and the rows that a seal is about.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DERIVED_H
#define SESSIONIZE_DERIVED_H

#include "storage/itemptr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "utils/text_view.h"

/* One deduplicated, valid event.  All that is pointed to lives until the callback returns. */
typedef struct DerivedEvent
{
	Datum session_key;
	TimestampTz event_time;
	NullableDatum event_id;
	Datum raw_id;
	pg_uuid_t session_id;
	TextView event_name;
	TextView page;
	bool page_view;
	TimestampTz session_started_at;
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
	bool is_bounce;              /* it has one event */
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
	bool is_current; /* the last version */
	bool is_first;   /* of the key's that are derived */
} DerivedUser;

/* A raw row that the seal is about, or a sealed one. */
typedef struct DerivedRow
{
	Datum session_key;
	TimestampTz event_time;
	NullableDatum event_id;
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

#endif /* SESSIONIZE_DERIVED_H */
