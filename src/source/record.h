/*
 * record.h
 *		A raw row as the derivation keeps it: all that matters of the row, in one flat block of
 *		memory that can be moved, written to a file and compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RECORD_H
#define SESSIONIZE_RECORD_H

#include "storage/itemptr.h"
#include "utils/timestamp.h"

#include "source/source_mapping.h"
#include "access/htup.h"

#include "utils/key_type.h"
#include "utils/row_zones.h"
#include "utils/text_view.h"
#include "utils/value_bytes.h"

/* The types of a row's key, ids and attributes, and which records have an origin. */
typedef struct RecordFormat
{
	KeyType key;
	KeyType event_id;
	KeyType raw_id;
	int nattributes; /* with the zones that rules take from the row */
	SourceColumn columns[KEPT_COLUMNS_MAX];
	ValueLayout attributes[KEPT_COLUMNS_MAX];
	bool is_judged[KEPT_COLUMNS_MAX]; /* its values are not kept (pipeline_contracts.h) */
	int zone[ZONE_RULES];             /* which of them is the zone of a rule; -1: none */
	RowZones *zones;                  /* NULL if no rule takes its zone from the row */
	/* that of a sealed row which has none, since it was sealed before a rule took it from the row */
	TextView sealed_zone[ZONE_RULES];
	uint64 seed;                 /* of Record.id_hash; whoever chooses event ids can't know it */
	bool by_receipt;             /* occurred_at is not mapped: a row's own time is received_at */
	struct ContractJudge *judge; /* contract_judge.h; NULL: rows are not judged by contracts */
	TimestampTz judged_since;    /* rows before it are not judged */
	/* what is kept of quarantined rows (quarantine_rules.h); NULL: a copy of each */
	const struct QuarantineRules *quarantine;

	TimestampTz sealed_before; /* raw rows before it have an origin; DT_NOBEGIN: none */
	bool sealed_origins;       /* sealed rows have an origin */
} RecordFormat;

#define RECORD_RESTART     0x0001
#define RECORD_PAGE_VIEW   0x0002
#define RECORD_NO_EVENT_ID 0x0004
#define RECORD_CORRECTED   0x0008
#define RECORD_CLAMPED     0x0010
#define RECORD_SHIFTED     0x0020 /* the event time is not the row's own time */
#define RECORD_SEALED      0x0040 /* of a sealed row, not of a raw row */
#define RECORD_ORIGIN      0x0080 /* the record ends with a RecordOrigin */

/* The flags that describe the row itself. */
#define RECORD_CONTENT_FLAGS                                                                       \
	(RECORD_RESTART | RECORD_PAGE_VIEW | RECORD_CORRECTED | RECORD_CLAMPED | RECORD_SHIFTED)

/* Set in the offset of an attribute that is NULL. */
#define RECORD_NULL_ATTRIBUTE ((uint32) 1 << 31)

/*
 * The header. It is followed by the key, the event id (unless it is NULL) and the raw id, each
 * aligned to 8 bytes; by the attributes; and, with RECORD_ORIGIN, by the origin, aligned again. All
 * padding is zero.
 *
 * The attributes are an array of one uint32 more than there are attributes, which says where each
 * begins and where the last one ends, as distances from the array, and then the bytes of the values
 * without gaps.  A varlena value has no header there.  So two records have equal attributes if
 * these bytes, the array included, are equal.
 */
typedef struct Record
{
	uint64 key_hash;
	TimestampTz event_time;
	uint32 size; /* of the whole record, a multiple of 8 */
	uint32 id_hash;
	uint16 flags;
	uint16 event_id; /* event_id, raw_id and attributes are offsets from the record's start */
	uint16 raw_id;
	uint16 attributes;
} Record;

#define RECORD_HEADER MAXALIGN(sizeof(Record))

/* The maximal lengths of the key and the ids, since the star has btree indexes on them. */
#define RECORD_MAX_KEY      1024
#define RECORD_MAX_EVENT_ID 1024
#define RECORD_MAX_RAW_ID   512

/* The maximal size of a record. */
#define RECORD_MAX_SIZE ((Size) 16 * 1024 * 1024)

/* A row's place and clocks, which matter only for the few rows that the seal is about. */
typedef struct RecordOrigin
{
	TimestampTz occurred_at; /* DT_NOBEGIN for NULL, as for the other clocks */
	TimestampTz sent_at;
	TimestampTz received_at;
	Oid table;
	ItemPointerData tid;
} RecordOrigin;

