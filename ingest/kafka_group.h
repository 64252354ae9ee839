/*
 * kafka_group.h
 *		A member of a Kafka consumer group, with a loader for each partition that is assigned to it.
 *
 * When a partition is taken away, its loader waits for the batches that are on their way, or gives
 * up after some seconds; what becomes of them the next loader learns from the database, whose fence
 * this one can't pass any more.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_KAFKA_GROUP_H
#define INGEST_KAFKA_GROUP_H

#include <stdbool.h>

#include "loader.h"
#include "options.h"

typedef struct KafkaGroup KafkaGroup;

/*
 * Join the group.  The settings' texts have to stay.  NULL, with a log line that says what to mend,
 * if a setting is not valid.
 */
extern KafkaGroup *kafka_group_start(const Options *options, const LoaderSettings *settings);

/* Ask it to leave the group and end. */
extern void kafka_group_stop(KafkaGroup *group);
extern bool kafka_group_has_ended(KafkaGroup *group);

/* Wait until it has ended, and free it. */
extern LoaderEnd kafka_group_finish(KafkaGroup *group);

#endif /* INGEST_KAFKA_GROUP_H */
