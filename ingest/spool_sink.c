/*
 * spool_sink.c
 *		Requests are kept in a spool.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "sink.h"
#include "spool_write.h"

typedef struct SpoolSink
{
	Sink sink;
	SpoolWriter *writer;
	uint64_t max_bytes;
} SpoolSink;

/*
 * append appends to the spool.
 */
static void
append(Sink *base, struct iovec *frames, size_t count, size_t length, SinkStatus *outcomes)
{
	SpoolSink *spool = (SpoolSink *) base;
	SpoolStatus status = spool_append(spool->writer, frames, count, length);

	if (status != SPOOL_OK)
		snprintf(base->error, sizeof(base->error), "%s", spool_writer_error(spool->writer));
	for (size_t i = 0; i < count; i++)
		outcomes[i] = status == SPOOL_OK     ? SINK_KEPT
					  : status == SPOOL_FULL ? SINK_FULL
											 : SINK_FAILED;
}

/*
 * has_room returns whether the spool has room.
 */
static bool
has_room(Sink *base)
{
	return spool_has_room(((SpoolSink *) base)->writer);
}

/*
 * gauges shows how large the spool is.
 */
static void
gauges(Sink *base, MetricsGauges *gauges)
{
	SpoolSink *spool = (SpoolSink *) base;

	gauges->has_spool = true;
	gauges->spool_bytes = spool_bytes(spool->writer);
	gauges->spool_max_bytes = spool->max_bytes;
	gauges->spool_age = spool_age(spool->writer);
	gauges->spool_position = spool_durable(spool->writer);
}

/*
 * close_spool closes it.
 */
static void
close_spool(Sink *base)
{
	SpoolSink *spool = (SpoolSink *) base;

	log_info("stopped at position %" PRIu64, spool_durable(spool->writer));
	spool_writer_close(spool->writer);
	free(spool);
}

static const SinkKind kind = {
	.append = append,
	.has_room = has_room,
	.gauges = gauges,
	.close = close_spool,
};

/*
 * check_settings looks at the settings that are the spool's alone.
 */
static bool
check_settings(const Options *options)
{
	if (*options->name != '\0' && strlen(options->spool) <= SPOOL_PATH_SIZE / 2)
		return true;
	log_error("the settings name and spool must neither be empty nor longer than %d bytes",
			  SPOOL_PATH_SIZE / 2);
	return false;
}

/*
 * spool_sink_open opens a spool to write to.
 */
Sink *
spool_sink_open(const Options *options)
{
	SpoolSettings settings = {.directory = options->spool,
							  .name = options->name,
							  .segment_bytes = (uint64_t) options->spool_segment_bytes,
							  .max_bytes = (uint64_t) options->spool_max_bytes,
							  .min_free = (uint64_t) options->spool_min_free,
							  .origin = spool_new_origin()};
	SpoolSink *spool;
	char error[SPOOL_ERROR_SIZE] = "out of memory";

	if (!check_settings(options))
		return NULL;
	spool = calloc(1, sizeof(SpoolSink));
	if (spool == NULL || (spool->writer = spool_writer_open(&settings, error)) == NULL)
	{
		log_error("%s", error);
		free(spool);
		return NULL;
	}
	spool->sink.kind = &kind;
	spool->max_bytes = settings.max_bytes;
	log_info("the spool \"%s\" is open at position %" PRIu64 ", with %" PRIu64
			 " bytes that are not deleted",
			 options->spool, spool_durable(spool->writer), spool_bytes(spool->writer));
	return &spool->sink;
}