/* The parts of a record. */
typedef struct RecordParts
{
	Datum key;
	uint64 key_hash;
	Datum event_id; /* not set with RECORD_NO_EVENT_ID */
	Datum raw_id;
	TimestampTz event_time;
	uint16 flags;
	TextView attributes[KEPT_COLUMNS_MAX]; /* the bytes of the values; no data: NULL */
	Datum words[KEPT_COLUMNS_MAX];         /* memory for the bytes of values passed by value */
	RecordOrigin origin;                   /* set with RECORD_ORIGIN */
	bool warned;                           /* it violates a contract that only warns of it */
} RecordParts;

/*
 * Receives rows, each once: either the row itself, or a record without id_hash, or a faulty row
 * (faulty_row.h). What the arguments point to is valid until the function returns.
 */
typedef struct RowTaker
{
	SourceRowVisitor row;
	void (*record)(void *arg, const Record *record);
	void (*faulty)(void *arg, HeapTuple row);
	void (*filtered)(void *arg, int64 rows); /* so many rows are filtered, and not passed on */
	void (*warned)(void *arg, int64 rows);   /* so many of the records violate a contract */
	void *arg;
} RowTaker;

/*
 * Set a format's types, those of the columns of the view "source", in CurrentMemoryContext.
 * zone_by_row tells which rules take their zones from the row (pipeline.h).
 */
extern void
record_format_init(RecordFormat *format, const Oid *types, int ncolumns, const bool *zone_by_row);

/* The size of a record with these parts, which are packed. */
extern Size record_size(const RecordFormat *format, const RecordParts *parts);

/* Write the record, without id_hash, to memory that is aligned to 8 bytes. */
extern void
record_write(const RecordFormat *format, const RecordParts *parts, Size size, Record *record);

/* Set id_hash. */
extern void record_hash_id(const RecordFormat *format, Record *record);

/*
 * Order two records of one key by (event_time, event_id, raw_id), and if these are equal by
 * content: sealed rows first, then by the bytes of each attribute, with NULL last, and by
 * RECORD_CONTENT_FLAGS. So among records with equal attributes one comes first that is no page view
 * and does not restart a session. Records that are equal even then are ordered by the bytes of
 * their key and ids, and by their origins.
 */
extern int record_compare(const RecordFormat *format, const Record *a, const Record *b);

/*
 * A record as bytes that sort like records with the same key, time and ids in record_compare. There
 * are at most record_sortable_size() bytes; record_to_sortable returns how many. record_of_sortable
 * restores the record, in memory that is aligned to 8 bytes.
 */
extern Size record_sortable_size(const Record *record);
extern Size record_to_sortable(const RecordFormat *format, const Record *record, char *to);
extern Size record_of_sortable_size(const RecordFormat *format, const char *from);
extern void record_of_sortable(const RecordFormat *format, const char *from, Record *record);

/* Order two records of any keys: by key, and then as record_compare does. */
extern int record_compare_all(const RecordFormat *format, const Record *a, const Record *b);

/* Whether two records of one key are equal in (event_time, event_id, raw_id). */
extern bool record_same_row(const RecordFormat *format, const Record *a, const Record *b);

/*
 * Whether two copies of an event have the same payload.  Attributes that were added to the pipeline
 * don't count: those of a row that was sealed before are NULL.
 */
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
	return (const RecordOrigin *) ((const char *) record + record->size -
								   MAXALIGN(sizeof(RecordOrigin)));
}

/*
 * record_attribute_offsets returns the array with which the attributes begin.
 */
static inline const uint32 *
record_attribute_offsets(const Record *record)
{
	return (const uint32 *) ((const char *) record + record->attributes);
}

/*
 * record_attribute returns the bytes of an attribute.
 */
static inline TextView
record_attribute(const Record *record, int attribute)
{
	const uint32 *offsets = record_attribute_offsets(record);
	uint32 begin = offsets[attribute];
	uint32 end = offsets[attribute + 1] & ~RECORD_NULL_ATTRIBUTE;

	if (begin & RECORD_NULL_ATTRIBUTE)
		return (TextView){NULL, 0};
	return (TextView){(const char *) offsets + begin, end - begin};
}

#endif /* SESSIONIZE_RECORD_H */
