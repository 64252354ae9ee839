/*
 * session_id.h
 *		The identity of a session: the same for the same data, in any database.
 *
 * session_id is BLAKE2b with a digest of 16 bytes (RFC 7693) over the fields (pipeline name, session key, first
 * event_time in microseconds since 2000-01-01 UTC, first event_id), each in its text form in UTF-8, with a
 * zero byte between them; where the event id is NULL, over the name, the key, the time, an empty field and the raw
 * id, and, for the n-th session (n > 1) of which all that is the same, n - 1.  The version and variant bits are then set to those of a UUID version 8.  A cryptographic hash it is
 * because clients choose ids, and two sessions with one id would stop a rebuild.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_ID_H
#define SESSIONIZE_SESSION_ID_H

#include "utils/uuid.h"

#include "source/record.h"

typedef struct SessionIds SessionIds;

/* In CurrentMemoryContext. */
extern SessionIds *session_ids_create(const char *pipeline_name, const RecordFormat *format);

/* All sessions from here on are this key's. */
extern void session_ids_set_key(SessionIds *ids, Datum key);

/* The id of the session that starts with this event. */
extern void session_id(SessionIds *ids, const Record *first, pg_uuid_t *result);

#endif /* SESSIONIZE_SESSION_ID_H */
