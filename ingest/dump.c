/*
 * dump.c
 *		A spool as lines of JSON.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "frame.h"
#include "log.h"
#include "spool_read.h"
#include "text.h"

#include "dump.h"

#define BATCH_BYTES ((size_t) 1024 * 1024)

/*
 * is_text returns whether a body is UTF-8, without zero bytes.
 */
static bool
is_text(const unsigned char *bytes, size_t length)
{
	size_t n;

	for (; length > 0; bytes += n, length -= n)
	{
		n = utf8_length(bytes, length);
		if (n == 0 || *bytes == '\0')
			return false;
	}
	return true;
}

/*
 * put_body adds the body, as text or in hexadecimal.
 */
static void
put_body(Text *line, const Frame *frame)
{
	if (is_text(frame->body, frame->body_length))
	{
		text_put(line, ", \"body\": ");
		text_put_json(line, (const char *) frame->body, frame->body_length);
		return;
	}
	text_put(line, ", \"body_hex\": \"");
	for (size_t i = 0; i < frame->body_length; i++)
		text_printf(line, "%02x", frame->body[i]);
	text_put(line, "\"");
}

/*
 * write_frame writes a request.
 */
static bool
write_frame(uint64_t position, const Frame *frame)
{
	Text line = {0};
	bool done;

	text_printf(&line, "{\"position\": %" PRIu64 ", \"received_at\": %" PRId64 ", \"protocol\": ",
				position, frame->received_at);
	text_put_json(&line, frame->protocol, frame->protocol_length);
	text_put(&line, ", \"headers\": ");
	text_add(&line, frame->headers, frame->headers_length);
	put_body(&line, frame);
	text_put(&line, "}");
	done = !line.failed && puts(line.data) >= 0;
	text_free(&line);
	return done;
}

/*
 * write_batch writes all requests of a batch.
 */
static bool
write_batch(const SpoolBatch *batch)
{
	/* what was left out lies before the frames, or there is no frame */
	uint64_t position = batch->next - batch->length;
	size_t size;
	Frame frame;

	for (size_t at = 0; at < batch->length; at += size)
		if (frame_decode(batch->bytes + at, batch->length - at, &frame, &size) != FRAME_WHOLE ||
			!write_frame(position + at, &frame))
			return false;
	return true;
}

/*
 * dump_run writes a spool.
 */
int
dump_run(const Options *options)
{
	char error[SPOOL_ERROR_SIZE];
	uint64_t oldest = spool_oldest(options->spool, error);
	SpoolReader *reader =
		oldest == SPOOL_UNKNOWN_END ? NULL : spool_reader_open(options->spool, oldest, error);
	SpoolBatch batch;
	int result = 0;

	if (reader == NULL)
	{
		log_error("%s", error);
		return EXIT_FAILURE;
	}
	while ((result = spool_reader_next(reader, &batch, BATCH_BYTES)) > 0)
		if (!write_batch(&batch))
		{
			log_error("could not write all requests");
			break;
		}
	if (result < 0)
		log_error("%s", spool_reader_error(reader));
	spool_reader_close(reader);
	return result == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
