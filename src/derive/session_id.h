/*
 * session_id.h
 *		Computes the id of a session: the same id for the same data, in any database.
 *
 * session_id is a BLAKE2b digest of 16 bytes (RFC 7693) with the version and variant bits of a UUID
 * version 8.  It is computed over these fields, each in its text form in UTF-8, with a zero byte
 * between them: the pipeline's id_name, session key, first event_time in microseconds since
 * 2000-01-01 UTC, first event_id.
 *
 * If the event id is NULL, an empty field and the raw id take its place.  Of several sessions for
 * which all these fields are equal, the n-th one (n > 1) has n - 1 as another field.
 *
 * The hash is cryptographic because clients choose event ids, and two sessions with the same id
 * would make a rebuild fail.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_ID_H
#define SESSIONIZE_SESSION_ID_H

#include "utils/uuid.h"

#include "source/record.h"

typedef struct SessionIds SessionIds;

/* Create in CurrentMemoryContext; format must stay. */
extern SessionIds *session_ids_create(const char *id_name, const RecordFormat *format);

/* All sessions from now on belong to this key. */
extern void session_ids_set_key(SessionIds *ids, Datum key);

/* Compute the id of the session that starts with this event. */
extern void session_id(SessionIds *ids, const Record *first, pg_uuid_t *result);

#endif /* SESSIONIZE_SESSION_ID_H */
