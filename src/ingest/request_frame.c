/*
 * request_frame.c
 *		Requests as loaders send them: frames, one after the other.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/int.h"
#include "port/pg_crc32c.h"
#include "utils/timestamp.h"

#include "ingest/request_frame.h"

#define FRAME_VERSION 1

/* The bytes of a frame before its payload. */
#define FRAME_HEADER (2 * sizeof(uint32))

/* Microseconds from 1970, the spool's epoch, to 2000, PostgreSQL's. */
#define EPOCH_DISTANCE                                                                             \
	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY * USECS_PER_SEC)

/*
 * little_endian reads an unsigned integer of some bytes.
 */
static uint64
little_endian(const char *bytes, int count)
{
	uint64 number = 0;

	for (int i = count - 1; i >= 0; i--)
		number = number << 8 | (unsigned char) bytes[i];
	return number;
}

/*
 * take takes bytes from the front of others; false if there are not so many.
 */
static bool
take(TextView *rest, Size count, TextView *taken)
{
	if (count > rest->len)
		return false;
	*taken = (TextView){rest->data, (uint32) count};
	rest->data += count;
	rest->len -= (uint32) count;
	return true;
}

/*
 * take_number takes an unsigned integer of some bytes.
 */
static bool
take_number(TextView *rest, int bytes, uint64 *number)
{
	TextView taken;

	if (!take(rest, bytes, &taken))
		return false;
	*number = little_endian(taken.data, bytes);
	return true;
}

/*
 * take_counted takes bytes whose number comes before them.
 */
static bool
take_counted(TextView *rest, int bytes_of_count, TextView *taken)
{
	uint64 count;

	return take_number(rest, bytes_of_count, &count) && take(rest, count, taken);
}

/*
 * report_corrupted reports frames that are not as they were written.
 */
static void
report_corrupted(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED), errmsg("the requests are not whole frames"),
			 errdetail("%s", detail),
			 errhint("Send frames as the documentation of sessionize.ingest describes them.")));
}

/*
 * frame_next takes the next frame.
 */
bool
frame_next(TextView *rest, TextView *payload)
{
	Size length;
	pg_crc32c expected;
	pg_crc32c crc;

	if (rest->len == 0)
		return false;
	if (rest->len < FRAME_HEADER)
		report_corrupted("The last frame is cut off.");
	length = little_endian(rest->data, sizeof(uint32));
	expected = (pg_crc32c) little_endian(rest->data + sizeof(uint32), sizeof(uint32));
	if (rest->len - FRAME_HEADER < length)
		report_corrupted("The last frame is cut off.");
	rest->data += FRAME_HEADER;
	rest->len -= FRAME_HEADER;
	(void) take(rest, length, payload);
	INIT_CRC32C(crc);
	COMP_CRC32C(crc, payload->data, payload->len);
	FIN_CRC32C(crc);
	if (!EQ_CRC32C(crc, expected))
		report_corrupted("The checksum of a frame is wrong.");
	return true;
}

/*
 * fail sets a fault and returns false.
 */
static bool
fail(DecodeFault *fault, int sqlstate, const char *message, const char *detail)
{
	*fault = (DecodeFault){.sqlstate = sqlstate, .message = message, .detail = detail};
	return false;
}

/*
 * is_ascii tells whether a text has ASCII characters only, and no zero byte.
 */
static bool
is_ascii(TextView text)
{
	for (uint32 i = 0; i < text.len; i++)
		if (text.data[i] == '\0' || (text.data[i] & 0x80) != 0)
			return false;
	return true;
}

/*
 * frame_parts finds the parts of a payload.
 */
bool
frame_parts(TextView payload, RawRequest *request, DecodeFault *fault)
{
	uint64 version;
	uint64 received_at;
	TextView headers;

	*request = (RawRequest){.has_received_at = true, .body = payload};
	if (!take_number(&request->body, 1, &version) || version != FRAME_VERSION)
		return fail(fault, ERRCODE_INVALID_BINARY_REPRESENTATION,
					"the request is of an unknown version", NULL);
	if (!take_number(&request->body, 8, &received_at) ||
		!take_counted(&request->body, 1, &request->protocol) ||
		!take_counted(&request->body, 4, &headers))
		return fail(fault, ERRCODE_INVALID_BINARY_REPRESENTATION,
					"the request ends before its parts do", NULL);
	if (!is_ascii(request->protocol))
		return fail(fault, ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
					"the name of the request's protocol is not ASCII", NULL);
	if (pg_sub_s64_overflow((int64) received_at, EPOCH_DISTANCE, &request->received_at) ||
		!IS_VALID_TIMESTAMP(request->received_at))
		return fail(fault, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE,
					"the request's time of receipt is out of range",
					psprintf(INT64_FORMAT " microseconds since 1970.", (int64) received_at));
	request->headers = decode_headers(headers, fault);
	return request->headers != NULL;
}
