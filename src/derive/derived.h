/*
 * derived.h
 *		What a derivation returns: events, sessions, versions of users, and the rows that a seal is
 *		about.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DERIVED_H
#define SESSIONIZE_DERIVED_H

#include "storage/itemptr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "catalog/pipeline.h"
#include "utils/text_view.h"

/* One deduplicated, valid event.  Everything pointed to lives until the callback returns. */
typedef struct DerivedEvent
{
	Datum session_key;
	TimestampTz event_time;
	NullableDatum event_id;
	Datum raw_id;
	pg_uuid_t session_id;
	bool page_view;
	int32 day; /* local date of event_time, a Julian day */
	TimestampTz session_started_at;
	TimestampTz user_valid_from;   /* with session_key, identifies a version in dim_user */
	const NullableDatum *measures; /* in the order of the definition; NULL: there are none */
	const TextView *members;       /* of the dimensions of events, in order (member.h) */
	TextView attributes[ATTRIBUTES_MAX];
} DerivedEvent;

/* One session, handed over after its last event. */
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
	TextView exit_page;          /* of its last page view; NULL without one */
	bool is_bounce;              /* the session has one event, or as the bounce rule says */
	int32 day;                   /* local date of started_at, a Julian day */
	int32 same_start;            /* sessions of the key before it that start at the same time */
	int64 session_index;         /* 1 for the key's first session, or the first that is derived */
	int64 duplicates;            /* raw rows that are duplicates of the session's events */
	int64 conflicts;             /* duplicates whose payload differs from the event's */
	int64 shifted;               /* raw rows whose event time is not the one they give */
	TimestampTz copies_until;    /* time of the last duplicate if after ended_at; else DT_NOBEGIN */
	TimestampTz user_valid_from; /* of the version of the user at ended_at */
	NullableDatum started_by;    /* text: why it starts; NULL: it is the key's first session */
	NullableDatum ended_by;      /* text: why the next session starts; NULL: none follows */
	Datum seen_before; /* bytea: digest of the last value of restart_on_change before it */
	const NullableDatum *measures; /* in the order of the definition; NULL: there are none */
	const TextView *members;       /* of the dimensions of sessions, in order (member.h) */
} DerivedSession;

/*
 * One version of a key's user.  The user at an instant is the last user_id, in the order of events,
 * of all events of the key up to and including the instant; NULL if none of these has one.  So of
 * several user_ids at one instant the last one counts, for all events of the instant.  A version is
 * valid from the first instant with its user (DT_NOBEGIN for the key's first version) until the
 * next version begins (DT_NOEND for the last one).
 */
typedef struct DerivedUser
{
	Datum session_key;
	TextView user_id;
	TimestampTz valid_from;
	TimestampTz valid_to;
	bool is_current; /* the last version of the key */
	bool is_first;   /* the first of the versions that are derived */
} DerivedUser;

/* A late, sealed or twin row. */
typedef struct DerivedRow
{
	Datum session_key;
	TimestampTz event_time;
	NullableDatum event_id;
	Datum raw_id;
	bool restart;
	bool page_view;
	TimestampTz occurred_at; /* DT_NOBEGIN means NULL, also in the next two */
	TimestampTz sent_at;
	TimestampTz received_at;
	Oid table;
	ItemPointerData tid;
	TextView kept[KEPT_COLUMNS_MAX]; /* the values of kept_columns() */
} DerivedRow;

/*
 * The callbacks that receive the results of a derivation.  For each key, first come the versions of
 * its user, at least one, then its sessions in ascending order, each after its events;
 * user_valid_from ascends with them.  Keys come one by one, in no meaningful order.  Late, sealed
 * and twin rows come before their key, or all of them before the first key.  The callbacks must not
 * change CurrentMemoryContext.
 */
typedef struct DeriveSink
{
	void (*event)(void *arg, const DerivedEvent *event); /* NULL: events are not wanted */
	void (*session)(void *arg, const DerivedSession *session);
	void (*user)(void *arg, const DerivedUser *user); /* NULL: users are not wanted */

	/*
	 * late: a raw row before the seal's horizon that is not sealed.  sealed: a sealed row; is_first
	 * tells whether it is the first of several equal ones.  twin: a raw row that is also sealed,
	 * after its sealed row.  Each may be NULL.
	 */
	void (*late)(void *arg, const DerivedRow *row);
	void (*sealed)(void *arg, const DerivedRow *row, bool is_first);
	void (*twin)(void *arg, const DerivedRow *row);

	/*
	 * A key that can't be derived, since a sum is out of range, with the message that says so.
	 * Nothing else of the key is handed over or counted, except late, sealed and twin rows.  NULL:
	 * such a key is an error.
	 */
	void (*failed)(void *arg, Datum session_key, const char *message);
	void *arg;
} DeriveSink;

/*
 * For each piece, raw_rows + sealed = events + duplicates + late + twins + quarantined.  Without a
 * seal, sealed, late and twins are 0.  Rows that are filtered belong to no piece; for all that was
 * read, they are part of raw_rows and of the sum on the right.
 */
typedef struct DeriveCounts
{
	int64 raw_rows;
	int64 sealed; /* sealed rows that events can be made of */
	int64 twins;  /* raw rows that are sealed as well */
	int64 late;   /* raw rows before the horizon that are not sealed */
	int64 events;
	int64 duplicates;
	int64 conflicts; /* duplicates whose payload differs from the event's */
	int64 quarantined;
	int64 filtered;  /* raw rows for which the pipeline's filter is not true */
	int64 warned;    /* raw rows that violate a contract which only warns of it */
	int64 corrected; /* events whose device clock was off */
	int64 clamped;   /* events clamped to max_lead after their arrival */
	int64 sessions;
	int64 keys;
} DeriveCounts;

/*
 * A digest of all that decides the results of a piece's rows, in which the order of the rows does
 * not matter.  Equal digests mean equal results.  A row without a session key, or with one that is
 * too long, belongs to piece 0.
 */
typedef struct PieceDigest
{
	uint64 sum[2];
} PieceDigest;

#endif /* SESSIONIZE_DERIVED_H */
