/*
 * sink.h
 *		Where a collector keeps requests before it answers them: a spool of its own, a Redis stream or
 *		a Kafka topic.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_SINK_H
#define INGEST_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "metrics.h"
#include "options.h"

#define SINK_ERROR_SIZE 1024

/* What became of a request. */
typedef enum SinkStatus
{
	SINK_FAILED,    /* whether it is kept is not known: it has to be sent again */
	SINK_KEPT,      /* it is kept */
	SINK_FULL,      /* there is no room for it now */
	SINK_TOO_LARGE, /* there will never be room for a request of its size */
} SinkStatus;

typedef struct Sink Sink;

/* What a kind of sink does. */
typedef struct SinkKind
{
	/*
	 * Keep whole frames (frame.h), of length bytes together, and wait until it is known what became
	 * of each.  The outcomes are SINK_FAILED before.  Unless all are SINK_KEPT after, the sink's
	 * error says why.  One thread calls it; it may change the array of frames.
	 */
	void (*append)(Sink *sink, struct iovec *frames, size_t count, size_t length,
				   SinkStatus *outcomes);

	/* By any thread: whether a small request would have room; NULL: only an append tells. */
	bool (*has_room)(Sink *sink);

	/* By any thread: what is to be shown of it; NULL: nothing. */
	void (*gauges)(Sink *sink, MetricsGauges *gauges);

	void (*close)(Sink *sink);
} SinkKind;

/* What all sinks have. */
struct Sink
{
	const SinkKind *kind;
	char error[SINK_ERROR_SIZE];
};

/* The sink that the settings name; NULL, and the reason is logged. */
extern Sink *sink_open(const Options *options);

/* One of each kind.  A broker that can't be reached is no reason to fail: requests are refused. */
extern Sink *spool_sink_open(const Options *options);
extern Sink *redis_sink_open(const Options *options);
extern Sink *kafka_sink_open(const Options *options);

extern void sink_close(Sink *sink);

#endif /* INGEST_SINK_H */
