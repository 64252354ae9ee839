/*
 * kafka_message.c
 *		Making frames of messages.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "frame.h"
#include "json_check.h"
#include "kafka_message.h"

#define MAX_HEADERS 256

/* A message's headers, and the text of a request's. */
typedef struct Headers
{
	FormatHeader list[MAX_HEADERS];
	size_t count;
	Text json;
} Headers;

/*
 * read_headers reads a message's headers.
 */
static void
read_headers(const rd_kafka_message_t *message, Headers *headers)
{
	rd_kafka_headers_t *all;

	headers->count = 0;
	if (rd_kafka_message_headers(message, &all) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	while (headers->count < MAX_HEADERS &&
		   rd_kafka_header_get_all(all, headers->count, &headers->list[headers->count].name,
								   &headers->list[headers->count].value,
								   &headers->list[headers->count].length) ==
			   RD_KAFKA_RESP_ERR_NO_ERROR)
		headers->count++;
}

/*
 * is_kept tells whether a header is one of a request's: not if it has no text, or a name that is
 * the program's own, or if another of the same name comes later.
 */
static bool
is_kept(const Headers *headers, size_t i)
{
	const FormatHeader *header = &headers->list[i];

	if (header->value == NULL || header->name[0] == ':' || header->name[0] == '\0' ||
		memchr(header->value, '\0', header->length) != NULL)
		return false;
	for (size_t j = i + 1; j < headers->count; j++)
		if (strcasecmp(headers->list[j].name, header->name) == 0)
			return false;
	return true;
}

/*
 * put_member adds a header.
 */
static void
put_member(Text *json, const char *name, const char *value, size_t length)
{
	text_put(json, json->length > 0 ? "," : "{");
	text_put_json(json, name, strlen(name));
	text_put(json, ":");
	text_put_json(json, value, length);
}

/*
 * put_headers adds a message's headers.
 */
static void
put_headers(Headers *headers)
{
	for (size_t i = 0; i < headers->count; i++)
	{
		const FormatHeader *header = &headers->list[i];
		char name[256];
		size_t length = 0;

		if (!is_kept(headers, i))
			continue;
		for (; header->name[length] != '\0' && length < sizeof(name) - 1; length++)
			name[length] = (char) tolower((unsigned char) header->name[length]);
		name[length] = '\0';
		put_member(&headers->json, name, header->value, header->length);
	}
}

/*
 * put_place adds where the message is.
 */
static void
put_place(Text *json, const rd_kafka_message_t *message)
{
	char place[320];

	snprintf(place, sizeof(place), "%.250s/%" PRId32 "/%" PRId64, rd_kafka_topic_name(message->rkt),
			 message->partition, message->offset);
	put_member(json, ":offset", place, strlen(place));
}

/*
 * make_json makes the text of the headers.
 */
static void
make_json(const rd_kafka_message_t *message, Headers *headers, FormatOutcome outcome,
		  const FormatResult *result)
{
	const char *topic = rd_kafka_topic_name(message->rkt);

	put_place(&headers->json, message);
	put_member(&headers->json, ":source", topic, strlen(topic));
	if (outcome == FORMAT_BAD)
		put_member(&headers->json, ":error", result->reason, strlen(result->reason));
	else if (strcmp(result->kind, "json") != 0)
		put_member(&headers->json, ":format", result->kind, strlen(result->kind));
	put_headers(headers);
	text_put(&headers->json, "}");
}

/*
 * is_cloudevent tells whether headers say that a message is a CloudEvent.
 */
static bool
is_cloudevent(const Headers *headers)
{
	static const char type[] = "application/cloudevents";

	for (size_t i = 0; i < headers->count; i++)
	{
		const FormatHeader *header = &headers->list[i];

		if (strncasecmp(header->name, "ce_", 3) == 0)
			return true;
		if (strcasecmp(header->name, "content-type") == 0 && header->length >= sizeof(type) - 1 &&
			strncasecmp(header->value, type, sizeof(type) - 1) == 0)
			return true;
	}
	return false;
}

/*
 * received_at is when a message was received, in microseconds.
 */
static int64_t
received_at(const rd_kafka_message_t *message)
{
	rd_kafka_timestamp_type_t type;
	int64_t milliseconds = rd_kafka_message_timestamp(message, &type);
	struct timespec now;
	int64_t microseconds;

	clock_gettime(CLOCK_REALTIME, &now);
	microseconds = (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
	if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || milliseconds <= 0 ||
		milliseconds > microseconds / 1000)
		return microseconds;
	return milliseconds * 1000;
}

/*
 * add_frame adds a frame to others.
 */
static FormatOutcome
add_frame(const Frame *frame, Text *frames, char *reason)
{
	static const char zeros[4096];
	size_t size = frame_size(frame);
	size_t begin = frames->length;

	if (size == 0)
	{
		snprintf(reason, FORMAT_ERROR_SIZE, "the message is too large for a request");
		return FORMAT_WAIT;
	}
	for (size_t left = size; left > 0 && !frames->failed;)
	{
		size_t part = left < sizeof(zeros) ? left : sizeof(zeros);

		text_add(frames, zeros, part);
		left -= part;
	}
	if (frames->failed)
	{
		snprintf(reason, FORMAT_ERROR_SIZE, "out of memory");
		return FORMAT_WAIT;
	}
	frame_encode(frame, (unsigned char *) frames->data + begin);
	return FORMAT_DONE;
}

/*
 * header_of finds a header's value; NULL if there is none.
 */
static const FormatHeader *
header_of(const Headers *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (strcmp(headers->list[i].name, name) == 0 && headers->list[i].value != NULL)
			return &headers->list[i];
	return NULL;
}

/*
 * put_offset makes the text of a request's headers of those that a collector has sent, an object,
 * and the message's offset.
 */
static bool
put_offset(Headers *headers, const rd_kafka_message_t *message, const FormatHeader *given)
{
	const char *value = given->value;
	size_t at;

	if (given->length < 2 || value[0] != '{')
		return false;
	put_place(&headers->json, message);
	text_put(&headers->json, given->length > 2 ? "," : "");
	text_add(&headers->json, value + 1, given->length - 1);
	if (headers->json.failed ||
		json_check(headers->json.data, headers->json.length, false, NULL, 0, &at) == NULL)
		return true;
	text_free(&headers->json);
	headers->json = (Text){0};
	return false;
}

/*
 * read_collected reads what a collector has sent; false if it was none.
 */
static bool
read_collected(const rd_kafka_message_t *message, Headers *headers, Frame *frame)
{
	const FormatHeader *protocol = header_of(headers, KAFKA_HEADER_PROTOCOL);
	const FormatHeader *given = header_of(headers, KAFKA_HEADER_HEADERS);
	const FormatHeader *time = header_of(headers, KAFKA_HEADER_RECEIVED_AT);

	if (protocol == NULL || protocol->length > UINT8_MAX || given == NULL || time == NULL ||
		!put_offset(headers, message, given))
		return false;
	frame->protocol = protocol->value;
	frame->protocol_length = (uint8_t) protocol->length;
	/* librdkafka ends a header's value with a zero byte */
	frame->received_at = strtoll(time->value, NULL, 10);
	return true;
}

/*
 * collected_frame makes a frame of a message that a collector is to have sent.
 */
static FormatOutcome
collected_frame(const rd_kafka_message_t *message, Headers *headers, Text *frames, char *reason)
{
	static const char stranger[] =
		",\":error\":\"the message lacks headers that a collector sets\"}";
	Frame frame = {.received_at = received_at(message),
				   .protocol = "generic",
				   .protocol_length = 7,
				   .body = message->payload,
				   .body_length = message->len};
	FormatOutcome outcome;

	if (!read_collected(message, headers, &frame))
	{
		put_place(&headers->json, message);
		text_put(&headers->json, stranger);
	}
	frame.headers = headers->json.data;
	frame.headers_length = (uint32_t) headers->json.length;
	outcome = headers->json.failed ? FORMAT_WAIT : add_frame(&frame, frames, reason);
	text_free(&headers->json);
	return outcome;
}

/*
 * kafka_message_frame makes a frame of a message.
 */
FormatOutcome
kafka_message_frame(const rd_kafka_message_t *message, const char *protocol, Format *format,
					Text *frames, char *reason)
{
	Headers headers = {.count = 0};
	FormatResult result;
	FormatOutcome outcome;
	FormatMessage input = {
		.bytes = message->payload, .length = message->len, .headers = headers.list};
	Frame frame = {.received_at = received_at(message)};

	read_headers(message, &headers);
	if (strcmp(protocol, KAFKA_COLLECTOR) == 0)
		return collected_frame(message, &headers, frames, reason);
	input.header_count = headers.count;
	outcome = format_decode(format, &input, &result);
	if (outcome == FORMAT_WAIT)
	{
		snprintf(reason, FORMAT_ERROR_SIZE, "%s", result.reason);
		return FORMAT_WAIT;
	}
	make_json(message, &headers, outcome, &result);
	if (strcmp(protocol, "auto") == 0)
		protocol = is_cloudevent(&headers) ? "cloudevents" : "generic";
	frame.protocol = protocol;
	frame.protocol_length = (uint8_t) strlen(protocol);
	frame.headers = headers.json.data;
	frame.headers_length = (uint32_t) headers.json.length;
	frame.body = outcome == FORMAT_BAD ? message->payload : (const unsigned char *) result.body;
	frame.body_length = outcome == FORMAT_BAD ? message->len : result.length;
	outcome = headers.json.failed ? FORMAT_WAIT : add_frame(&frame, frames, reason);
	text_free(&headers.json);
	return outcome;
}
