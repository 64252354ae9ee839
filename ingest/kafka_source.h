/*
 * kafka_source.h
 *		A partition of a Kafka topic, as a source of requests.
 *
 * Where to begin is what the database says.  A partition is assigned to the program only when it is
 * known, so that the first message that the broker sends is the right one; afterwards, and where it
 * could not be known in time, the source seeks.  What the broker knows of positions, by commits to
 * the consumer group, is a hint for those who watch the group's lag.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_KAFKA_SOURCE_H
#define INGEST_KAFKA_SOURCE_H

#include <librdkafka/rdkafka.h>

#include "format.h"
#include "load_source.h"

typedef struct KafkaSettings
{
	const char *name;     /* the source's in the database */
	const char *protocol; /* of all messages, or auto */
	FormatSettings format;
} KafkaSettings;

/*
 * A source that is not assigned yet.  NULL, with the reason in FORMAT_ERROR_SIZE bytes of error, if
 * the format's settings are not valid.
 */
extern LoadSource *kafka_source_create(rd_kafka_t *kafka, const char *topic, int32_t partition,
									   const KafkaSettings *settings, char *error);

/*
 * Where to assign the partition: false if that is not known yet.  *offset is below 0 if it can't be
 * known now: the partition is to be assigned at its end, and paused.
 */
extern bool kafka_source_wanted(LoadSource *source, int64_t *offset);

/* The partition was assigned, at an offset that was wanted, or paused if that is below 0. */
extern void kafka_source_assigned(LoadSource *source, int64_t offset);

/* The partition is about to be taken away: nothing is to be waited for. */
extern void kafka_source_cancel(LoadSource *source);

#endif /* INGEST_KAFKA_SOURCE_H */
