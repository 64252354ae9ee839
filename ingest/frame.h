/*
 * frame.h
 *		A request as bytes, in a segment of the spool and in the argument of sessionize.ingest()
 *		alike.
 *
 * Integers are little-endian:
 *
 *		u32 length of the payload
 *		u32 CRC-32C of the payload
 *		payload: u8 version (1), i64 received at (microseconds since 1970-01-01 UTC),
 *				 u8 length and text of the protocol, u32 length and JSON text of the headers, the body
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_FRAME_H
#define INGEST_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_PREFIX      8  /* length and checksum */
#define FRAME_FIXED       14 /* bytes of a payload that has no text in it */
#define FRAME_MAX_PAYLOAD (UINT32_C(256) * 1024 * 1024) /* a longer one is damaged */

typedef struct Frame
{
	int64_t received_at;
	const char *protocol;
	uint8_t protocol_length;
	const char *headers;
	uint32_t headers_length;
	const unsigned char *body;
	size_t body_length;
} Frame;

typedef enum FrameState
{
	FRAME_WHOLE,
	FRAME_PARTIAL, /* more bytes are needed to tell */
	FRAME_DAMAGED
} FrameState;

/* The number of bytes that frame_encode() writes; 0 if that would be more than a frame may have. */
extern size_t frame_size(const Frame *frame);

/* Write the frame to bytes, where frame_size() bytes are free. */
extern void frame_encode(const Frame *frame, unsigned char *bytes);

/*
 * Read a frame at the beginning of the bytes.  If it is whole, *size is its number of bytes and
 * *frame points into them.  If it is partial, *size is how many bytes it has in all, as far as that
 * is known: at least FRAME_PREFIX.
 */
extern FrameState
frame_decode(const unsigned char *bytes, size_t length, Frame *frame, size_t *size);

#endif /* INGEST_FRAME_H */
