/*
 * redis_entry.c
 *		Ids and entries of a Redis stream, and how an entry becomes a request.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "redis_entry.h"

#define KEPT_OF_LARGE ((size_t) 1024 * 1024) /* of the body of an entry that is no frame's size */

/*
 * stream_id_read reads an id, MILLISECONDS-NUMBER.
 */
bool
stream_id_read(const char *text, StreamId *id)
{
	char *end;

	*id = (StreamId){0, 0};
	if (*text == '\0')
		return true;
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	id->milliseconds = strtoull(text, &end, 10);
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		id->number = strtoull(end + 1, &end, 10);
	return errno == 0 && *end == '\0';
}

/*
 * stream_id_compare compares two ids.
 */
int
stream_id_compare(StreamId a, StreamId b)
{
	if (a.milliseconds != b.milliseconds)
		return a.milliseconds < b.milliseconds ? -1 : 1;
	return a.number < b.number ? -1 : a.number > b.number;
}

/*
 * reserve makes room for more bytes.
 */
static bool
reserve(ByteBuffer *buffer, size_t more)
{
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : 4096;
	unsigned char *bytes;

	while (capacity - buffer->length < more)
		capacity *= 2;
	if (capacity == buffer->capacity)
		return true;
	bytes = realloc(buffer->bytes, capacity);
	if (bytes == NULL)
		return false;
	buffer->bytes = bytes;
	buffer->capacity = capacity;
	return true;
}

/*
 * append appends bytes.
 */
static bool
append(ByteBuffer *buffer, const void *bytes, size_t length)
{
	if (!reserve(buffer, length))
		return false;
	memcpy(buffer->bytes + buffer->length, bytes, length);
	buffer->length += length;
	return true;
}

/*
 * append_json appends a text as a string of JSON.
 */
static bool
append_json(ByteBuffer *buffer, EntryText text)
{
	bool done = append(buffer, "\"", 1);

	for (size_t i = 0; done && i < text.length; i++)
	{
		unsigned char c = (unsigned char) text.bytes[i];
		char escape[8];

		if (c == '"' || c == '\\')
			done = append(buffer, "\\", 1) && append(buffer, &c, 1);
		else if (c >= ' ')
			done = append(buffer, &c, 1);
		else
			done = append(buffer, escape, (size_t) snprintf(escape, sizeof(escape), "\\u%04x", c));
	}
	return done && append(buffer, "\"", 1);
}

/*
 * find returns the value of a field; bytes is NULL if there is no such field.
 */
static EntryText
find(const EntryText *texts, size_t count, const char *field)
{
	for (size_t i = 0; i + 1 < count; i += 2)
		if (texts[i].length == strlen(field) && memcmp(texts[i].bytes, field, texts[i].length) == 0)
			return texts[i + 1];
	return (EntryText){NULL, 0};
}

/*
 * append_fields appends an entry's fields as a JSON object.
 */
static bool
append_fields(ByteBuffer *buffer, const EntryText *texts, size_t count)
{
	bool done = append(buffer, "{", 1);

	for (size_t i = 0; done && i + 1 < count; i += 2)
		done = (i == 0 || append(buffer, ",", 1)) && append_json(buffer, texts[i]) &&
			   append(buffer, ":", 1) && append_json(buffer, texts[i + 1]);
	return done && append(buffer, "}", 1);
}

/*
 * received_time returns when an entry was received.
 */
static int64_t
received_time(EntryText given, StreamId id)
{
	char text[32];
	char *end;
	long long time;

	if (given.bytes != NULL && given.length > 0 && given.length < sizeof(text))
	{
		memcpy(text, given.bytes, given.length);
		text[given.length] = '\0';
		errno = 0;
		time = strtoll(text, &end, 10);
		if (errno == 0 && *end == '\0')
			return time;
	}
	return id.milliseconds <= INT64_MAX / 1000 ? (int64_t) id.milliseconds * 1000 : INT64_MAX;
}

/*
 * cut makes a frame that can be kept of one that can't: it has the beginning of the body, and says
 * that it is to be rejected.
 */
static void
cut(Frame *frame)
{
	static const char why[] = "{\":error\":\"the entry is too large: this is its beginning\"}";

	frame->headers = why;
	frame->headers_length = sizeof(why) - 1;
	if (frame->body_length > KEPT_OF_LARGE)
		frame->body_length = KEPT_OF_LARGE;
}

/*
 * append_frame appends a frame.
 */
static bool
append_frame(ByteBuffer *buffer, const Frame *frame)
{
	size_t size = frame_size(frame);

	if (!reserve(buffer, size))
		return false;
	frame_encode(frame, buffer->bytes + buffer->length);
	buffer->length += size;
	return true;
}

/*
 * entry_append_frame appends an entry as a frame.
 */
bool
entry_append_frame(ByteBuffer *buffer, const char *stream, StreamId id, const EntryText *texts,
				   size_t count)
{
	EntryText body = find(texts, count, "body");
	EntryText protocol = find(texts, count, "protocol");
	EntryText headers = find(texts, count, "headers");
	ByteBuffer own_body = {NULL, 0, 0};
	ByteBuffer own_headers = {NULL, 0, 0};
	EntryText name = {stream, strlen(stream)};
	Frame frame = {.received_at = received_time(find(texts, count, "received_at"), id)};
	bool done = true;

	if (body.bytes == NULL)
	{
		done = append_fields(&own_body, texts, count);
		body = (EntryText){(const char *) own_body.bytes, own_body.length};
	}
	if (headers.bytes == NULL && done)
	{
		done = append(&own_headers, "{\":source\":", 11) && append_json(&own_headers, name) &&
			   append(&own_headers, "}", 1);
		headers = (EntryText){(const char *) own_headers.bytes, own_headers.length};
	}
	if (protocol.bytes == NULL || protocol.length > 255)
		protocol = (EntryText){"generic", 7};
	frame.protocol = protocol.bytes;
	frame.protocol_length = (uint8_t) protocol.length;
	frame.headers = headers.bytes;
	frame.headers_length = (uint32_t) headers.length;
	frame.body = (const unsigned char *) body.bytes;
	frame.body_length = body.length;
	if (frame_size(&frame) == 0)
		cut(&frame);
	done = done && append_frame(buffer, &frame);
	free(own_body.bytes);
	free(own_headers.bytes);
	return done;
}
