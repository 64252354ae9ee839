/*
 * session_id.c
 *		The identity of a session.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "pipeline/session_id.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

struct SessionIds
{
	const RecordFormat *format;
	pg_cryptohash_ctx *hash;
	StringInfoData input;   /* name, key and what follows them */
	int name_len;           /* of input, with the zero byte */
	int key_len;            /* of name and key, with theirs */
	StringInfoData scratch; /* a field in the database's encoding */
};

/*
 * append_field appends a value's text form in UTF-8.
 */
static void
append_field(SessionIds *ids, const ValueType *type, Datum value)
{
	char *utf8;

	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
	{
		value_append_text(type, value, &ids->input);
		return;
	}
	resetStringInfo(&ids->scratch);
	value_append_text(type, value, &ids->scratch);
	utf8 = pg_server_to_any(ids->scratch.data, ids->scratch.len, PG_UTF8);
	appendStringInfoString(&ids->input, utf8);
	if (utf8 != ids->scratch.data)
		pfree(utf8);
}

/*
 * session_ids_begin prepares for the sessions of a pipeline.
 */
SessionIds *
session_ids_begin(const char *pipeline_name, const RecordFormat *format)
{
	SessionIds *ids = palloc0(sizeof(SessionIds));

	ids->format = format;
	ids->hash = pg_cryptohash_create(PG_SHA256);
	initStringInfo(&ids->input);
	initStringInfo(&ids->scratch);
	appendStringInfoString(&ids->input, pg_server_to_any(pipeline_name, strlen(pipeline_name), PG_UTF8));
	appendStringInfoChar(&ids->input, '\0');
	ids->name_len = ids->input.len;
	return ids;
}

/*
 * session_ids_set_key makes all sessions from here on this key's.
 */
void
session_ids_set_key(SessionIds *ids, Datum key)
{
	ids->input.len = ids->name_len;
	append_field(ids, &ids->format->key, key);
	appendStringInfoChar(&ids->input, '\0');
	ids->key_len = ids->input.len;
}

/*
 * session_id returns the id of the session that starts with an event.
 */
void
session_id(SessionIds *ids, const Record *first, pg_uuid_t *result)
{
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	char number[MAXINT8LEN + 1];

	ids->input.len = ids->key_len;
	appendBinaryStringInfo(&ids->input, number, pg_lltoa(first->event_time, number));
	appendStringInfoChar(&ids->input, '\0');
	if (first->flags & RECORD_NO_EVENT_ID)
	{
		appendStringInfoChar(&ids->input, '\0');
		append_field(ids, &ids->format->raw_id, record_raw_id(ids->format, first));
	}
	else
		append_field(ids, &ids->format->event_id, record_event_id(ids->format, first));

	if (ids->hash == NULL || pg_cryptohash_init(ids->hash) < 0 ||
		pg_cryptohash_update(ids->hash, (const uint8 *) ids->input.data, ids->input.len) < 0 ||
		pg_cryptohash_final(ids->hash, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(ids->hash));
	memcpy(result->data, digest, UUID_LEN);
	result->data[6] = (result->data[6] & 0x0F) | 0x80;
	result->data[8] = (result->data[8] & 0x3F) | 0x80;
}

/*
 * session_ids_end frees what is not in memory contexts.
 */
void
session_ids_end(SessionIds *ids)
{
	pg_cryptohash_free(ids->hash);
	ids->hash = NULL;
}
