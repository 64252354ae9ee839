/*
 * request_frame.h
 *		Requests as loaders send them: frames, one after the other.
 *
 * A frame is the length of its payload (4 bytes, little-endian), the payload's CRC-32C (4 bytes),
 * and the payload: the version (1 byte, 1), when the request was received (8 bytes, microseconds
 * since 1970 in UTC), the protocol (1 byte of length, then the name), the headers (4 bytes of
 * length, then a JSON object), and the body, which is the rest.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REQUEST_FRAME_H
#define SESSIONIZE_REQUEST_FRAME_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "decode/decode.h"
#include "utils/text_view.h"

/*
 * Take the next frame from the bytes at *rest, and set *payload.  Returns false if no bytes are
 * left; an error for a frame that is cut off or whose checksum is wrong.
 */
extern bool frame_next(TextView *rest, TextView *payload);

/*
 * Find the parts of a payload, of which only the headers are copied.  Returns false, and why, if
 * they can't be told apart.
 */
extern bool frame_parts(TextView payload, RawRequest *request, DecodeFault *fault);

#endif /* SESSIONIZE_REQUEST_FRAME_H */
