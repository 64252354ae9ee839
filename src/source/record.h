/*
 * record.h
 *		One raw row as the derivation keeps it: everything that matters of it, in one flat block of memory
 *		that can be moved, written to a file and compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RECORD_H
#define SESSIONIZE_RECORD_H

#include "storage/itemptr.h"
#include "utils/timestamp.h"

#include "source/source_mapping.h"
#include "utils/key_type.h"
#include "utils/text_view.h"

/* What identifies a row. */
typedef struct RecordFormat
{
	KeyType key;
	KeyType event_id;
	KeyType raw_id;
	uint64 seed;     /* of Record.id_hash, unknown to who chooses event ids */
	bool by_receipt; /* occurred_at is not mapped: received_at is the time a row gives */

	TimestampTz sealed_before; /* raw rows before it have their origin in their record; DT_NOBEGIN: none */
	bool sealed_origins;       /* as have sealed rows */
} RecordFormat;

#define RECORD_RESTART     0x0001
#define RECORD_PAGE_VIEW   0x0002
#define RECORD_NO_EVENT_ID 0x0004
#define RECORD_CORRECTED   0x0008
#define RECORD_CLAMPED     0x0010
#define RECORD_SHIFTED     0x0020 /* the event time is not the one the row gives */
#define RECORD_SEALED      0x0040 /* of a sealed row, not of a raw row */
#define RECORD_ORIGIN      0x0080 /* a RecordOrigin is the last of it */

/* Those that say something of the row. */
#define RECORD_CONTENT_FLAGS                                                                                 \
	(RECORD_RESTART | RECORD_PAGE_VIEW | RECORD_CORRECTED | RECORD_CLAMPED | RECORD_SHIFTED)

/* A text length that means NULL. */
#define RECORD_NULL_TEXT PG_UINT32_MAX

/*
 * The header, followed by the key, the event id unless NULL, the raw id (each 8-byte aligned), the texts one after
 * the other and, aligned again, with RECORD_ORIGIN the origin.  What is between them is zero.
 */
typedef struct Record
{
	uint64 key_hash;
	TimestampTz event_time;
	uint32 size; /* of all, a multiple of 8 */
	uint32 id_hash;
	uint16 flags;
	uint16 event_id; /* offsets from the record's start */
	uint16 raw_id;
	uint16 texts;
	uint32 name_len;
	uint32 user_len;
	uint32 page_len;
	uint32 reserved;
} Record;

#define RECORD_HEADER MAXALIGN(sizeof(Record))

/* Contents of the key and of each id may be this long: the star has btree indexes on them. */
#define RECORD_MAX_KEY      1024
#define RECORD_MAX_EVENT_ID 1024
#define RECORD_MAX_RAW_ID   512

/* All of a record may be this long. */
#define RECORD_MAX_SIZE ((Size) 16 * 1024 * 1024)

/* Where a row lies and what its clocks say, which matters of few rows: those that the seal is about. */
typedef struct RecordOrigin
{
	TimestampTz occurred_at; /* DT_NOBEGIN: NULL, as the next two */
	TimestampTz sent_at;
	TimestampTz received_at;
	Oid table;
	ItemPointerData tid;
} RecordOrigin;

/* What a record is made of. */
typedef struct RecordParts
{
	Datum key;
	uint64 key_hash;
	Datum event_id; /* unless RECORD_NO_EVENT_ID */
	Datum raw_id;
	TimestampTz event_time;
	uint16 flags;
	TextView name;
	TextView user;
	TextView page;
	RecordOrigin origin; /* with RECORD_ORIGIN */
} RecordParts;

/*
 * Where rows go: each comes once, either as it is or as a record, all of it but id_hash.  A row that no event can be
 * made of comes as it is.  What is pointed to lives until the function returns.
 */
typedef struct RowTaker
{
	SourceRowVisitor row;
	void (*record)(void *arg, const Record *record);
	void *arg;
} RowTaker;

/* The size of a record of these (packed) parts. */
extern Size record_size(const RecordFormat *format, const RecordParts *parts);

/* Write it, all but id_hash, to 8-byte aligned memory. */
extern void record_write(const RecordFormat *format, const RecordParts *parts, Size size, Record *record);

/* Fill id_hash in. */
extern void record_hash_id(const RecordFormat *format, Record *record);

/*
 * Order two records of one key by (event_time, event_id, raw_id); those that are equal even so by
 * content, sealed ones first: by event name, user id and page, NULL last, and by the flags below,
 * so that of those that say the same the one that is no page view and does not restart a session
 * comes first. What is equal in all of this as well nobody can tell apart in the star.
 */
extern int record_compare(const RecordFormat *format, const Record *a, const Record *b);

/*
 * A record as bytes that sort, compared one by one, as record_compare orders records of one
 * identity: at most record_sortable_size() of them; record_to_sortable returns how many. And back,
 * to 8-byte aligned memory.
 */
extern Size record_sortable_size(const Record *record);
extern Size record_to_sortable(const Record *record, char *to);
extern Size record_of_sortable_size(const char *from);
extern void record_of_sortable(const char *from, Record *record);

/* Order two records of any keys: by key, then as above. */
extern int record_compare_all(const RecordFormat *format, const Record *a, const Record *b);

/* Whether two records of one key are equal in (event_time, event_id, raw_id). */
extern bool record_same_row(const RecordFormat *format, const Record *a, const Record *b);

/* Whether two copies of an event say the same. */
extern bool record_same_payload(const Record *a, const Record *b);

static inline Datum
record_key(const RecordFormat *format, const Record *record)
{
	return key_type_fetch(&format->key, (const char *) record + RECORD_HEADER);
}

static inline Datum
record_event_id(const RecordFormat *format, const Record *record)
{
	return key_type_fetch(&format->event_id, (const char *) record + record->event_id);
}

static inline Datum
record_raw_id(const RecordFormat *format, const Record *record)
{
	return key_type_fetch(&format->raw_id, (const char *) record + record->raw_id);
}

static inline const RecordOrigin *
record_origin(const Record *record)
{
	Assert(record->flags & RECORD_ORIGIN);
	return (const RecordOrigin *) ((const char *) record + record->size - MAXALIGN(sizeof(RecordOrigin)));
}

static inline uint32
record_text_room(uint32 len)
{
	return len == RECORD_NULL_TEXT ? 0 : len;
}

static inline TextView
record_text(const Record *record, uint32 offset, uint32 len)
{
	TextView view = {NULL, 0};

	if (len != RECORD_NULL_TEXT)
	{
		view.data = (const char *) record + record->texts + offset;
		view.len = len;
	}
	return view;
}

static inline TextView
record_name(const Record *record)
{
	return record_text(record, 0, record->name_len);
}

static inline TextView
record_user(const Record *record)
{
	return record_text(record, record_text_room(record->name_len), record->user_len);
}

static inline TextView
record_page(const Record *record)
{
	return record_text(record, record_text_room(record->name_len) + record_text_room(record->user_len),
					   record->page_len);
}

#endif /* SESSIONIZE_RECORD_H */
