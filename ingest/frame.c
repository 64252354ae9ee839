/*
 * frame.c
 *		Writing and reading frames.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "crc32c.h"
#include "frame.h"

#define VERSION 1

/*
 * frame_size returns the number of bytes of the encoded frame, or 0 for too many.
 */
size_t
frame_size(const Frame *frame)
{
	size_t payload = FRAME_FIXED + (size_t) frame->protocol_length + frame->headers_length;

	if (frame->body_length > FRAME_MAX_PAYLOAD || payload > FRAME_MAX_PAYLOAD - frame->body_length)
		return 0;
	return FRAME_PREFIX + payload + frame->body_length;
}

/*
 * put copies bytes and returns where they end.
 */
static unsigned char *
put(unsigned char *to, const void *from, size_t length)
{
	if (length > 0)
		memcpy(to, from, length);
	return to + length;
}

/*
 * frame_encode writes a frame.
 */
void
frame_encode(const Frame *frame, unsigned char *bytes)
{
	unsigned char *payload = bytes + FRAME_PREFIX;
	unsigned char *end = payload;
	uint32_t length;

	*end++ = VERSION;
	store_u64(end, (uint64_t) frame->received_at);
	end += 8;
	*end++ = frame->protocol_length;
	end = put(end, frame->protocol, frame->protocol_length);
	store_u32(end, frame->headers_length);
	end = put(end + 4, frame->headers, frame->headers_length);
	end = put(end, frame->body, frame->body_length);
	length = (uint32_t) (end - payload);
	store_u32(bytes, length);
	store_u32(bytes + 4, crc32c(payload, length));
}

/*
 * decode_payload reads a payload, whose checksum need not be right.
 */
static bool
decode_payload(const unsigned char *bytes, size_t length, Frame *frame)
{
	size_t rest = length - FRAME_FIXED;

	if (bytes[0] != VERSION)
		return false;
	frame->received_at = (int64_t) load_u64(bytes + 1);
	frame->protocol_length = bytes[9];
	frame->protocol = (const char *) bytes + 10;
	if (frame->protocol_length > rest)
		return false;
	rest -= frame->protocol_length;
	bytes += 10 + frame->protocol_length;
	frame->headers_length = load_u32(bytes);
	frame->headers = (const char *) bytes + 4;
	if (frame->headers_length > rest)
		return false;
	frame->body = bytes + 4 + frame->headers_length;
	frame->body_length = rest - frame->headers_length;
	return true;
}

/*
 * frame_decode reads a frame.
 */
FrameState
frame_decode(const unsigned char *bytes, size_t length, Frame *frame, size_t *size)
{
	uint32_t payload;

	*size = FRAME_PREFIX;
	if (length < FRAME_PREFIX)
		return FRAME_PARTIAL;
	payload = load_u32(bytes);
	if (payload < FRAME_FIXED || payload > FRAME_MAX_PAYLOAD)
		return FRAME_DAMAGED;
	*size += payload;
	if (length < *size)
		return FRAME_PARTIAL;
	/* what can be told without reading all of it comes first: damaged bytes are searched for frames */
	if (!decode_payload(bytes + FRAME_PREFIX, payload, frame) ||
		crc32c(bytes + FRAME_PREFIX, payload) != load_u32(bytes + 4))
		return FRAME_DAMAGED;
	return FRAME_WHOLE;
}
