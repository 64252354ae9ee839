/*
 * feed_spool.c
 *		Appends requests to a spool, for tests of the loader and for measurements.
 *
 *		feed_spool DIRECTORY NAME FIRST COUNT [PER_SYNC [BAD]]
 *
 * Request number n is the event "eN"; every BAD-th one can't be decoded.  After each append that is
 * on disk the number of the last request is written to the standard output, so that whoever kills
 * the program knows what was accepted.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "spool_write.h"

#define MAX_PER_SYNC 4096
#define MAX_FRAME    2048

/* The requests of one append. */
typedef struct Feed
{
	SpoolWriter *writer;
	long bad;
	struct iovec frames[MAX_PER_SYNC];
	unsigned char bytes[MAX_PER_SYNC][MAX_FRAME];
} Feed;

/*
 * make_request makes request number n, and returns its length.
 */
static size_t
make_request(Feed *feed, long n, unsigned char *bytes)
{
	static const char headers[] = "{\":source\":\"feed\",\"user-agent\":\"feed/1.0\"}";
	char body[1024];
	Frame frame = {.received_at = spool_clock(), .protocol = "generic", .protocol_length = 7};

	snprintf(
		body, sizeof(body),
		"{\"event_id\":\"e%ld\",\"event_name\":\"page_view\",\"anonymous_id\":\"a%ld\","
		"\"occurred_at\":\"2026-12-01T10:%02ld:%02ldZ\",\"properties\":{\"page\":\"/p/%ld\","
		"\"title\":\"A page of the shop\",\"url\":\"https://shop.example/p/%ld?ref=mail\"},"
		"\"context\":{\"locale\":\"en-US\",\"library\":{\"name\":\"feed\",\"version\":\"1\"}}%s",
		n, n % 5000, n / 60 % 60, n % 60, n % 100, n % 100,
		feed->bad > 0 && n % feed->bad == 0 ? "" : "}");
	frame.headers = headers;
	frame.headers_length = sizeof(headers) - 1;
	frame.body = (const unsigned char *) body;
	frame.body_length = strlen(body);
	frame_encode(&frame, bytes);
	return frame_size(&frame);
}

/*
 * append appends requests first to before end; false if they are not on disk.
 */
static bool
append(Feed *feed, long first, long end)
{
	size_t length = 0;

	for (long n = first; n < end; n++)
	{
		unsigned char *bytes = feed->bytes[n - first];

		feed->frames[n - first] = (struct iovec){bytes, make_request(feed, n, bytes)};
		length += feed->frames[n - first].iov_len;
	}
	return spool_append(feed->writer, feed->frames, (size_t) (end - first), length) == SPOOL_OK;
}

int
main(int argc, char **argv)
{
	static Feed feed;
	char error[SPOOL_ERROR_SIZE];
	SpoolSettings settings = {.segment_bytes = 1 << 20, .max_bytes = UINT64_C(1) << 40};
	long first;
	long end;
	long per_sync;

	if (argc < 5)
	{
		fprintf(stderr, "usage: feed_spool DIRECTORY NAME FIRST COUNT [PER_SYNC [BAD]]\n");
		return 2;
	}
	settings.origin = spool_new_origin();
	settings.directory = argv[1];
	settings.name = argv[2];
	first = atol(argv[3]);
	end = first + atol(argv[4]);
	per_sync = argc > 5 ? atol(argv[5]) : 1;
	feed.bad = argc > 6 ? atol(argv[6]) : 0;
	if (per_sync < 1 || per_sync > MAX_PER_SYNC)
		return 2;
	feed.writer = spool_writer_open(&settings, error);
	if (feed.writer == NULL)
	{
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	for (long n = first; n < end; n += per_sync)
	{
		long to = n + per_sync < end ? n + per_sync : end;

		if (!append(&feed, n, to))
		{
			fprintf(stderr, "%s\n", spool_writer_error(feed.writer));
			return 1;
		}
		printf("%ld\n", to - 1);
		fflush(stdout);
	}
	spool_writer_close(feed.writer);
	return 0;
}
