/*
 * session_id.c
 *		Computes the ids of sessions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "core/blake2b.h"
#include "derive/session_id.h"

struct SessionIds
{
	const RecordFormat *format;
	StringInfoData input;   /* pipeline name, key, and the fields of a session */
	int name_len;           /* length of the name in input, with the zero byte */
	int key_len;            /* length of name and key in input, with their zero bytes */
	StringInfoData scratch; /* a field in the encoding of the database */
	StringInfoData latest;  /* input of the key's last session without an event id */
	int64 repeated;         /* how often this input has been repeated */
};

/*
 * append_field appends a value's text form in UTF-8.
 */
static void
append_field(SessionIds *ids, const KeyType *type, Datum value)
{
	char *utf8;

	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
	{
		key_type_append_text(type, value, &ids->input);
		return;
	}
	resetStringInfo(&ids->scratch);
	key_type_append_text(type, value, &ids->scratch);
	utf8 = pg_server_to_any(ids->scratch.data, ids->scratch.len, PG_UTF8);
	appendStringInfoString(&ids->input, utf8);
	if (utf8 != ids->scratch.data)
		pfree(utf8);
}

/*
 * session_ids_create prepares for the sessions of a pipeline.
 */
SessionIds *
session_ids_create(const char *id_name, const RecordFormat *format)
{
	SessionIds *ids = palloc0(sizeof(SessionIds));

	ids->format = format;
	initStringInfo(&ids->input);
	initStringInfo(&ids->scratch);
	initStringInfo(&ids->latest);
	appendStringInfoString(&ids->input, pg_server_to_any(id_name, strlen(id_name), PG_UTF8));
	appendStringInfoChar(&ids->input, '\0');
	ids->name_len = ids->input.len;
	return ids;
}

/*
 * session_ids_set_key makes this the key of all sessions that follow.
 */
void
session_ids_set_key(SessionIds *ids, Datum key)
{
	ids->input.len = ids->name_len;
	append_field(ids, &ids->format->key, key);
	appendStringInfoChar(&ids->input, '\0');
	ids->key_len = ids->input.len;
	resetStringInfo(&ids->latest);
}

/*
 * append_time appends a time in microseconds and a zero byte.
 */
static void
append_time(SessionIds *ids, TimestampTz time)
{
	char number[MAXINT8LEN + 1];

	appendBinaryStringInfo(&ids->input, number, pg_lltoa(time, number));
	appendStringInfoChar(&ids->input, '\0');
}

/*
 * append_raw_id appends what identifies an event without an event id.
 *
 * Raw ids need not be unique: the digest of a row is not, if the row was delivered twice.  Sessions
 * that agree in everything follow each other, so it is enough to compare with the last one.
 */
static void
append_raw_id(SessionIds *ids, const Record *first)
{
	appendStringInfoChar(&ids->input, '\0');
	append_field(ids, &ids->format->raw_id, record_raw_id(ids->format, first));
	if (ids->latest.len == ids->input.len &&
		memcmp(ids->latest.data, ids->input.data, ids->input.len) == 0)
		ids->repeated++;
	else
	{
		resetStringInfo(&ids->latest);
		appendBinaryStringInfo(&ids->latest, ids->input.data, ids->input.len);
		ids->repeated = 0;
	}
	if (ids->repeated > 0)
		appendStringInfo(&ids->input, "%c" INT64_FORMAT, '\0', ids->repeated);
}

/*
 * session_id returns the id of the session that starts with an event.
 */
void
session_id(SessionIds *ids, const Record *first, pg_uuid_t *result)
{
	ids->input.len = ids->key_len;
	append_time(ids, first->event_time);
	if (first->flags & RECORD_NO_EVENT_ID)
		append_raw_id(ids, first);
	else
		append_field(ids, &ids->format->event_id, record_event_id(ids->format, first));

	sz_blake2b(ids->input.data, ids->input.len, result->data, UUID_LEN);
	result->data[6] = (result->data[6] & 0x0F) | 0x80;
	result->data[8] = (result->data[8] & 0x3F) | 0x80;
}
