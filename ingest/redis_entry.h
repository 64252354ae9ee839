/*
 * redis_entry.h
 *		Ids and entries of a Redis stream, and how an entry becomes a request.
 *
 * An entry has the field "body", and perhaps "protocol" (generic without it), "headers" (a JSON
 * object) and "received_at" (microseconds since 1970; the time in the entry's id without it).  An
 * entry without a body is an event by itself: its fields are the keys of a JSON object.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_REDIS_ENTRY_H
#define INGEST_REDIS_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct StreamId
{
	uint64_t milliseconds;
	uint64_t number;
} StreamId;

/* A field or a value of an entry. */
typedef struct EntryText
{
	const char *bytes;
	size_t length;
} EntryText;

/* Bytes that grow. */
typedef struct ByteBuffer
{
	unsigned char *bytes;
	size_t length;
	size_t capacity;
} ByteBuffer;

/* Read an id; an empty text is the id before all others. */
extern bool stream_id_read(const char *text, StreamId *id);
extern int stream_id_compare(StreamId a, StreamId b);

/*
 * Append an entry as a frame.  texts has fields and values in turns.  False if the frame would be
 * too large, or without memory.
 */
extern bool entry_append_frame(ByteBuffer *buffer, const char *stream, StreamId id,
							   const EntryText *texts, size_t count);

#endif /* INGEST_REDIS_ENTRY_H */
